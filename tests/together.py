"""Several processes that train one job together, without Ray; and networks to train so."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from raysearch.forking import Fork
from raysearch.training.job import Rank, TrainingJob
from raysearch.training.ranks import LOOPBACK, await_ranks
from raysearch.training.run import examine, train
from tests.nets import Listener

LOADED = ("raysearch.training.fit", "raysearch.training.ranks", "tests.together")
"""What a template must import for `together`."""


class Trainee:
    """In a process of its own, one of those that train a job."""

    def await_ranks(self) -> str:
        """Listen for the others."""
        return await_ranks(LOOPBACK)

    def train(self, job: TrainingJob, *, stop_after: int | None) -> tuple[str, list[Any]]:
        """Train, and return how it ended and what was reported."""
        listener = Listener(stop_after=stop_after)
        ending = train(job, report=listener)
        return str(ending), listener.reports

    def examine(self, job: TrainingJob, *, checkpoint: str) -> Any:
        """Return the metrics of a checkpoint, and what became of each example."""
        return examine(job, checkpoint=checkpoint, split="validation")


def trained(
    template: str, job: TrainingJob, *, of: int, stop_after: int | None = None
) -> Sequence[tuple[str, list[Any]]]:
    """Train a job in several processes, and return what each of them says of it."""
    return together(template, "train", job, of=of, stop_after=stop_after)


def together(
    template: str, method: str, job: TrainingJob, *, of: int, **keywords: Any
) -> Sequence[Any]:
    """Call a method of a `Trainee` in several processes, and return what each of them returns."""
    forks = [Fork(template, f"{Trainee.__module__}:{Trainee.__name__}") for _ in range(of)]
    try:
        meeting = forks[0].call("await_ranks")
        jobs = [
            replace(job, rank=Rank(number=number, of=of, meeting=meeting)) for number in range(of)
        ]
        with ThreadPoolExecutor(of) as threads:
            calls = [
                threads.submit(fork.call, method, one, **keywords)
                for fork, one in zip(forks, jobs, strict=True)
            ]
            return [call.result(timeout=100) for call in calls]
    finally:
        for fork in forks:
            fork.close()


class Plain(pl.LightningModule):
    """Two layers, of which every example has the same effect in whichever batch it is."""

    def __init__(self, learning_rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))

    def training_step(self, batch, _):
        loss = F.cross_entropy(self.layers(batch[0]), batch[1])
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, _):
        outputs = self.layers(batch[0])
        accuracy = (outputs.argmax(1) == batch[1]).float().mean()
        self.log_dict({"val/loss": F.cross_entropy(outputs, batch[1]), "val/accuracy": accuracy})

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate, momentum=0.9)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.3)
        return {"optimizer": optimizer, "lr_scheduler": schedule, "monitor": "val/loss"}


class Clouds(pl.LightningDataModule):
    """Three clouds of points; 48 to train on, and 21 to validate on, which nothing divides."""

    def __init__(self, batch_size=16):
        super().__init__()
        self.batch_size = batch_size
        labels = torch.arange(69) % 3
        points = torch.randn(69, 4, generator=torch.Generator().manual_seed(0)) + labels[:, None]
        self.parts = {"train": (points[:48], labels[:48]), "val": (points[48:], labels[48:])}

    def train_dataloader(self):
        dataset = TensorDataset(*self.parts["train"])
        return DataLoader(dataset, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(TensorDataset(*self.parts["val"]), batch_size=10)


class InOneBatch(Clouds):
    """Has no batch size to set."""

    def __init__(self):
        super().__init__(batch_size=48)
