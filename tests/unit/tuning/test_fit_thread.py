"""The thread that trains: message by message, ended at any report, and no exception leaves it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from raysearch.training.run import train
from raysearch.tuning import fit_thread
from raysearch.tuning.fit_thread import FitThread
from raysearch.tuning.messages import message, read_message
from tests.nets import make_job
from tests.unit.tuning.functions import (
    function_job,
    hang_in_round_two,
    never_lets_go,
    raise_at_once,
)

pytestmark = pytest.mark.timeout(120)  # the first fit imports what optimisers need


ROOT = Path(__file__).resolve().parents[3]


def started(job, **settings):
    fit = FitThread(job, **settings)
    fit.start()
    return fit


def read(fit):
    return read_message(fit.next_message())


def test_a_fit_says_where_it_runs_then_reports_then_ends(tmp_path):
    fit = started(make_job(tmp_path, max_epochs=2))
    kind, content = read(fit)
    assert (kind, content["worker"].rpartition(":")[2]) == ("started", str(os.getpid()))
    epochs = []
    for _ in range(2):
        kind, content = read(fit)
        assert kind == "measured"
        epochs.append(content["measurement"].epoch)
        assert content["checkpoint"] is None or content["checkpoint"].epoch == epochs[-1]
    assert epochs == [1, 2]
    assert read(fit) == ("ended", {"ending": "completed"})
    fit.abort()


def test_a_fit_trains_before_it_is_asked(tmp_path):
    fit = started(make_job(tmp_path, max_epochs=100))
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("epoch-0001.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(tmp_path.rglob("epoch-0001.ckpt"))
    assert [read(fit)[0] for _ in range(2)] == ["started", "measured"]
    fit.abort()


def test_a_fit_waits_at_its_report_and_ends_there_when_aborted(tmp_path):
    fit = started(make_job(tmp_path, max_epochs=100))
    read(fit)
    assert read(fit)[1]["measurement"].epoch == 1
    fit.abort()
    fit.abort()
    assert [t for t in threading.enumerate() if t.name == "raysearch-fit"] == []
    assert sorted(p.name for p in tmp_path.rglob("epoch-*.ckpt")) == ["epoch-0001.ckpt"]


def test_a_failure_is_a_message_with_its_traceback_on_disk(tmp_path):
    fit = started(make_job(tmp_path, model_class="tests.nets:NoSuchNet"))
    read(fit)
    kind, content = read(fit)
    assert kind == "failed"
    assert content["cause"] == "exception"
    assert "NoSuchNet" in content["error"]
    assert "Traceback" in next(tmp_path.rglob("error.txt")).read_text()


def test_a_fit_goes_on_from_the_newest_checkpoint_that_is_whole(tmp_path):
    job = make_job(tmp_path, max_epochs=4, checkpoint_every_epochs=1)
    assert train(job, report=lambda report: report.measurement.epoch < 3) == "stopped"
    folder = Path(job.directory)
    for epoch in (1, 2, 3):
        path = str(folder / f"epoch-{epoch:04d}.ckpt")
        job = replace(job, resume_from=path, epochs_before=epoch, otherwise=job)
    os.truncate(folder / "epoch-0003.ckpt", 1000)
    (folder / "epoch-0002.ckpt").unlink()
    fit = started(job)
    first = read(fit)[1]
    names = [f"{folder.name}/epoch-000{epoch}.ckpt" for epoch in (3, 2)]
    assert list(first["damaged"]) == names
    assert [read(fit)[1]["measurement"].epoch for _ in range(3)] == [2, 3, 4]
    assert read(fit) == ("ended", {"ending": "completed"})
    log = (folder / "log.txt").read_text()
    assert "epoch-0003.ckpt is damaged" in log
    assert "epoch-0002.ckpt is missing; training goes on without it" in log


def test_messages_are_flat_and_refuse_what_json_cannot_hold():
    assert message("ended", ending="completed") == {
        "kind": "ended",
        "content": '{"ending": "completed"}',
    }
    with pytest.raises(ValueError, match="JSON"):
        message("failed", error=float("nan"))


def test_a_fit_that_hangs_has_failed_and_says_where(tmp_path, monkeypatch):
    ends = []
    monkeypatch.setattr(os, "_exit", ends.append)
    fit = started(function_job(tmp_path, hang_in_round_two), timeout_s=1.0)
    read(fit)
    assert read(fit)[0] == "measured"
    kind, content = read(fit)
    assert (kind, content["cause"]) == ("failed", "timeout")
    assert (
        "nothing was reported for 1 s since epoch 1, longer than failures.timeout_s"
        in (content["error"])
    )
    assert "functions.py, line" in content["error"]
    assert content["error"].endswith("in hang_in_round_two)")
    assert "threading.Event().wait(3600)" in next(tmp_path.rglob("error.txt")).read_text()
    assert ends == []
    fit.abort()  # waits no longer, and takes the process with it
    assert ends == [1]


def test_the_process_of_a_fit_that_hangs_ends_when_it_is_asked_to_go_on(tmp_path):
    outcome = in_a_process(tmp_path, hang_in_round_two, n_messages=4)
    assert (outcome.returncode, outcome.stdout.split()) == (1, ["started", "measured", "failed"])


def test_a_fit_that_stops_the_interpreter_loses_its_worker(tmp_path):
    outcome = in_a_process(tmp_path, never_lets_go, n_messages=2)
    assert (outcome.returncode, outcome.stdout.split()) == (1, ["started"]), outcome.stderr
    assert "in never_lets_go" in outcome.stderr


def test_imports_and_the_time_of_the_driver_are_no_silence(tmp_path, monkeypatch):
    monkeypatch.setattr(fit_thread, "prepare_process", lambda job: time.sleep(1.5))
    fit = started(function_job(tmp_path, hang_in_round_two), timeout_s=1.0)
    read(fit)
    assert read(fit)[0] == "measured"
    monkeypatch.undo()
    other = started(make_job(tmp_path, max_epochs=2), timeout_s=1.0)
    read(other)
    read(other)
    time.sleep(1.2)
    assert read(other)[0] == "measured"
    assert read(other)[0] == "ended"


def test_imports_may_not_take_for_ever_either(tmp_path, monkeypatch):
    monkeypatch.setattr(fit_thread, "PREPARATION_S", 0.0)
    monkeypatch.setattr(fit_thread, "prepare_process", lambda job: threading.Event().wait(3600))
    fit = started(function_job(tmp_path, hang_in_round_two), timeout_s=1.0)
    read(fit)
    assert "for 1 s since it began" in read(fit)[1]["error"]


def test_asked_to_go_on_after_a_failure_the_process_ends(tmp_path):
    done = in_a_process(tmp_path, raise_at_once, n_messages=3)
    assert (done.returncode, done.stdout.split()) == (1, ["started", "failed"])


def in_a_process(tmp_path, function, *, n_messages):
    """Take messages of a fit in a process of its own, which prints their kinds.

    While it trains, what it prints goes to the log of the trial, so it prints past that.
    """
    code = f"""
        import sys
        from pathlib import Path
        from raysearch.tuning import fit_thread
        from {function.__module__} import {function.__name__}, function_job
        fit_thread.LAST_RESORT_S = 0.5
        job = function_job(Path({str(tmp_path)!r}), {function.__name__})
        fit = fit_thread.FitThread(job, timeout_s=1.0)
        fit.start()
        for _ in range({n_messages}):
            print(fit.next_message()["kind"], flush=True, file=sys.__stdout__)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
