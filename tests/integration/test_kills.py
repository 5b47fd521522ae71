"""A search ends with the same evidence, whatever was killed on the way: its driver, all of its
processes, its Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from raysearch.engine import fold
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.search import Search
from raysearch.trial import SearchStatus
from raysearch.tuning.orphans import processes_of
from tests.integration.processes import epochs, folder_of, kill, listening, named, wait_for

pytestmark = pytest.mark.timeout(300)  # five times a Ray and its workers, which import torch

OVERRIDES = (
    "model=mlp", "space={width: {int: [16, 32], default: 32}, depth: {int: [1, 2]}}",
    "scheduler=none", "fidelity.max_epochs=80", "budget.trials=4", "checkpoint.every=1",
    "parallel=1", "refit=false",
)  # fmt: skip


@contextmanager
def driver(folder, *words):
    """Run the command line until somebody ends it; at the end it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", *map(str, words)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def evidence(state):
    """Return what was tried and what came of it, without times."""
    return [
        (t.id, dict(t.configuration), t.status, [(m.epoch, dict(m.values)) for m in t.measurements])
        for t in state.trials.values()
    ]


def trained_again(events):
    """Return trials begun after their end, and how many epochs each attempt measures again."""
    ended, again, last, repeated = set(), set(), {}, []
    for event in events:
        if isinstance(event, ev.TrialEnded):
            ended.add(event.trial)
        elif isinstance(event, ev.AttemptStarted):
            again |= {event.trial} & ended
            repeated.append(last.get(event.trial, 0) - event.from_epoch)
        elif isinstance(event, ev.Measured):
            last[event.trial] = event.epoch
    return again, repeated


def test_a_search_that_is_killed_again_and_again_ends_as_one_that_was_not(
    small, tmp_path, ray_address
):
    run, dead = tmp_path / "run", []

    with driver(tmp_path, "run", small, "--run-dir", run, *OVERRIDES) as first:
        wait_for(lambda: epochs(run) >= 15, timeout_s=120, process=first)
        dead.append(folder_of(first.pid))
        ours = processes_of(dead[0])
        assert {first.pid, named(dead[0], "raylet"), named(dead[0], "gcs_server")} < set(ours)
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in ours]
        assert not [c for c in commands if "dashboard/dashboard.py" in c or "monitor.py" in c]
        assert listening(ours) == {"127.0.0.1", "::ffff:127.0.0.1"}
        kill(first.pid)  # and nothing else: its Ray is left to itself
        first.wait()
    state = fold(RunDir(run).events())
    assert state.status is SearchStatus.RUNNING
    trained = state.epochs

    with driver(tmp_path, "resume", run) as second:
        wait_for(lambda: epochs(run) > trained, timeout_s=120, process=second)
        assert processes_of(dead[0]) == []
        assert not dead[0].exists()
        dead.append(folder_of(second.pid))
        kill(second.pid, *processes_of(dead[1]))  # everything at once
        second.wait()
    trained = epochs(run)

    with driver(tmp_path, "resume", run) as third:
        wait_for(lambda: epochs(run) > trained, timeout_s=120, process=third)
        dead.append(folder_of(third.pid))
        kill(named(dead[2], "raylet"))
        out, _ = third.communicate(timeout=120)
    assert third.returncode == 1
    assert "the raylet of the private Ray is gone: it was killed" in out
    assert "`resume` goes on in a new Ray" in out
    assert "Traceback" not in out
    assert "(raylet)" not in out  # what Ray itself prints of it
    state = fold(RunDir(run).events())
    assert state.status is SearchStatus.FAILED

    killed = Search.resume(run, address=ray_address).run()
    whole = Search.from_file(
        small, overrides=[*OVERRIDES], run_dir=tmp_path / "whole", address=ray_address
    ).run()
    assert killed.status is SearchStatus.FINISHED
    assert evidence(killed.state) == evidence(whole.state)
    assert killed.winner.id == whole.winner.id
    again, repeated = trained_again(RunDir(run).events())
    assert again == set()
    assert len(repeated) > len(killed.state.trials)  # some trials were begun in two sessions
    assert max(repeated) <= 1
    assert killed.state.losses == {}  # the death of a driver is not the loss of a worker
    for folder in dead:
        assert processes_of(folder) == []
        assert not folder.exists()


def test_a_lost_worker_and_a_notice_to_all_processes_leave_no_line_of_ray_on_the_screen(
    small, tmp_path
):
    run = tmp_path / "run"

    def workers():
        started = [e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted)]
        return [int(e.worker.rpartition(":")[2]) for e in started]

    with driver(tmp_path, "run", small, "--run-dir", run, *OVERRIDES) as process:
        wait_for(lambda: epochs(run) >= 2, timeout_s=120, process=process)
        kill(workers()[0])
        wait_for(lambda: len(workers()) == 2, timeout_s=120, process=process)
        os.killpg(process.pid, signal.SIGUSR1)  # which Ray Tune and Ray's processes hear, too
        out, _ = process.communicate(timeout=50)  # not the minute that Ray waits for its GCS
    assert process.returncode == 130, out
    state = Results.open(run).state
    assert state.status is SearchStatus.INTERRUPTED
    assert state.restarts == 1
    assert "stopping" in out
    assert f"python -m raysearch resume {run}" in out
    assert "raylet" not in out
    assert "A worker died" not in out
