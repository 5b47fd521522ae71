"""A network and data so small that a fit takes a moment, with every source of randomness."""

from __future__ import annotations

import random

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from raysearch.data.loaders import TensorLoader
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective

LOSS = Objective(metric="val/loss", direction="minimize")


class Net(pl.LightningModule):
    """Two layers with dropout and batch normalisation, whose every epoch draws from everywhere."""

    def __init__(self, width=8, learning_rate=0.05, schedule="none"):
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(
            nn.Linear(4, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(width, 3),
        )

    def on_train_epoch_start(self):
        self.noise = torch.rand(()).item() + random.random() + np.random.rand()  # noqa: NPY002

    def training_step(self, batch, _):
        inputs = batch[0] + 0.01 * self.noise * torch.randn_like(batch[0])
        loss = F.cross_entropy(self.layers(inputs), batch[1])
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[1]))
        return loss

    def validation_step(self, batch, _):
        self._measure(batch, "val")

    def test_step(self, batch, _):
        self._measure(batch, "test")

    def _measure(self, batch, split):
        outputs = self.layers(batch[0])
        accuracy = (outputs.argmax(1) == batch[1]).float().mean()
        loss = F.cross_entropy(outputs, batch[1])
        self.log_dict({f"{split}/loss": loss, f"{split}/accuracy": accuracy})

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate, momentum=0.9)
        schedules = torch.optim.lr_scheduler
        if self.hparams.schedule == "cosine":
            return [optimizer], [schedules.CosineAnnealingLR(optimizer, self.trainer.max_epochs)]
        if self.hparams.schedule == "one_cycle":
            n_steps = self.trainer.estimated_stepping_batches  # which makes the loaders' iterators
            schedule = schedules.OneCycleLR(optimizer, max_lr=0.1, total_steps=n_steps)
            return [optimizer], [{"scheduler": schedule, "interval": "step"}]
        if self.hparams.schedule == "plateau":
            plateau = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=0.3)
            return {"optimizer": optimizer, "lr_scheduler": plateau, "monitor": "val/loss"}
        return optimizer


class Data(pl.LightningDataModule):
    """Three clouds of points."""

    def __init__(self, batch_size=16, loader="tensors"):
        super().__init__()
        self.batch_size = batch_size
        self.loader = loader
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(90) % 3
        points = torch.randn(90, 4, generator=generator) + labels[:, None]
        self.parts = {
            "train": (points[:50], labels[:50]),
            "val": (points[50:70], labels[50:70]),
            "test": (points[70:], labels[70:]),
        }

    def train_dataloader(self):
        return self._shuffled(self.parts["train"])

    def refit_dataloader(self):
        pairs = zip(self.parts["train"], self.parts["val"], strict=True)
        return self._shuffled([torch.cat(pair) for pair in pairs])

    def val_dataloader(self):
        return DataLoader(TensorDataset(*self.parts["val"]), batch_size=self.batch_size)

    def test_dataloader(self):
        return TensorLoader(*self.parts["test"], batch_size=self.batch_size)

    def _shuffled(self, tensors):
        if self.loader == "tensors":
            return TensorLoader(*tensors, batch_size=self.batch_size, is_shuffled=True)
        dataset, size = TensorDataset(*tensors), self.batch_size
        loader = DataLoader(dataset, batch_size=size, shuffle=True)
        if self.loader == "several":
            return {"first": loader, "second": DataLoader(dataset, batch_size=7, shuffle=True)}
        return loader


class TwoLoaderNet(Net):
    """Trains on the batches of two loaders at once."""

    def training_step(self, batch, _):
        pairs = zip(batch["first"], batch["second"], strict=True)
        return super().training_step([torch.cat(pair) for pair in pairs], _)


class ManualNet(Net):
    """Two optimisers, of which one steps every other batch, and a schedule, all by hand."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, index):
        loss = super().training_step(batch, index)
        self.manual_backward(loss)
        first, second = self.optimizers()
        first.step()
        first.zero_grad()
        if index % 2:
            second.step()
            second.zero_grad()
            self.lr_schedulers().step()

    def configure_optimizers(self):
        first = torch.optim.Adam(self.layers[0].parameters(), lr=0.01)
        second = torch.optim.SGD(self.layers[-1].parameters(), lr=0.05, momentum=0.9)
        return [first, second], [torch.optim.lr_scheduler.ExponentialLR(second, 0.9)]


class SeveralValidations(Data):
    """Validates on two loaders, whose metrics Lightning then numbers."""

    def val_dataloader(self):
        return [super().val_dataloader(), DataLoader(TensorDataset(*self.parts["test"]), 7)]


class SeveralValidationsNet(Net):
    """Is told which loader a batch is from."""

    def validation_step(self, batch, _, dataloader_idx=0):
        super().validation_step(batch, dataloader_idx)


class Stream(IterableDataset):
    """Examples without end or length."""

    def __init__(self, examples):
        self.examples = examples

    def __iter__(self):
        while True:
            for index in torch.randperm(len(self.examples)).tolist():
                yield self.examples[index]


class StreamData(Data):
    """Trains on examples that come without end."""

    def train_dataloader(self):
        stream = Stream(TensorDataset(*self.parts["train"]))
        return DataLoader(stream, batch_size=self.batch_size)


def make_job(directory, *, model=Net, data=Data, **settings) -> TrainingJob:
    """Return a job that trains `model`, a class of a test, on `data`."""
    return TrainingJob(
        **{
            "trial": "0003",
            "model_class": f"{model.__module__}:{model.__qualname__}",
            "model_arguments": {},
            "data_class": f"{data.__module__}:{data.__qualname__}",
            "data_arguments": {},
            "objective": LOSS,
            "max_epochs": 4,
            "seed": 0,
            "directory": str(directory),
            **settings,
        }
    )


class Listener:
    """Receives reports, and may want no more after some epoch."""

    def __init__(self, *, stop_after=None):
        self.reports = []
        self.stop_after = stop_after

    def __call__(self, report):
        self.reports.append(report)
        return report.measurement.epoch != self.stop_after

    @property
    def measurements(self):
        return [report.measurement for report in self.reports]

    @property
    def values(self):
        return [measurement.values for measurement in self.measurements]

    @property
    def epochs(self):
        return [measurement.epoch for measurement in self.measurements]

    @property
    def saved(self):
        return [r.checkpoint.epoch for r in self.reports if r.checkpoint is not None]
