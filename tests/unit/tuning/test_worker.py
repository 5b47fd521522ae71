"""The thread that trains: message by message, ended at any report, and no exception leaves it."""

from __future__ import annotations

import os
import threading

import pytest

from raysearch.tuning.worker import FitThread, message, read_message
from tests.nets import make_job

pytestmark = pytest.mark.timeout(60)  # the first fit imports what optimisers need


def read(fit):
    return read_message(fit.next_message())


def test_a_fit_says_where_it_runs_then_reports_then_ends(tmp_path):
    fit = FitThread(make_job(tmp_path, max_epochs=2))
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


def test_a_fit_waits_at_its_report_and_ends_there_when_aborted(tmp_path):
    fit = FitThread(make_job(tmp_path, max_epochs=100))
    read(fit)
    assert read(fit)[1]["measurement"].epoch == 1
    fit.abort()
    fit.abort()
    assert [t for t in threading.enumerate() if t.name == "raysearch-fit"] == []
    assert sorted(p.name for p in tmp_path.rglob("epoch-*.ckpt")) == ["epoch-0001.ckpt"]


def test_a_failure_is_a_message_with_its_traceback_on_disk(tmp_path):
    fit = FitThread(make_job(tmp_path, model_class="tests.nets:NoSuchNet"))
    read(fit)
    kind, content = read(fit)
    assert kind == "failed"
    assert content["cause"] == "exception"
    assert "NoSuchNet" in content["error"]
    assert "Traceback" in next(tmp_path.rglob("error.txt")).read_text()


def test_messages_are_flat_and_refuse_what_json_cannot_hold():
    assert message("ended", ending="completed") == {
        "kind": "ended",
        "content": '{"ending": "completed"}',
    }
    with pytest.raises(ValueError, match="JSON"):
        message("failed", error=float("nan"))
