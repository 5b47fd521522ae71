"""Are trainings counted in steps measured at the right steps, however long an epoch is?"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from raysearch.errors import TrialFailed
from raysearch.training.fit import refit, train
from tests import other_nets
from tests.nets import Data, Listener, ManualNet, Net, StreamData, make_job


def trained(directory, *, max_steps, every_steps, ending="completed", listener=None, **settings):
    listener = listener or Listener()
    job = make_job(
        directory,
        max_steps=max_steps,
        every_steps=every_steps,
        max_epochs=-(-max_steps // every_steps),
        **settings,
    )
    assert train(job, report=listener) == ending
    return listener


def steps(listener):
    return [(m.epoch, m.step) for m in listener.measurements]


@pytest.mark.parametrize(
    ("max_steps", "every", "expected"),
    [
        (12, 4, [(1, 4), (2, 8), (3, 12)]),  # an epoch has 4 steps
        (9, 3, [(1, 3), (2, 6), (3, 9)]),
        (14, 6, [(1, 6), (2, 12), (3, 14)]),
        (2, 2, [(1, 2)]),
        (3, 1, [(1, 1), (2, 2), (3, 3)]),
    ],
)
def test_every_round_is_measured_and_the_last_step(tmp_path, max_steps, every, expected):
    listener = trained(tmp_path, max_steps=max_steps, every_steps=every)
    assert steps(listener) == expected
    assert all("val/loss" in values for values in listener.values)
    assert listener.saved[-1] == expected[-1][0]


def test_accumulated_batches_make_a_step(tmp_path):
    arguments = {"accumulate_grad_batches": 3}  # steps after batches 3 and 4 of each epoch
    listener = trained(tmp_path, max_steps=5, every_steps=2, trainer_arguments=arguments)
    assert steps(listener) == [(1, 2), (2, 4), (3, 5)]


def test_two_optimisers_count_each_of_their_steps(tmp_path):
    listener = trained(tmp_path, model=ManualNet, max_steps=10, every_steps=4)
    assert steps(listener) == [(1, 4), (2, 9), (3, 10)]  # 1, 3, 4, 6 steps after each batch


def test_data_without_end_is_trained_on(tmp_path):
    assert steps(trained(tmp_path, data=StreamData, max_steps=7, every_steps=5)) == [(1, 5), (2, 7)]


def test_the_other_lightning_counts_the_same(tmp_path):
    own = {"model": other_nets.Net, "model_arguments": {"width": 8}, "data": other_nets.Data}
    assert steps(trained(tmp_path, max_steps=7, every_steps=5, **own)) == [(1, 5), (2, 7)]


class TrainingNet(Net):
    """Has no validation."""

    validation_step = Net.__bases__[0].validation_step

    def training_step(self, batch, index):
        loss = super().training_step(batch, index)
        self.log("loss", loss)
        return loss


class TrainingData(Data):
    val_dataloader = Data.__bases__[0].val_dataloader


def test_without_validation_rounds_are_measured_by_training(tmp_path):
    settings = {"model": TrainingNet, "data": TrainingData, "checkpoint_every_epochs": 1}
    whole = trained(tmp_path, max_steps=9, every_steps=3, **settings)
    assert steps(whole) == [(1, 3), (2, 6), (3, 9)]
    assert all("loss" in values for values in whole.values)
    rest = trained(
        tmp_path / "rest",
        max_steps=9,
        every_steps=3,
        resume_from=str(tmp_path / "epoch-0002.ckpt"),
        **settings,
    )
    assert steps(rest) == [(3, 9)]
    assert rest.values[0]["loss"] == whole.values[2]["loss"]


def test_a_report_can_end_it_in_the_middle_of_an_epoch(tmp_path):
    listener = Listener(stop_after=2)
    trained(tmp_path, max_steps=30, every_steps=3, listener=listener, ending="stopped")
    assert steps(listener) == [(1, 3), (2, 6)]


def test_a_finished_training_can_be_extended(tmp_path):
    trained(tmp_path, max_steps=7, every_steps=5)
    listener = trained(
        tmp_path, max_steps=16, every_steps=5, resume_from=str(tmp_path / "epoch-0002.ckpt")
    )
    assert steps(listener) == [(3, 15), (4, 16)]


def test_going_on_from_the_last_step_has_nothing_left_to_do(tmp_path):
    trained(tmp_path, max_steps=6, every_steps=3)
    path = str(tmp_path / "epoch-0002.ckpt")
    assert steps(trained(tmp_path, max_steps=6, every_steps=3, resume_from=path)) == []


class PlateauNet(Net):
    """Lowers its rate after every validation that is no better."""

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.5)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=0, threshold=0.3
        )
        config = {"scheduler": plateau, "monitor": "val/loss", "interval": "step", "frequency": 3}
        return {"optimizer": optimizer, "lr_scheduler": config}


def test_a_plateau_goes_on_with_the_metric_that_was_measured(tmp_path):
    settings = {"model": PlateauNet, "checkpoint_every_epochs": 1}
    whole = trained(tmp_path, max_steps=12, every_steps=3, data=Rounded, **settings)
    rates = [m.applied["learning_rate"] for m in whole.measurements]
    assert rates[-1] < rates[0]
    for number in (1, 2, 3):
        rest = trained(
            tmp_path / str(number),
            max_steps=12,
            every_steps=3,
            data=Rounded,
            resume_from=str(tmp_path / f"epoch-000{number}.ckpt"),
            **settings,
        )
        assert [m.applied for m in rest.measurements] == [
            m.applied for m in whole.measurements[number:]
        ]


class Rounded(Data):
    """Has three batches in an epoch."""

    def __init__(self):
        super().__init__(batch_size=17)


def test_a_refit_is_as_many_steps_long_and_keeps_the_horizon(tmp_path):
    job = make_job(
        tmp_path,
        model_arguments={"schedule": "one_cycle"},
        max_epochs=4,
        max_steps=20,
        every_steps=6,
    )
    measurement = refit(job, epochs=2, path=tmp_path / "model.ckpt")
    assert (measurement.epoch, measurement.step) == (2, 12)
    saved = torch.load(tmp_path / "model.ckpt", weights_only=True)
    assert saved["lr_schedulers"][0]["total_steps"] == 20
    assert saved["global_step"] == 12
    last = refit(job, epochs=4, path=tmp_path / "model.ckpt")
    assert last.step == 20


class NoBatches(Data):
    def val_dataloader(self):
        return []


@pytest.mark.filterwarnings("ignore:Total length of `list`")
def test_nothing_to_validate_on_is_said(tmp_path):
    job = make_job(tmp_path, data=NoBatches, max_epochs=2, max_steps=8, every_steps=4)
    with pytest.raises(TrialFailed, match="was never measured: validation never ran"):
        train(job, report=Listener())
    job = replace(job, trainer_arguments={"limit_train_batches": 0})
    with pytest.raises(TrialFailed, match="not trained for a single epoch"):
        train(job, report=Listener())
