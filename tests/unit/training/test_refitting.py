"""Is a refit refused, with the reason, where it would not train what the trial trained?"""

from __future__ import annotations

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, random_split

from raysearch.errors import Unsupported
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from tests.nets import Data, Listener, Net, make_job


class PlainData(Data):
    """Two loaders over tensors, and none for a refit."""

    refit_dataloader = None

    def train_dataloader(self):
        return DataLoader(TensorDataset(*self.parts["train"]), batch_size=10, shuffle=True)


class SplitData(Data):
    """Splits when it is set up, as most tutorials do."""

    refit_dataloader = None

    def setup(self, stage):
        examples = TensorDataset(*self.parts["train"])
        self.split = random_split(examples, [40, 10], torch.Generator().manual_seed(0))

    def train_dataloader(self):
        return DataLoader(self.split[0], batch_size=10, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.split[1], batch_size=10)


@pytest.mark.parametrize(("data", "steps"), [(PlainData, 7), (SplitData, 5)])
def test_loaders_over_tensors_are_joined(tmp_path, data, steps):
    measurement = refit(make_job(tmp_path, data=data), epochs=1, path=tmp_path / "model.ckpt")
    assert measurement.step == steps


@pytest.mark.parametrize("data", [Data, PlainData])
def test_a_schedule_that_waits_for_validation_cannot_be_refitted(tmp_path, data):
    job = make_job(tmp_path, data=data, model_arguments={"schedule": "plateau"})
    with pytest.raises(Unsupported, match="its ReduceLROnPlateau acts on val/loss, which is not"):
        refit(job, epochs=2, path=tmp_path / "model.ckpt")
    assert not (tmp_path / "model.ckpt").exists()


class PlateauNet(Net):
    """Lowers its rate by what training logs, after steps or epochs."""

    def __init__(self, interval="step", monitor="loss"):
        super().__init__()
        self.plateau = {"interval": interval, "monitor": monitor, "strict": False}

    def training_step(self, batch, index):
        loss = super().training_step(batch, index)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, **self.plateau}}


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_a_schedule_that_waits_for_training_can(tmp_path, interval):
    job = make_job(tmp_path, model=PlateauNet, model_arguments={"interval": interval})
    assert refit(job, epochs=2, path=tmp_path / "model.ckpt").epoch == 2
    job = make_job(tmp_path, model=PlateauNet, model_arguments={"interval": interval} | LATE)
    with pytest.raises(Unsupported, match="acts on val/loss"):
        refit(job, epochs=2, path=tmp_path / "model.ckpt")


LATE = {"monitor": "val/loss"}


class Counting(IterableDataset):
    """Has an end, but no length."""

    def __init__(self, examples):
        self.examples = examples

    def __iter__(self):
        return iter(self.examples)


class UnsizedData(Data):
    def test_dataloader(self):
        return DataLoader(Counting(TensorDataset(*self.parts["test"])), batch_size=7)


def test_test_data_of_unknown_length_is_evaluated(tmp_path):
    job = make_job(tmp_path, data=UnsizedData, max_epochs=1)
    train(job, report=Listener())
    values = evaluate(job, checkpoint=str(tmp_path / "epoch-0001.ckpt"), split="test")
    assert set(values) == {"test/loss", "test/accuracy"}


class NoTestNet(Net):
    test_step = pl.LightningModule.test_step
    validation_step = pl.LightningModule.validation_step


class NoTestData(Data):
    test_dataloader = pl.LightningDataModule.test_dataloader
    val_dataloader = pl.LightningDataModule.val_dataloader


class EmptyTestData(Data):
    def test_dataloader(self):
        return None

    def val_dataloader(self):
        return []


@pytest.mark.parametrize(
    ("settings", "split", "reason"),
    [
        ({"model": NoTestNet}, "test", "the model has no test_step"),
        ({"model": NoTestNet}, "validation", "the model has no validation_step"),
        ({"data": NoTestData}, "test", "the data module has no test_dataloader"),
        ({"data": NoTestData}, "validation", "the data module has no val_dataloader"),
        ({"data": EmptyTestData}, "test", "test_dataloader of the data module returns None"),
        ({"data": EmptyTestData}, "validation", "val_dataloader of the data .* returns nothing"),
    ],
)
def test_a_split_that_is_not_there_is_said_to_be_missing(tmp_path, settings, split, reason):
    train(make_job(tmp_path, max_epochs=1), report=Listener())
    path = str(tmp_path / "epoch-0001.ckpt")
    with pytest.raises(Unsupported, match=reason):
        evaluate(make_job(tmp_path, **settings), checkpoint=path, split=split)
