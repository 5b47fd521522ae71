"""Trials pause on real workers and go on as if they never had, whoever is killed meanwhile."""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.engine import fold
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus, TrialStatus
from tests.integration.processes import kill, wait_for

pytestmark = pytest.mark.timeout(240)  # real workers, which import torch for each search

EXPERIMENT = """\
seed: 3
data: digits
model: mlp
space:
  width: {int: [8, 64], default: 64}
  depth: {int: [1, 2]}
  learning_rate: {float: [1.0e-5, 1.0e-1], log: true}
  data.batch_size: {choice: [64, 128], default: 128}
objective: val/accuracy
searcher: random
fidelity: {max_epochs: 9}
budget: {trials: 10}
parallel: 2
refit: false
"""

POLICY = "scheduler={name: successive_halving, n_trials: 10}"
"""Whoever is first, two at least of the three that go on have paused; test_methods has the others.
"""


def events_of(run):
    return list(RunDir(run).events())


def paused(run):
    """Return the trials that wait for the others' results."""
    return fold(events_of(run)).paused if RunDir(run).has_search() else {}


def curves(run):
    """Return what each trial measured, by its configuration."""
    state = fold(events_of(run))
    return {
        trial: (dict(known.configuration), [dict(m.values) for m in known.measurements])
        for trial, known in state.trials.items()
    }


@pytest.fixture(scope="module")
def unpaused(tmp_path_factory, ray_address):
    """The same trials, each trained to its end."""
    folder = tmp_path_factory.mktemp("unpaused")
    (folder / "search.yaml").write_text(EXPERIMENT)
    command = [sys.executable, "-m", "raysearch", "run", "search.yaml", "scheduler=none"]
    subprocess.run(
        [*command, "--run-dir", "run", "--address", ray_address],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return curves(folder / "run")


def assert_as_unpaused(run, unpaused):
    """Every epoch was measured once, with the values that it has without a pause, bit for bit."""
    events, found = events_of(run), curves(run)
    assert found.keys() == unpaused.keys()
    for trial, (configuration, values) in found.items():
        assert configuration == unpaused[trial][0]
        assert values == unpaused[trial][1][: len(values)]
    measured = [(e.trial, e.epoch) for e in events if isinstance(e, ev.Measured)]
    assert len(set(measured)) == len(measured)


def test_paused_trials_go_on_as_if_nothing_had_been(raysearch, ray_address, tmp_path, unpaused):
    (tmp_path / "search.yaml").write_text(EXPERIMENT)
    run = tmp_path / "run"
    outcome = raysearch(
        "run", "search.yaml", POLICY, "--run-dir", run, "--address", ray_address, "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    assert_as_unpaused(run, unpaused)
    events = events_of(run)
    pauses = {(e.trial, e.epoch) for e in events if isinstance(e, ev.Decided) and e.kind == "pause"}
    again = [e for e in events if isinstance(e, ev.AttemptStarted) and e.attempt > 1]
    assert again
    assert {(e.trial, e.from_epoch) for e in again} <= pauses  # from where they paused
    state = fold(events)
    assert {t.status for t in state.live.values()} <= {TrialStatus.PAUSED}
    assert state.epochs < 10 * 9
    assert state.restarts == 0
    reasons = [trial["reason"] for trial in outcome.document["trials"]]
    assert any("rung 1: rank" in reason for reason in reasons)
    detail = raysearch("trial", run, again[0].trial)
    assert "pause: " in detail.out
    assert "promoted from" in detail.out


def test_paused_trials_survive_the_death_of_the_driver(tmp_path, ray_address, raysearch, unpaused):
    (tmp_path / "search.yaml").write_text(EXPERIMENT)
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "run", "search.yaml", POLICY, "--run-dir", run,
         "--address", ray_address],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: paused(run), timeout_s=120, process=process)
    finally:
        kill(process.pid)
        process.wait()
    state = fold(events_of(run))
    assert state.status is SearchStatus.RUNNING
    assert state.paused
    kept = {trial: known.checkpoints[-1] for trial, known in state.paused.items()}
    assert all((run / checkpoint.path).is_file() for checkpoint in kept.values())
    assert raysearch("resume", run, "--address", ray_address).status == 0
    assert_as_unpaused(run, unpaused)
    state = fold(events_of(run))
    assert state.status is SearchStatus.FINISHED
    statuses = {trial.status for trial in state.trials.values()}
    assert statuses == {TrialStatus.COMPLETED, TrialStatus.STOPPED}
