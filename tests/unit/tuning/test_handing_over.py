"""What is handed over after a search, and for what no process is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.errors import TrialFailed, Unsupported
from raysearch.tuning.executor import Executor
from tests.unit.tuning.test_fit_thread import function_job


class NeverStarted:
    """Fails where a process is started."""

    def __call__(self):
        raise AssertionError("a process was started")


def train(config, report):
    report({"val/loss": 1.0})


def test_for_a_function_no_process_is_started(tmp_path):
    job = function_job(tmp_path, train)
    executor = Executor(NeverStarted(), is_early=False)
    executor.prepare()
    for work in (
        lambda: executor.refit(job, epochs=1, path=tmp_path / "model.ckpt"),
        lambda: executor.evaluate(job, checkpoint=tmp_path / "model.ckpt", split="test"),
        lambda: executor.draw(job, checkpoint=tmp_path / "model.ckpt"),
    ):
        with pytest.raises(Unsupported, match="only that function knows how"):
            work()
    with pytest.raises(TrialFailed, match="a process was started"):
        executor.evaluate(replace(job, kind="module"), checkpoint=tmp_path / "a", split="test")
