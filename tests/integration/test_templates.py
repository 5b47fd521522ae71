"""What trains on this machine is a fork of a template, and nothing is lost without one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus, TrialStatus
from tests.integration.conftest import ROOT
from tests.integration.processes import epochs, is_there, kill, parent_of, wait_for

pytestmark = [
    pytest.mark.timeout(180),  # a Ray of its own, whose workers import torch
    pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone"),
]

OVERRIDES = (
    "scheduler=none", "budget.trials=4", "checkpoint.every=1", "refit=false", "parallel=2",
)  # fmt: skip

SLOW = """
import time
from tests.nets import Net as Base
class Net(Base):
    def training_step(self, batch, index):
        time.sleep(60)
        return super().training_step(batch, index)
"""


def start(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "raysearch", *map(str, words)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def workers(run):
    started = [e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted)]
    return [int(event.worker.rpartition(":")[2]) for event in started]


def test_when_the_template_is_killed_workers_train_themselves_and_no_trial_is_lost(
    small, tmp_path, hold
):
    run = tmp_path / "run"
    words = ("fidelity.max_epochs=8", *hold.words(), *OVERRIDES)
    process = start(tmp_path, "run", small, "--run-dir", run, *words)
    wait_for(lambda: epochs(run) == 2 * hold.epochs, timeout_s=120, process=process)
    forks = workers(run)
    template = parent_of(forks[0])
    assert [parent_of(fork) for fork in forks] == [template] * 2
    kill(template)  # and with it all that trains
    wait_for(lambda: not any(map(is_there, forks)), timeout_s=30, process=process)
    hold.let_go()
    out, _ = process.communicate(timeout=150)
    assert process.returncode == 0, out
    results = Results.open(run)
    assert results.status is SearchStatus.FINISHED
    trials = list(results.state.trials.values())
    assert [t.status for t in trials] == [TrialStatus.COMPLETED] * 4
    assert [m.epoch for t in trials for m in t.measurements] == [*range(1, 9)] * 4
    assert dict(results.state.losses) == {"0000": 1, "0001": 1}
    assert [t.attempts for t in trials] == [2, 2, 1, 1]
    assert "Nothing could be forked any more" in out


def test_a_search_that_is_interrupted_while_its_model_is_tried_has_never_begun(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "slow.yaml").write_text(
        "model: slow:Net\ndata: tests.nets:Data\nspace: {width: {int: [4, 8]}}\n"
        "objective: {metric: val/loss, direction: minimize}\nfidelity: {max_epochs: 2}\n"
        "budget: {trials: 2}\n"
    )
    process = start(tmp_path, "run", "slow.yaml", "--run-dir", "run")
    lines = iter(process.stdout.readline, "")
    assert any("trying the model and the data" in line for line in lines)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=12)  # Ray has started, and the workers are ready
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert "Interrupted before anything was started" in out
    assert not (tmp_path / "run").exists()
