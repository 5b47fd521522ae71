"""What goes wrong is recorded, and the search goes on or can be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from raysearch.engine import fold
from raysearch.errors import SearchAborted
from raysearch.experiment import load
from raysearch.results import Results, failures_by_cause
from raysearch.run_dir import Lease, RunDir
from raysearch.run_dir import events as ev
from raysearch.search import Search
from raysearch.trial import SearchStatus, TrialStatus
from tests.integration.processes import epochs, wait_for

pytestmark = pytest.mark.timeout(180)  # real processes, which import torch


def search_with(model, small, tmp_path, *, address, overrides=()):
    """Return a search whose only family is a user's class."""
    space = "space={width: {int: [16, 32], default: 32}}"
    experiment = load(small, overrides=["model=mlp", space, "scheduler=none", *overrides])
    choice = replace(experiment.models[0], class_path=f"tests.integration.failing:{model}")
    experiment = replace(experiment, models=(choice,))
    return Search.from_experiment(experiment, run_dir=tmp_path / "run", address=address)


def test_a_trial_that_raises_is_recorded_with_the_users_line(small, tmp_path, ray_address):
    search = search_with("RaisesWhenWide", small, tmp_path, address=ray_address)
    results = search.run()
    trials = list(results.state.trials.values())
    failed = [t for t in trials if t.status is TrialStatus.FAILED]
    assert {t.configuration["width"] > 24 for t in failed} == {True}
    assert results.status is SearchStatus.FINISHED
    assert len(trials) == 5
    for trial in failed:
        assert trial.cause == "exception"
        assert "ValueError: too wide for this machine" in trial.error
        assert "failing.py, line 16, in training_step" in trial.error
        assert trial.epochs == 1
        assert trial.attempts == 1
        text = (tmp_path / "run" / "trials" / trial.id / "error.txt").read_text()
        assert "Traceback" in text


def test_a_trial_that_raises_is_tried_again_in_a_new_process_where_asked(
    small, tmp_path, ray_address
):
    overrides = ["failures.retry_exceptions=true", "budget.trials=2", "checkpoint.every=1"]
    search = search_with(
        "RaisesInItsFirstProcess", small, tmp_path, address=ray_address, overrides=overrides
    )
    results = search.run()
    assert [t.status for t in results.state.trials.values()] == [TrialStatus.COMPLETED] * 2
    assert failures_by_cause(results) == {}
    events = list(RunDir(tmp_path / "run").events())
    for trial in results.state.trials.values():
        first, second = [
            e for e in events if isinstance(e, ev.AttemptStarted) and e.trial == trial.id
        ]
        failed = [e for e in events if isinstance(e, ev.AttemptEnded) and e.trial == trial.id]
        assert [(e.attempt, e.cause) for e in failed] == [(1, "exception")]
        assert f"not in process {first.worker.rpartition(':')[2]}" in failed[0].error
        assert (second.attempt, second.from_epoch) == (2, 2)
        assert first.worker != second.worker
        assert [m.epoch for m in trial.measurements] == [1, 2, 3, 4]


def test_a_trial_that_hangs_is_ended_and_disturbs_no_other(small, tmp_path, ray_address):
    overrides = [
        "failures.timeout_s=5",
        "budget.trials=3",
        "space={width: {int: [16, 32], default: 16}}",
        "points=[{width: 32}, {width: 24}]",
    ]
    search = search_with("HangsWhenWide", small, tmp_path, address=ray_address, overrides=overrides)
    results = search.run()
    trials = list(results.state.trials.values())
    hung = [t for t in trials if t.configuration["width"] > 24]
    assert results.status is SearchStatus.FINISHED
    assert ([t.id for t in hung], len(trials)) == (["0001"], 3)
    for trial in trials:
        assert (trial.attempts, results.state.losses.get(trial.id, 0)) == (1, 0)
        status = TrialStatus.FAILED if trial in hung else TrialStatus.COMPLETED
        assert trial.status is status
    for trial in hung:
        assert (trial.cause, trial.epochs) == ("timeout", 1)
        assert "nothing was reported for 5 s since epoch 1," in trial.error
        assert "failing.py, line 35, in training_step" in trial.error
        text = (tmp_path / "run" / "trials" / trial.id / "error.txt").read_text()
        assert "threading.Event().wait()" in text
    assert failures_by_cause(results) == {"timeout": hung}


def test_a_metric_that_is_never_logged_stops_the_search_at_once(small, tmp_path, ray_address):
    search = search_with("LogsElsewhere", small, tmp_path, address=ray_address)
    with pytest.raises(SearchAborted, match=r'without reporting "val/accuracy".*my_val/accuracy'):
        search.run()
    state = fold(RunDir(tmp_path / "run").events())
    assert state.status is SearchStatus.FAILED
    assert state.epochs == 0
    assert Lease.holder(tmp_path / "run") is None


def test_a_worker_that_is_killed_costs_no_trial(small, tmp_path, ray_address):
    killed = []

    def kill_once(event, state):
        if isinstance(event, ev.Measured) and event.epoch == 2 and not killed:
            worker = state.trials[event.trial], _worker_of(event.trial)
            killed.append(worker)
            os.kill(worker[1], signal.SIGKILL)

    workers = {}

    def note(event, state):
        if isinstance(event, ev.AttemptStarted):
            workers[event.trial] = int(event.worker.rpartition(":")[2])

    def _worker_of(trial):
        return workers[trial]

    overrides = ["scheduler=none", "budget.trials=3"]
    search = Search.from_file(
        small, overrides=overrides, run_dir=tmp_path / "run", address=ray_address
    )
    results = search.run(listeners=[note, kill_once])
    assert len(killed) == 1
    trials = results.state.trials.values()
    assert [t.status for t in trials] == [TrialStatus.COMPLETED] * 3
    lost = results.state.trials[killed[0][0].id]
    assert (lost.attempts, results.state.restarts) == (2, 1)
    assert [m.epoch for m in lost.measurements] == [1, 2, 3, 4]


def test_ctrl_c_keeps_everything_and_resume_goes_on(small, tmp_path, raysearch, ray_address, hold):
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "run", small, "--run-dir", "run",
         "--address", ray_address, "scheduler=none", "fidelity.max_epochs=40", *hold.words(free=4),
         "points=[{width: 8}, {width: 12}]"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        begun = 40 + 2 * hold.epochs  # the default has ended, two others are under way
        wait_for(lambda: epochs(tmp_path / "run") == begun, timeout_s=120, process=process)
        busy = raysearch("resume", "run", "--address", ray_address)
        assert busy.status != 0
        assert f"in use by process {process.pid}" in busy.err
        process.send_signal(signal.SIGINT)
        hold.let_go()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, err
    assert "resume" in out + err
    before = fold(RunDir(tmp_path / "run").events())
    assert before.status is SearchStatus.INTERRUPTED
    assert raysearch("results", "run").status == 0

    resumed = raysearch("resume", "run", "--address", ray_address, "--json")
    assert resumed.status == 0, resumed.err
    results = Results.open(tmp_path / "run")
    assert results.status is SearchStatus.FINISHED
    for trial in results.state.trials.values():
        assert [m.epoch for m in trial.measurements] == list(range(1, 41))
        if trial.id in before.trials and before.trials[trial.id].status.is_ended:
            assert trial == before.trials[trial.id]
    finished_before = {t.id for t in before.ended}
    assert finished_before == {"0000"}
    second = [e for e in RunDir(tmp_path / "run").events() if e.at > before.last_at]
    retrained = {e.trial for e in second if isinstance(e, ev.AttemptStarted)}
    assert not retrained & finished_before


def test_stop_keeps_everything_and_resume_goes_on_with_what_it_interrupted(
    small, tmp_path, ray_address
):
    run_dir = RunDir(tmp_path / "run")
    at = []

    def ask(event, state):
        is_under_way = len(state.trials) == 2 and all(t.checkpoints for t in state.trials.values())
        if is_under_way and not at:
            run_dir.request_stop()
            at.append(event.at)

    overrides = ["scheduler=none", "fidelity.max_epochs=20000", "budget.trials=2"]
    search = Search.from_file(small, overrides=overrides, run_dir=run_dir.path, address=ray_address)
    results = search.run_to_end(listeners=[ask])
    state = results.state
    assert (state.status, state.reason) == (SearchStatus.STOPPED, "`stop` asked for it")
    assert state.last_at - at[0] < 20  # a second, or two, and what the epochs under way take
    assert {t.status for t in state.trials.values()} == {TrialStatus.INTERRUPTED}
    assert all(t.checkpoints for t in state.trials.values())
    assert results.test_outcome.values is None
    assert not run_dir.is_stop_requested()

    overrides = [f"budget.epochs={state.epochs + 4}"]
    resumed = Search.resume(run_dir.path, overrides=overrides, address=ray_address).run()
    assert resumed.status is SearchStatus.FINISHED
    assert resumed.state.reason == f"budget of {state.epochs + 4} epochs used"
    assert len(resumed.state.trials) == 2
    for trial in resumed.state.trials.values():
        before = state.trials[trial.id]
        assert trial.measurements[: before.epochs] == before.measurements


def test_what_the_machine_cannot_give_is_refused_before_anything_starts(small, tmp_path, raysearch):
    outcome = raysearch("run", small, "--run-dir", "run", "resources.cpus=1000")
    assert outcome.status == 2
    assert "resources.cpus is 1000" in outcome.err
    assert "Nothing was started" in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_cluster_that_does_not_answer_is_named(small, tmp_path, raysearch):
    outcome = raysearch("run", small, "--run-dir", "run", "--address", "127.0.0.1:1")
    assert outcome.status == 2
    assert "--address 127.0.0.1:1" in outcome.err
    assert not (tmp_path / "run").exists()
