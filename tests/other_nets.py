"""The same as in `nets`, in little, for the other namespace of Lightning."""

from __future__ import annotations

import lightning.pytorch as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    """A layer with dropout, without `save_hyperparameters`."""

    def __init__(self, width, learning_rate=0.05):
        super().__init__()
        self.learning_rate = learning_rate
        self.layers = nn.Sequential(
            nn.Linear(4, width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, 3)
        )

    def training_step(self, batch, _):
        return F.cross_entropy(self.layers(batch[0]), batch[1])

    def validation_step(self, batch, _):
        self.log("val/loss", F.cross_entropy(self.layers(batch[0]), batch[1]))

    def test_step(self, batch, _):
        self.log("test/loss", F.cross_entropy(self.layers(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate)


class DigitNet(Net):
    """For the built-in digits."""

    def __init__(self, width=8):
        super().__init__(width)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 10))


class Data(pl.LightningDataModule):
    """Three clouds of points."""

    def __init__(self, batch_size=16):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        labels = torch.arange(90) % 3
        points = torch.randn(90, 4, generator=torch.Generator().manual_seed(0)) + labels[:, None]
        self.examples = TensorDataset(points, labels)

    def train_dataloader(self):
        return self._loader(0, 50, shuffle=True)

    def val_dataloader(self):
        return self._loader(50, 70)

    def test_dataloader(self):
        return self._loader(70, 90)

    def _loader(self, start, end, *, shuffle=False):
        tensors = self.examples[start:end]
        return DataLoader(TensorDataset(*tensors), batch_size=self.batch_size, shuffle=shuffle)
