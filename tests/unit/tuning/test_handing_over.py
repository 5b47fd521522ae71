"""What is handed over after a search, and for what no process is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.errors import TrialFailed, Unsupported
from raysearch.training.home import Home
from raysearch.training.repeating import Part
from raysearch.tuning import handover
from raysearch.tuning.executor import Executor
from tests.unit.tuning.test_fit_thread import function_job


class Seen:
    """Notes what training and testing are called with."""

    def __init__(self, monkeypatch):
        self.calls = {}
        for name in ("draw", "evaluate", "examine", "repeat"):
            monkeypatch.setattr(handover, name, self._called(name))

    def _called(self, name):
        def call(*arguments, **keywords):
            self.calls[name] = (*arguments, *keywords.values())

        return call


def test_on_another_machine_all_paths_are_those_of_that_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(handover, "local_copy", lambda path: path)  # there is no store to ask
    seen, folder = Seen(monkeypatch), "/home/driver/runs/digits-1"
    home = Home(address="s3://lab/digits-1", folder=folder, host="the-driver's")
    job = replace(function_job(tmp_path, train), directory=f"{folder}/trials/0003", home=home)
    process = handover.Handover(job, b"")
    checkpoint = f"{folder}/winner/model.ckpt"
    process.draw(job, checkpoint=checkpoint)
    process.evaluate(job, checkpoint=checkpoint, split="test")
    process.examine(job, checkpoint=checkpoint, split="test")
    process.repeat(job, line=[Part(job=job, epochs=3)])
    assert set(seen.calls) == {"draw", "evaluate", "examine", "repeat"}
    for name, call in seen.calls.items():
        said = repr(call)
        assert "/home/driver" not in said.replace(repr(home), ""), name
        assert str(tmp_path) in said


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
