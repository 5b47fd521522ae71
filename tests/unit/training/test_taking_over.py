"""After a checkpoint of somebody else, optimisers and schedules use their own numbers, exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau, StepLR

from raysearch.training.fit import refit, train
from raysearch.training.job import Stage
from tests.nets import Data, Listener, make_job

EPOCHS = 6


class Net(pl.LightningModule):
    """With an optimiser and a schedule of choice."""

    def __init__(self, *, lr=0.1, momentum=0.0, decay=0.0, schedule="none", every=2):
        super().__init__()
        self.save_hyperparameters()
        self.every = every
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, _):
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch, _):
        self.log("val/loss", self.training_step(batch, _))

    def configure_optimizers(self):
        given = self.hparams
        optimizer = torch.optim.SGD(
            self.parameters(), lr=given.lr, momentum=given.momentum, weight_decay=given.decay
        )
        schedules = {
            "step": lambda: StepLR(optimizer, given.every, gamma=0.5),
            "cosine": lambda: {
                "scheduler": CosineAnnealingLR(
                    optimizer, int(self.trainer.estimated_stepping_batches)
                ),
                "interval": "step",
            },
            "plateau": lambda: {
                "scheduler": ReduceLROnPlateau(optimizer, patience=99),
                "monitor": "val/loss",
            },
        }
        if given.schedule == "none":
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": schedules[given.schedule]()}


def job(tmp_path, trial, **arguments):
    return make_job(
        tmp_path / trial,
        model=Net,
        data=Data,
        trial=trial,
        model_arguments=arguments,
        max_epochs=EPOCHS,
        checkpoint_every_epochs=1,
        reads_back=("lr", "momentum", "every"),
    )


def trained(job, *, until=None):
    listener = Listener(stop_after=until)
    train(job, report=listener, may_run_ahead=False)
    return listener


def exploited(tmp_path, *, at=3, before, after, data=None):
    """Train to an epoch with some numbers, then on with others; return what was applied."""
    first = job(tmp_path, "0001", **before)
    listener = trained(first, until=at)
    path = Path(first.directory) / listener.reports[-1].checkpoint.path
    second = replace(
        job(tmp_path, "0002", **after),
        resume_from=str(path),
        takes_over=True,
        epochs_before=at,
        data_arguments=data or {},
    )
    return {m.epoch: m.applied for m in trained(second).measurements}


def rates(tmp_path, **arguments):
    """Return the learning rate at the start of each epoch of a trial of its own."""
    measured = trained(job(tmp_path, "0000", **arguments)).measurements
    return {m.epoch: m.applied["learning_rate"] for m in measured}


@pytest.mark.parametrize("schedule", ["none", "step", "cosine"])
def test_the_rate_is_that_of_a_trial_that_always_had_it(tmp_path, schedule):
    after = {"lr": 0.0312345678901234, "schedule": schedule, "momentum": 0.5, "decay": 0.01}
    found = exploited(tmp_path, before={"lr": 0.2, "schedule": schedule}, after=after)
    own = rates(tmp_path, **after)
    assert {epoch: a["learning_rate"] for epoch, a in found.items()} == {
        epoch: own[epoch] for epoch in (4, 5, 6)
    }
    assert {a["base_learning_rate"] for a in found.values()} == {after["lr"]}
    assert {a["momentum"] for a in found.values()} == {0.5}
    assert {a["weight_decay"] for a in found.values()} == {0.01}


def test_without_it_the_old_rate_would_rule(tmp_path):
    """The trap that this is about: Lightning restores the optimiser of whoever wrote the file."""
    first = job(tmp_path, "0001", lr=0.2)
    listener = trained(first, until=3)
    path = Path(first.directory) / listener.reports[-1].checkpoint.path
    second = replace(
        job(tmp_path, "0002", lr=0.01), resume_from=str(path), takes_over=False, epochs_before=3
    )
    assert {m.applied["learning_rate"] for m in trained(second).measurements} == {0.2}


def test_another_schedule_takes_effect(tmp_path):
    after = {"lr": 0.05, "schedule": "step", "every": 1}
    found = exploited(tmp_path, before={"lr": 0.2, "schedule": "step", "every": 5}, after=after)
    assert found[4]["learning_rate"] == 0.05 * 0.5**3
    assert found[4]["every"] == 1  # an attribute of the module is read where nothing tells it


def test_a_schedule_that_was_not_there_begins_where_it_would_stand(tmp_path):
    after = {"lr": 0.05, "schedule": "cosine"}
    found = exploited(tmp_path, before={"lr": 0.2}, after=after)
    own = rates(tmp_path, **after)
    assert found[4]["learning_rate"] == own[4]


def test_a_schedule_that_is_there_no_more_leaves_no_trace(tmp_path):
    found = exploited(tmp_path, before={"lr": 0.2, "schedule": "cosine"}, after={"lr": 0.05})
    assert {a["learning_rate"] for a in found.values()} == {0.05}
    assert {a["base_learning_rate"] for a in found.values()} == {0.05}


def test_a_schedule_that_waits_for_a_metric_begins_at_the_new_rate(tmp_path):
    found = exploited(
        tmp_path,
        before={"lr": 0.2, "schedule": "plateau"},
        after={"lr": 0.05, "schedule": "plateau"},
    )
    assert {a["learning_rate"] for a in found.values()} == {0.05}


def test_what_training_learnt_is_kept(tmp_path):
    """Weights go on from the checkpoint: with a rate of almost nothing they stay as they were."""
    first = job(tmp_path, "0001", lr=0.2)
    listener = trained(first, until=3)
    path = Path(first.directory) / listener.reports[-1].checkpoint.path
    second = replace(
        job(tmp_path, "0002", lr=1e-12), resume_from=str(path), takes_over=True, epochs_before=3
    )
    last = trained(second).reports[-1].checkpoint
    old = torch.load(path)["state_dict"]["layer.weight"]
    new = torch.load(Path(second.directory) / last.path)["state_dict"]["layer.weight"]
    assert torch.allclose(old, new, atol=1e-9)


def test_a_refit_repeats_the_schedule_of_hyperparameters(tmp_path):
    last = replace(
        job(tmp_path, "0002", lr=0.05, schedule="cosine"),
        history=(
            Stage(until=2, model_arguments={"lr": 0.2}, data_arguments={}),
            Stage(until=3, model_arguments={"lr": 0.1}, data_arguments={}),
        ),
    )
    path = tmp_path / "model.ckpt"
    measurement = refit(last, epochs=5, path=path)
    own = rates(tmp_path, lr=0.05, schedule="cosine")
    assert measurement.epoch == 5
    assert measurement.applied["learning_rate"] == own[5]
    found = torch.load(path)
    assert found["hyper_parameters"]["lr"] == 0.05
    assert found["epoch"] == 4  # counted from 0
    assert [file.name for file in tmp_path.glob("model*")] == ["model.ckpt"]
