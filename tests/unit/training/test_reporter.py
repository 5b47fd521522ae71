"""Are epochs measured when there is something to measure, and never by old values?"""

from __future__ import annotations

import pytest
import torch

from raysearch.errors import TrialFailed
from raysearch.training.fit import train
from raysearch.trial import Objective
from tests.nets import Data, Listener, Net, make_job


def trained(directory, *, ending="completed", **settings):
    """Return what a training reported."""
    listener = Listener()
    assert train(make_job(directory, **settings), report=listener) == ending
    return listener


def test_epochs_without_validation_are_not_reported(tmp_path):
    listener = trained(tmp_path, max_epochs=5, trainer_arguments={"check_val_every_n_epoch": 2})
    assert listener.epochs == [2, 4]
    assert listener.saved[-1] == 4  # the last one that is measured


def test_a_metric_of_training_is_measured_in_every_epoch(tmp_path):
    objective = Objective(metric="train/loss", direction="minimize")
    listener = trained(
        tmp_path, objective=objective, trainer_arguments={"check_val_every_n_epoch": 2}
    )
    assert listener.epochs == [1, 2, 3, 4]
    names = [set(values) for values in listener.values]
    assert names[0] == names[2] == {"train/loss"}  # and nothing of the validation before
    assert names[1] == names[3] == {"train/loss", "val/loss", "val/accuracy"}


class LearningNet(Net):
    """Tells what it has learnt, with losses that are chosen."""

    losses = (0.5, 0.7, 0.4, 0.4)
    told: object = None

    def validation_step(self, batch, _):
        self.log("val/loss", self.losses[self.current_epoch])

    def learnt_parameters(self):
        return {"graph": f"after {self.current_epoch + 1}"} if self.told is None else self.told


def test_what_was_learnt_is_told_of_the_best_epochs_so_far(tmp_path):
    listener = trained(tmp_path, model=LearningNet)
    told = [dict(measured.learnt) for measured in listener.measurements]
    assert told == [{"graph": "after 1"}, {}, {"graph": "after 3"}, {}]


def test_an_epoch_no_better_than_earlier_attempts_tells_nothing(tmp_path):
    listener = trained(tmp_path, model=LearningNet, best_before=0.45)
    assert [bool(measured.learnt) for measured in listener.measurements] == [False] * 2 + [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("a text", "learnt_parameters returns str. Return plain values by argument"),
        ({"graph": [1]}, r"learnt_parameters returns graph: \[1\] is a list"),
    ],
)
def test_what_is_told_must_be_plain(tmp_path, monkeypatch, told, message):
    monkeypatch.setattr(LearningNet, "told", told)
    with pytest.raises(TrialFailed, match=message):
        trained(tmp_path, model=LearningNet)


class SparseNet(Net):
    """Logs its accuracy in the first epoch only."""

    def validation_step(self, batch, _):
        self.log("val/loss", self.layers(batch[0]).mean())
        if self.current_epoch == 0:
            self.log("val/accuracy", 0.9)


def test_an_old_value_is_not_reported_as_new(tmp_path):
    accuracy = Objective(metric="val/accuracy", direction="maximize")
    listener = trained(tmp_path, model=SparseNet, objective=accuracy, max_epochs=2)
    assert listener.epochs == [1, 2]  # also where the objective is missing: somebody must say so
    assert "val/accuracy" in listener.values[0]
    assert "val/accuracy" not in listener.values[1]


class CountingNet(Net):
    """Logs how often it was validated."""

    def on_fit_start(self):
        self.validations = 0

    def on_validation_epoch_end(self):
        self.validations += 1
        self.log("val/loss", float(self.validations))

    def validation_step(self, batch, _):
        pass


def test_of_several_validations_in_an_epoch_the_last_one_counts(tmp_path):
    listener = trained(
        tmp_path, model=CountingNet, max_epochs=2, trainer_arguments={"val_check_interval": 0.5}
    )
    assert [values["val/loss"] for values in listener.values] == [2.0, 4.0]


def test_a_sanity_check_is_no_validation(tmp_path):
    arguments = {"num_sanity_val_steps": 2, "check_val_every_n_epoch": 2}
    listener = trained(tmp_path, max_epochs=3, trainer_arguments=arguments)
    assert listener.epochs == [2]


class TrainingNet(Net):
    """Has no validation."""

    validation_step = Net.__bases__[0].validation_step


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
def test_a_model_without_validation_reports_every_epoch(tmp_path):
    listener = trained(tmp_path, model=TrainingNet)
    assert listener.epochs == [1, 2, 3, 4]
    assert set(listener.values[0]) == {"train/loss"}


def test_a_limit_of_validation_batches_counts(tmp_path):
    whole = trained(tmp_path / "a", max_epochs=1)
    part = trained(tmp_path / "b", max_epochs=1, trainer_arguments={"limit_val_batches": 1})
    assert whole.values[0]["train/loss"] == part.values[0]["train/loss"]
    assert whole.values[0]["val/loss"] != part.values[0]["val/loss"]


class EmptyValidation(Data):
    def val_dataloader(self):
        return []


@pytest.mark.filterwarnings("ignore:Total length of `list`")
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (
            {"trainer_arguments": {"check_val_every_n_epoch": 9}},
            r"validation runs every 9 epochs \(trainer.check_val_every_n_epoch\), and 4 were train",
        ),
        ({"data": EmptyValidation}, "validation never ran. Does val_dataloader of tests.unit"),
    ],
)
def test_a_training_without_any_measurement_says_why(tmp_path, settings, why):
    with pytest.raises(TrialFailed, match=rf"Trial 0003 \(tests.nets:Net\) was never.*{why}"):
        train(make_job(tmp_path, **settings), report=Listener())


class MidEpochNet(Net):
    """Stops itself in the middle of its second epoch."""

    def on_train_batch_end(self, outputs, batch, index):
        if self.current_epoch == 1 and index == 1:
            self.trainer.should_stop = True


def test_an_epoch_that_is_cut_short_is_measured(tmp_path):
    listener = trained(tmp_path, model=MidEpochNet, max_epochs=9, ending="ended early")
    assert [(m.epoch, m.step) for m in listener.measurements] == [(1, 4), (2, 6)]
    assert listener.saved[-1] == 2


def test_intervals_of_checkpoints_hold_for_epochs_that_are_measured(tmp_path):
    listener = trained(
        tmp_path,
        max_epochs=9,
        best_before=-1.0,
        checkpoint_every_epochs=3,
        trainer_arguments={"check_val_every_n_epoch": 2},
    )
    assert listener.epochs == [2, 4, 6, 8]
    assert listener.saved == [4, 6, 8]  # after 3, 6 and last


def test_checkpoints_of_measured_epochs_hold_their_weights(tmp_path):
    listener = trained(tmp_path, max_epochs=3, trainer_arguments={"check_val_every_n_epoch": 2})
    (report,) = listener.reports
    saved = torch.load(tmp_path / report.checkpoint.path, weights_only=True)
    assert (saved["epoch"], saved["global_step"]) == (1, report.measurement.step)
