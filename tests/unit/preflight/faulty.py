"""Modules and data with one peculiarity each."""

from __future__ import annotations

import lightning.pytorch as lightning
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from tests.nets import Data, Net


class Failing(Net):
    """Raises while it trains."""

    def training_step(self, batch, _):
        raise KeyError("no such column")


class Misshapen(Net):
    """Expects five features, where there are four."""

    def __init__(self, width=8):
        super().__init__(width)
        self.layers[0] = nn.Linear(5, width)


class Unmeasured(Net):
    """Logs its validation under another name than the objective."""

    def _measure(self, batch, split):
        self.log(f"{split}_loss", F.cross_entropy(self.layers(batch[0]), batch[1]))


class Silent(Net):
    """Logs nothing at all."""

    def training_step(self, batch, _):
        return F.cross_entropy(self.layers(batch[0]), batch[1])

    def _measure(self, batch, split):
        """Say nothing."""


class Secretive(Net):
    """Keeps something in its checkpoints that only code could read back."""

    def on_save_checkpoint(self, checkpoint):
        checkpoint["secret"] = Secret()


class Secret:
    """An object that is no plain value."""


class Late(Net):
    """Makes a layer when its fit begins."""

    def setup(self, stage):
        if not hasattr(self, "late"):
            self.late = nn.Linear(3, 3)


class Hungry(Net):
    """Runs out of memory when it is wide."""

    def training_step(self, batch, _):
        if self.hparams.width > 32:
            raise MemoryError("cannot allocate 12 GB")
        return super().training_step(batch, _)


class Untested(lightning.LightningModule):
    """Of the other Lightning; without hyperparameters that are saved, and without a test."""

    def __init__(self, n_features, width=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, width), nn.ReLU(), nn.Linear(width, 3))
        self.layers[0].bias.requires_grad_(False)

    def training_step(self, batch, _):
        return F.cross_entropy(self.layers(batch[0]), batch[1])

    def validation_step(self, batch, _):
        self.log("val/loss", F.cross_entropy(self.layers(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Points(IterableDataset):
    """Points without end."""

    def __iter__(self):
        generator = torch.Generator().manual_seed(0)
        while True:
            yield torch.randn(4, generator=generator), torch.tensor(1)


class Stream(Data):
    """Trains on a stream, and has neither a test nor a way to refit."""

    refit_dataloader = None

    def train_dataloader(self):
        return DataLoader(Points(), batch_size=8)


class Chatty(Net):
    """Prints."""

    def __init__(self, width=8):
        super().__init__(width)
        print("a chatty network is built")  # noqa: T201 - that is the point of it


def train(config, report):
    """Train without Lightning."""
    report({"val/loss": config["width"]})


def no_train():
    """Take nothing."""


def build(hp):
    """Build a network of a width that is asked for."""
    return Net(hp.Int("width", 4, 64))
