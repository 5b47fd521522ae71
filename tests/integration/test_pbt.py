"""A population on real workers: killed in the middle, it goes on with its lineage."""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.engine import fold
from raysearch.engine.lineage import lineage, schedule_of
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus
from tests.integration.processes import epochs, kill, wait_for

pytestmark = pytest.mark.timeout(240)  # two sessions with real workers, which import torch

EXPERIMENT = """\
seed: 1
data: digits
model: mlp
space:
  width: {int: [8, 32]}
  depth: 1
  learning_rate: {float: [1.0e-5, 1.0e-1], log: true}
  data.batch_size: {choice: [128, 256], ordered: true}
objective: val/accuracy
searcher: random
scheduler: {name: pbt, population: 6, interval: 3, quantile: 0.34}
fidelity: {max_epochs: 12}
budget: {trials: 6}
parallel: 2
"""


def test_a_population_that_is_killed_goes_on_with_its_lineage(tmp_path, ray_address):
    (tmp_path / "search.yaml").write_text(EXPERIMENT)
    run = tmp_path / "run"
    command = [sys.executable, "-m", "raysearch"]
    process = subprocess.Popen(
        [*command, "run", "search.yaml", "--run-dir", "run", "--address", ray_address],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: _n_exploited(run) >= 2, timeout_s=120, process=process)
    finally:
        kill(process.pid)
        process.communicate()
    before = lineage(fold(RunDir(run).events()).trials)
    assert epochs(run) < 6 * 12

    subprocess.run(
        [*command, "resume", "run", "--address", ray_address],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    events = list(RunDir(run).events())
    state = fold(events)
    assert state.status is SearchStatus.FINISHED
    after = lineage(state.trials)
    assert len(after) > len(before) >= 2
    assert all(copied in after for copied in before)
    assert all(trial.epochs == 12 for trial in state.trials.values())
    measured = [(e.trial, e.epoch) for e in events if isinstance(e, ev.Measured)]
    assert len(set(measured)) == len(measured)

    results = Results.open(run)
    winner = results.winner
    best = winner.best(results.objective).epoch
    stretches = schedule_of(state.trials, winner.id, epoch=best)
    assert stretches[0].first == 1
    assert stretches[-1].last == best
    assert results.test_outcome.values["test/accuracy"] > 0.5
    files = {c.path for trial in state.trials.values() for c in trial.checkpoints}
    there = {file.relative_to(run).as_posix() for file in run.glob("trials/*/*.ckpt")}
    assert there == files


def _n_exploited(run):
    if not RunDir(run).has_search():
        return 0
    return sum(isinstance(event, ev.Exploited) for event in RunDir(run).events())
