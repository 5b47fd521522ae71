"""Does one fit train, stop, save, refit and evaluate as promised?"""

from __future__ import annotations

import io
import logging
import math
import pickle
import signal
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from raysearch.training.job import Ending
from raysearch.trial import Objective
from tests import other_nets
from tests.nets import Data, Listener, Net, make_job


def test_every_epoch_is_reported_with_its_measurement(tmp_path):
    listener = Listener()
    assert train(make_job(tmp_path), report=listener) is Ending.COMPLETED
    assert listener.epochs == [1, 2, 3, 4]
    first = listener.measurements[0]
    assert set(first.values) == {"train/loss", "val/loss", "val/accuracy"}
    assert all(type(value) is float for value in first.values.values())
    assert first.cause is None
    assert [m.step for m in listener.measurements] == [4, 8, 12, 16]  # 50 examples, 16 a batch
    assert first.applied == {"learning_rate": 0.05, "weight_decay": 0.0, "momentum": 0.9}


def test_a_report_can_end_the_training(tmp_path):
    listener = Listener(stop_after=2)
    assert train(make_job(tmp_path), report=listener) is Ending.STOPPED
    assert listener.epochs == [1, 2]


def test_no_to_the_last_report_changes_nothing(tmp_path):
    assert train(make_job(tmp_path), report=Listener(stop_after=4)) is Ending.COMPLETED


class EarlyStoppingNet(Net):
    def configure_callbacks(self):
        return [pl.callbacks.EarlyStopping("val/loss", patience=1, min_delta=10.0)]


def test_early_stopping_of_the_model_ends_it_early_with_a_checkpoint(tmp_path):
    listener = Listener()
    job = make_job(tmp_path, model=EarlyStoppingNet, max_epochs=9, best_before=-1.0)
    assert train(job, report=listener) is Ending.ENDED_EARLY
    assert listener.epochs == [1, 2]
    assert listener.saved == [2]


def test_what_the_receiver_raises_passes_through(tmp_path):
    class Aborted(BaseException):
        pass

    def report(_):
        raise Aborted

    with pytest.raises(Aborted):
        train(make_job(tmp_path), report=report)


class InterruptedNet(Net):
    def training_step(self, batch, _):
        raise KeyboardInterrupt


def test_an_interrupt_is_an_interrupt_and_can_be_repeated(tmp_path):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):  # of which Lightning makes an exit with status 1
        train(make_job(tmp_path, model=InterruptedNet), report=Listener())
    assert signal.getsignal(signal.SIGINT) is handler


class ExitingNet(Net):
    def training_step(self, batch, _):
        sys.exit(3)


def test_an_exit_of_the_users_code_passes_through(tmp_path):
    with pytest.raises(SystemExit) as caught:
        train(make_job(tmp_path, model=ExitingNet), report=Listener())
    assert caught.value.code == 3


def test_seconds_go_on_from_the_earlier_attempts_without_waiting(tmp_path):
    listener, clock = Listener(), []

    def report(message):
        clock.append(time.monotonic())
        time.sleep(0.3)
        return listener(message)

    train(make_job(tmp_path, seconds_before=100.0, max_epochs=3), report=report)
    seconds = [m.seconds for m in listener.measurements]
    assert 100.0 < seconds[0] < seconds[1] < seconds[2]
    assert seconds[2] - seconds[0] < clock[2] - clock[0] - 0.5  # the two waits are 0.6


class SchedulingNet(Net):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)]


def test_the_rate_reported_is_the_one_the_epoch_was_trained_with(tmp_path):
    listener = Listener()
    train(make_job(tmp_path, model=SchedulingNet, max_epochs=3), report=listener)
    rates = [m.applied["learning_rate"] for m in listener.measurements]
    assert rates == pytest.approx([0.05, 0.005, 0.0005])


class LateNet(Net):
    def on_train_epoch_end(self):
        self.log("late", 7.0)


def test_what_the_model_logs_last_is_measured_too(tmp_path):
    listener = Listener()
    train(make_job(tmp_path, model=LateNet, max_epochs=1), report=listener)
    assert listener.values[0]["late"] == 7.0


class ExplodingNet(Net):
    def validation_step(self, batch, _):
        self.log_dict({"val/loss": math.nan, "val/accuracy": math.inf, "val/fine": 1.0})


def test_values_that_are_not_finite_are_none_with_a_cause(tmp_path):
    listener = Listener()
    train(make_job(tmp_path, model=ExplodingNet, max_epochs=1), report=listener)
    (measurement,) = listener.measurements
    assert measurement.values["val/loss"] is None
    assert measurement.values["val/accuracy"] is None
    assert measurement.values["val/fine"] == 1.0
    assert measurement.cause == "not finite: val/loss (nan), val/accuracy (inf)"
    assert listener.saved == [1]  # the last epoch


def test_metrics_that_are_not_finite_do_not_end_a_training_that_may_recover(tmp_path):
    listener = Listener()
    job = make_job(tmp_path, model=ExplodingNet, max_epochs=3)
    assert train(job, report=listener) is Ending.COMPLETED
    assert listener.epochs == [1, 2, 3]


class DivergingNet(Net):
    def on_train_epoch_end(self):
        if self.current_epoch == 1:
            torch.nn.init.constant_(next(self.parameters()), math.nan)

    def validation_step(self, batch, _):
        lost = not all(bool(torch.isfinite(p).all()) for p in self.parameters())
        self.log_dict({"val/loss": math.nan if lost else 1.0, "val/accuracy": 0.1})


@pytest.mark.parametrize("rounds", [{}, {"max_steps": 40, "every_steps": 4}])
def test_a_training_whose_weights_are_not_finite_ends(tmp_path, rounds):
    listener = Listener()
    job = make_job(tmp_path, model=DivergingNet, max_epochs=10, **rounds)
    assert train(job, report=listener) is Ending.DIVERGED
    assert listener.epochs == [1, 2, 3]
    assert listener.measurements[1].cause is None
    assert "val/loss (nan)" in listener.measurements[2].cause


def test_the_users_trainer_arguments_count(tmp_path):
    listener = Listener()
    arguments = {"limit_train_batches": 2, "accelerator": "cpu"}
    job = make_job(tmp_path, trainer_arguments=arguments, accelerator="gpu", max_epochs=1)
    train(job, report=listener)
    assert listener.measurements[0].step == 2


@pytest.mark.parametrize("namespace", ["pytorch_lightning", "lightning"])
def test_lightning_says_nothing(tmp_path, capfd, recwarn, namespace):
    own = {"model": other_nets.Net, "model_arguments": {"width": 8}, "data": other_nets.Data}
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger({"lightning": "lightning.pytorch"}.get(namespace, namespace))
    logger.addHandler(handler)
    level = logger.level
    try:
        settings = {"data_arguments": {"loader": "dataloader"}}
        if namespace == "lightning":
            settings = own
        job = make_job(tmp_path, **settings, checkpoint_every_epochs=1)
        train(job, report=Listener())
        resumed = replace(job, resume_from=str(tmp_path / "epoch-0002.ckpt"))
        train(resumed, report=Listener())
        refit(job, epochs=1, path=tmp_path / "refit.ckpt")
        evaluate(job, checkpoint=str(tmp_path / "refit.ckpt"), split="test")
    finally:
        logger.removeHandler(handler)
    assert capfd.readouterr() == ("", "")
    assert stream.getvalue() == ""
    assert [str(warning.message) for warning in recwarn] == []
    assert logger.level == level


class TalkingNet(Net):
    def on_train_start(self):
        print("hello from the model")  # noqa: T201


def test_what_user_code_prints_is_not_hidden(tmp_path, capsys):
    train(make_job(tmp_path, model=TalkingNet, max_epochs=1), report=Listener())
    assert capsys.readouterr().out == "hello from the model\n"


class ComplainingNet(Net):
    def on_fit_start(self):
        warnings.warn("my labels look odd", UserWarning, stacklevel=1)


def test_a_warning_of_the_users_code_is_shown(tmp_path):
    with pytest.warns(UserWarning, match="my labels look odd"):
        train(make_job(tmp_path, model=ComplainingNet, max_epochs=1), report=Listener())


def test_nothing_to_train_on_is_a_failure(tmp_path):
    job = make_job(tmp_path, trainer_arguments={"limit_train_batches": 0})
    with pytest.raises(TrialFailed, match=r"Trial 0003 \(tests.nets:Net\).*single epoch"):
        train(job, report=Listener())


def test_a_class_that_does_not_exist_is_named(tmp_path):
    job = replace(make_job(tmp_path), model_class="tests.nets:Nett")
    with pytest.raises(ConfigurationError, match=r"no Nett in tests.nets. Did you mean Net\?"):
        train(job, report=Listener())


class Surprise:
    """Not a plain value."""


class ImpureNet(Net):
    def __init__(self, surprise=None):
        super().__init__()

    def on_save_checkpoint(self, checkpoint):
        checkpoint["surprise"] = Surprise()


def test_nothing_but_plain_values_is_read_back(tmp_path):
    job = make_job(tmp_path, model=ImpureNet, max_epochs=2, checkpoint_every_epochs=1)
    train(job, report=Listener())
    path = str(tmp_path / "epoch-0001.ckpt")
    with pytest.raises(TrialFailed, match=r"epoch-0001\.ckpt holds a .*:Surprise") as caught:
        train(replace(job, resume_from=path), report=Listener())
    assert isinstance(caught.value.__cause__, pickle.UnpicklingError)
    with pytest.raises(TrialFailed, match=r"epoch-0001\.ckpt holds a .*:Surprise"):
        evaluate(job, checkpoint=path, split="test")


def test_a_checkpoint_opens_with_plain_lightning(tmp_path):
    job = make_job(tmp_path, model_arguments={"width": 5}, max_epochs=1)
    train(job, report=Listener())
    model = Net.load_from_checkpoint(tmp_path / "epoch-0001.ckpt")
    assert model.hparams.width == 5
    assert model.layers[0].out_features == 5


def test_going_on_from_the_last_epoch_has_nothing_left_to_do(tmp_path):
    job = make_job(tmp_path, max_epochs=2)
    train(job, report=Listener())
    listener = Listener()
    finished = replace(job, resume_from=str(tmp_path / "epoch-0002.ckpt"))
    assert train(finished, report=listener) is Ending.COMPLETED
    assert listener.reports == []


def test_a_finished_training_can_be_extended(tmp_path):
    job = make_job(tmp_path, max_epochs=2)
    train(job, report=Listener())
    listener = Listener()
    longer = replace(job, max_epochs=4, resume_from=str(tmp_path / "epoch-0002.ckpt"))
    assert train(longer, report=listener) is Ending.COMPLETED
    assert listener.epochs == [3, 4]


def test_refit_trains_on_validation_data_too_and_keeps_the_horizon(tmp_path):
    job = make_job(
        tmp_path, model=RecordingNet, model_arguments={"schedule": "cosine"}, max_epochs=10
    )
    RecordingNet.seen = 0
    measurement = refit(job, epochs=3, path=tmp_path / "winner" / "model.ckpt")
    assert RecordingNet.seen == 3 * (50 + 20)
    assert measurement.epoch == 3
    assert set(measurement.values) == {"train/loss"}
    at_third_epoch = 0.05 * (1 + math.cos(math.pi * 2 / 10)) / 2
    assert measurement.applied["learning_rate"] == pytest.approx(at_third_epoch)
    assert [path.name for path in (tmp_path / "winner").iterdir()] == ["model.ckpt"]
    assert list(tmp_path.glob("*.ckpt")) == []
    RecordingNet.load_from_checkpoint(tmp_path / "winner" / "model.ckpt")


class RecordingNet(Net):
    seen = 0

    def training_step(self, batch, _):
        type(self).seen += len(batch[1])
        return super().training_step(batch, _)


def test_refit_needs_a_loader_of_all_data(tmp_path):
    job = make_job(tmp_path, data=NoRefitData)
    with pytest.raises(TrialFailed, match="no refit_dataloader, and none can be derived"):
        refit(job, epochs=1, path=tmp_path / "model.ckpt")


class NoRefitData(Data):
    refit_dataloader = None


def test_a_refit_that_ends_early_is_a_failure(tmp_path):
    job = make_job(tmp_path, trainer_arguments={"max_time": {"seconds": 0}})
    with pytest.raises(
        TrialFailed, match=r"refit of trial 0003 ended after \d+ steps, before 4 ep"
    ):
        refit(job, epochs=4, path=tmp_path / "model.ckpt")
    assert not (tmp_path / "model.ckpt").exists()


def test_evaluation_gives_the_values_that_were_reported(tmp_path):
    listener = Listener()
    job = make_job(tmp_path, checkpoint_every_epochs=1)
    train(job, report=listener)
    for report in listener.reports:
        path = str(tmp_path / report.checkpoint.path)
        values = evaluate(job, checkpoint=path, split="validation")
        expected = {k: v for k, v in report.measurement.values.items() if k.startswith("val/")}
        assert values == pytest.approx(expected)
        assert set(evaluate(job, checkpoint=path, split="test")) == {"test/loss", "test/accuracy"}


@pytest.mark.parametrize("is_inside_slurm", [False, True])
def test_a_batch_system_around_it_changes_nothing(tmp_path, monkeypatch, is_inside_slurm):
    if is_inside_slurm:
        for name, value in {
            "SLURM_NTASKS": "8",
            "SLURM_JOB_NAME": "mine",
            "SLURM_PROCID": "3",
        }.items():
            monkeypatch.setenv(name, value)
    listener = Listener()
    train(make_job(tmp_path, max_epochs=1), report=listener)
    assert listener.saved == [1]


def test_the_direction_decides_which_epochs_are_saved(tmp_path):
    listener = Listener()
    worst = Objective(metric="val/loss", direction="maximize")
    train(make_job(tmp_path, objective=worst), report=listener)
    losses = [values["val/loss"] for values in listener.values]
    rising = [e for e in range(1, 5) if losses[e - 1] > max(losses[: e - 1], default=-1.0)]
    assert listener.saved == sorted({*rising, 4})
    assert {path.name for path in Path(tmp_path).glob("*")} == {
        f"epoch-{epoch:04d}.ckpt" for epoch in listener.saved
    }
