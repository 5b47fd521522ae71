"""Models and data as a user would write them, which the wrong files name."""

from __future__ import annotations

import pytorch_lightning as pl


class Net(pl.LightningModule):
    def __init__(self, hidden, depth=2, learning_rate=1e-3):
        super().__init__()
        self.save_hyperparameters()


class Data(pl.LightningDataModule):
    def __init__(self, folder="data", batch_size=32):
        super().__init__()
        self.save_hyperparameters()


def train(config, report):
    report({"loss": config["learning_rate"]})
