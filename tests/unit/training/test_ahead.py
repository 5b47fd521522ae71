"""The next epoch begins before the last one is written and decided about, and nobody can tell."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from raysearch.errors import TrialFailed
from raysearch.training import ahead, reporter
from raysearch.training.fit import train
from raysearch.training.job import Ending
from raysearch.tuning.fit_thread import FitThread
from tests.nets import Data, Listener, Net, make_job

STEPS = 4
"""Batches of an epoch."""

seen: list[int] = []
"""Number of the epoch in which each step was taken."""


class Plain(Net):
    """A model without hooks at the beginning of an epoch, which notes its steps."""

    on_train_epoch_start = pl.LightningModule.on_train_epoch_start
    noise = 0.0

    def training_step(self, batch, index):
        seen.append(self.current_epoch + 1)
        return super().training_step(batch, index)


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class Slow(Listener):
    """Answers when the next epoch has begun, if one may begin."""

    def __init__(self, directory, **settings):
        super().__init__(**settings)
        self.directory, self.begun, self.threads = directory, [], []

    def __call__(self, report):
        epoch = report.measurement.epoch
        if report.checkpoint is not None:
            assert (self.directory / report.checkpoint.path).stat().st_size
        if epoch < 4:
            until(lambda: seen[-1] == epoch + 1)
        self.begun.append(seen[-1])
        self.threads.append(threading.current_thread().name)
        return super().__call__(report)


def test_an_epoch_begins_while_the_last_one_is_reported_with_its_checkpoint(tmp_path):
    job = make_job(tmp_path, model=Plain, checkpoint_every_epochs=1)
    listener = Slow(Path(job.directory))
    assert train(job, report=listener) is Ending.COMPLETED
    assert listener.epochs == listener.saved == [1, 2, 3, 4]
    assert listener.begun == [2, 3, 4, 4]
    assert listener.threads[:3] == ["raysearch-report"] * 3


def test_what_it_comes_to_is_what_it_would_be_otherwise(tmp_path, monkeypatch):
    jobs = {
        name: make_job(tmp_path / name, model=Plain, checkpoint_every_epochs=1)
        for name in ("ahead", "not")
    }
    one, two = Listener(), Listener()
    train(jobs["ahead"], report=one)
    monkeypatch.setattr(reporter, "is_unwatched", lambda trainer: False)
    train(jobs["not"], report=two)
    assert (one.values, one.saved) == (two.values, two.saved)
    for epoch in (1, 2, 3, 4):
        path = f"epoch-{epoch:04d}.ckpt"
        first, second = (
            torch.load(Path(job.directory) / path, weights_only=True) for job in jobs.values()
        )
        assert first.keys() == second.keys()
        assert str(first["optimizer_states"]) == str(second["optimizer_states"])
        for name, weight in first["state_dict"].items():
            assert torch.equal(weight, second["state_dict"][name])


def test_an_epoch_that_nobody_wants_ends_at_its_next_batch_and_is_not_heard_of(tmp_path):
    job = make_job(tmp_path, model=Plain, max_epochs=9, checkpoint_every_epochs=1)
    listener = Slow(Path(job.directory), stop_after=2)
    held = threading.Event()
    whole = Plain.training_step

    def waits(self, batch, index):
        if self.current_epoch == 2 and index == 1:
            held.wait(20)
            until(lambda: self.trainer.fit_loop.epoch_loop.is_unwanted())
        return whole(self, batch, index)

    def report(told):
        try:
            return listener(told)
        finally:
            if told.measurement.epoch == 2:
                held.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plain, "training_step", waits)
        assert train(job, report=report) is Ending.STOPPED
    assert listener.epochs == listener.saved == [1, 2]
    assert 1 <= seen.count(3) <= 2  # of four batches, those before the answer
    assert sorted(p.name for p in Path(job.directory).glob("*.ckpt")) == [
        "epoch-0001.ckpt",
        "epoch-0002.ckpt",
    ]


def test_an_answer_that_comes_after_the_last_epoch_has_been_trained_still_stops_it(tmp_path):
    job = make_job(tmp_path, model=Plain, max_epochs=2)

    def report(told):
        until(lambda: seen.count(2) == STEPS)
        return False

    assert train(job, report=report) is Ending.STOPPED


def test_what_writing_or_reporting_raises_ends_the_training(tmp_path, monkeypatch):
    job = make_job(tmp_path / "1", model=Plain, max_epochs=50)

    def refuse(report):
        raise TrialFailed("no")

    with pytest.raises(TrialFailed, match="no"):
        train(job, report=refuse)

    def no_room(data, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reporter, "_write", no_room)
    listener = Listener()
    with pytest.raises(OSError, match="No space left"):
        train(make_job(tmp_path / "2", model=Plain, max_epochs=50), report=listener)
    assert listener.epochs == []


class Watched(Plain):
    def on_train_end(self):
        pass


class Validated(Plain):
    def on_validation_epoch_end(self):
        pass


class TornDown(Data):
    def teardown(self, stage):
        pass


STOPS = {"class": "EarlyStopping", "args": {"monitor": "val/loss", "patience": 2}}
"""Ends a training of Lightning's in which the loss does not fall."""


class Hooked(pl.callbacks.EarlyStopping):
    def on_train_epoch_start(self, trainer, module):
        pass


HOOKED = {**STOPS, "class": f"{__name__}:Hooked"}


def stopping(**args):
    return {"callbacks": [{**STOPS, "args": {**STOPS["args"], **args}}]}


def stopping_in(checkpoint):
    found = checkpoint["callbacks"].items()
    return [str(state) for name, state in found if name.startswith("EarlyStopping")]


@pytest.mark.parametrize("delta", [0.0, 1000.0], ids=["never", "after-three"])
def test_early_stopping_of_lightnings_does_what_it_does_otherwise(delta, tmp_path, monkeypatch):
    given = {"max_epochs": 6, "checkpoint_every_epochs": 1}
    given |= {"model": Plain, "trainer_arguments": stopping(min_delta=delta)}
    jobs = {name: make_job(tmp_path / name, **given) for name in ("ahead", "not")}
    one, two, threads = Listener(), Listener(), []

    def report(told):
        threads.append(threading.current_thread().name)
        return one(told)

    ending = train(jobs["ahead"], report=report)
    monkeypatch.setattr(reporter, "is_unwatched", lambda trainer: False)
    assert train(jobs["not"], report=two) is ending
    assert ending is (Ending.ENDED_EARLY if delta else Ending.COMPLETED)
    assert "raysearch-report" in threads
    assert (one.values, one.saved) == (two.values, two.saved)
    assert len(one.epochs) == (3 if delta else 6)
    for path in (f"epoch-{epoch:04d}.ckpt" for epoch in one.saved):
        first, second = (
            torch.load(Path(job.directory) / path, weights_only=True) for job in jobs.values()
        )
        assert stopping_in(first) == stopping_in(second) != []
        assert all(torch.equal(w, second["state_dict"][n]) for n, w in first["state_dict"].items())


def test_what_early_stopping_saw_of_an_epoch_that_nobody_wants_is_in_no_checkpoint(tmp_path):
    given = {"model": Plain, "max_epochs": 9, "checkpoint_every_epochs": 1}
    whole = make_job(tmp_path / "whole", **given, trainer_arguments=stopping(patience=9))
    train(whole, report=Listener())
    cut = make_job(tmp_path / "cut", **given, trainer_arguments=stopping(patience=9))
    train(cut, report=Slow(Path(cut.directory), stop_after=2))
    first, second = (
        torch.load(Path(job.directory) / "epoch-0002.ckpt", weights_only=True)
        for job in (whole, cut)
    )
    assert stopping_in(first) == stopping_in(second) != []


CSV = {"class": "CSVLogger", "args": {"save_dir": "."}}


@pytest.mark.parametrize(
    "settings",
    [
        {"model": Net},  # has on_train_epoch_start
        {"model": Watched},
        {"model": Validated},
        {"model": Plain, "data": TornDown},
        {"model": Plain, "loop": "trainer"},
        {"model": Plain, "trainer_arguments": {"callbacks": [{"class": "Timer"}]}},
        {"model": Plain, "trainer_arguments": stopping(verbose=True)},
        {"model": Plain, "trainer_arguments": {"callbacks": [HOOKED]}},
        {"model": Plain, "trainer_arguments": {"logger": CSV}},
        {"model": Plain, "trainer_arguments": {"accumulate_grad_batches": 2}},
    ],
    ids=lambda settings: "-".join(str(getattr(v, "__name__", v)) for v in settings.values())[:40],
)  # fmt: skip
def test_where_somebody_could_tell_no_epoch_begins_too_early(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listener = Listener()
    names = []

    def report(told):
        names.append(threading.current_thread().name)
        return listener(told)

    train(make_job(tmp_path, **settings), report=report)
    assert "raysearch-report" not in names
    assert listener.epochs == [1, 2, 3, 4]


def test_a_large_checkpoint_is_not_put_together_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "MAX_BYTES", 100)
    names = []

    def report(told):
        names.append((threading.current_thread().name, told.checkpoint is not None))
        return True

    train(make_job(tmp_path, model=Plain, checkpoint_every_epochs=2), report=report)
    assert "raysearch-report" not in {name for name, _ in names}
    assert sum(is_saved for _, is_saved in names) >= 2


def test_where_it_may_not_everything_happens_in_step(tmp_path):
    names = []

    def report(told):
        names.append(threading.current_thread().name)
        return True

    train(make_job(tmp_path, model=Plain), report=report, may_run_ahead=False)
    assert names == [threading.current_thread().name] * 4


@pytest.mark.parametrize(("between", "in_step"), [(1, {2}), (2, {2})])
def test_where_it_most_likely_pauses_no_epoch_begins_before_the_answer(tmp_path, between, in_step):
    reported = {}

    def report(told):
        epoch = told.measurement.epoch
        reported[epoch] = threading.current_thread().name
        if epoch in in_step:
            assert seen[-1] == epoch
        return epoch < 4

    job = make_job(
        tmp_path,
        model=Plain,
        max_epochs=6,
        waits_at=(2,) if between == 1 else (1, 2),
        trainer_arguments={"check_val_every_n_epoch": between},
    )
    assert train(job, report=report) is Ending.STOPPED
    here = threading.current_thread().name
    assert {epoch for epoch, thread in reported.items() if thread == here} == in_step
    assert set(reported) == ({1, 2, 3, 4} if between == 1 else {2, 4})


class RaisesInEpochTwo(Plain):
    def training_step(self, batch, index):
        if self.current_epoch == 1:
            seen.append(2)
            raise ValueError("no second epoch")
        return super().training_step(batch, index)


def slowly(write):
    def written(data, path):
        until(lambda: 2 in seen)  # the next epoch has raised, or is about to
        time.sleep(0.05)
        write(data, path)

    return written


def test_what_the_next_epoch_raises_does_not_overtake_the_report_of_the_last_one(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(reporter, "_write", slowly(reporter._write))
    listener = Listener()
    with pytest.raises(ValueError, match="no second epoch"):
        train(make_job(tmp_path, model=RaisesInEpochTwo), report=listener)
    assert listener.epochs == listener.saved == [1]


def test_what_an_epoch_raises_that_nobody_wants_is_nobodys_business(tmp_path, monkeypatch):
    monkeypatch.setattr(reporter, "_write", slowly(reporter._write))
    listener = Listener(stop_after=1)
    assert train(make_job(tmp_path, model=RaisesInEpochTwo), report=listener) is Ending.STOPPED
    assert listener.epochs == listener.saved == [1]


class RunsOutInEpochTwo(Plain):
    def training_step(self, batch, index):
        if self.current_epoch == 1:
            until(lambda: self.trainer.fit_loop.epoch_loop.is_unwanted())
            raise MemoryError
        return super().training_step(batch, index)


def test_memory_that_ran_out_in_an_epoch_that_nobody_wants_is_told(tmp_path):
    with pytest.raises(MemoryError):
        train(make_job(tmp_path, model=RunsOutInEpochTwo), report=Listener(stop_after=1))


def test_a_worker_is_told_that_its_process_ran_out_of_memory_behind_the_last_report(tmp_path):
    fit = FitThread(make_job(tmp_path, model=RunsOutInEpochTwo))
    fit.start()
    assert [fit.next_message()["kind"] for _ in range(2)] == ["started", "measured"]
    assert not fit.abort()
    assert not fit.abort()


class SlowToValidate(Plain):
    def validation_step(self, batch, index):
        if self.current_epoch == 1:
            seen.append(-index)
            until(lambda: self.trainer.fit_loop.epoch_loop.is_unwanted())
        return super().validation_step(batch, index)


def test_the_validation_of_an_epoch_that_nobody_wants_ends_too(tmp_path):
    job = make_job(tmp_path, model=SlowToValidate, data_arguments={"batch_size": 5})

    def report(told):
        until(lambda: 0 in seen)
        return False

    assert train(job, report=report) is Ending.STOPPED
    assert [step for step in seen if step <= 0] == [0]  # of four batches
