"""Is what is trained, refitted and tested the same wherever the examples lie?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.nn import functional as F

from raysearch.data.room import SHARE
from raysearch.data.series.module import Data
from raysearch.data.tensors import prepared_splits
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from tests.nets import LOSS, Listener, make_job

WINDOW = 256
ARGUMENTS = {"batch_size": 100, "window": WINDOW, "horizon": 1}


class Line(pl.LightningModule):
    """Forecasts the next step of a series as a sum over the steps before it."""

    def __init__(self):
        super().__init__()
        self.save_hyperparameters()
        self.line = torch.nn.Linear(WINDOW, 1)

    def training_step(self, batch, _):
        return self._loss(batch)

    def validation_step(self, batch, _):
        self.log("val/loss", self._loss(batch))

    def test_step(self, batch, _):
        self.log("test/loss", self._loss(batch))

    def _loss(self, batch):
        inputs, targets = batch
        return F.mse_loss(self.line(inputs.flatten(1)), targets)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


@pytest.fixture
def path(tmp_path):
    """A file whose windows take 1.8 MiB, so that they are mapped."""
    steps = np.sin(np.arange(2000) / 9) + np.arange(2000) % 7 / 10
    np.savez(tmp_path / "series.npz", inputs=steps.astype(np.float32)[None, None])
    return str(tmp_path / "series.npz")


@pytest.mark.timeout(120)  # three fits, each with a refit and a test
def test_what_is_larger_than_its_share_of_the_memory_trains_as_what_is_in_memory(
    path, tmp_path, monkeypatch
):
    came_to = {}
    for way in ("read", "mapped", "streamed"):
        folder = tmp_path / way
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(folder / "cache"))
        monkeypatch.setenv(SHARE, "0" if way == "streamed" else "1")
        limit = math.inf if way == "read" else 2**20
        monkeypatch.setattr("raysearch.data.archive.MAPPED_FROM", limit)
        prepared_splits.cache_clear()
        assert Data(path=path, **ARGUMENTS)._splits().is_streamed == (way == "streamed")
        job = make_job(
            folder,
            model=Line,
            model_arguments={},
            data=Data,
            data_arguments={"path": path, **ARGUMENTS},
            objective=LOSS,
            max_epochs=2,
        )
        listener = Listener()
        train(job, report=listener)
        refit(job, epochs=1, path=folder / "model.ckpt")
        tested = evaluate(job, checkpoint=str(folder / "model.ckpt"), split="test")
        weights = torch.load(folder / "model.ckpt", weights_only=True)["state_dict"]
        measured = [dict(report.measurement.values) for report in listener.reports]
        came_to[way] = (measured, tested, {k: v.tolist() for k, v in weights.items()})
    assert len(came_to["read"][0]) == 2
    assert came_to["mapped"] == came_to["read"]
    assert came_to["streamed"] == came_to["read"]
    assert not list((tmp_path / "streamed" / "cache").glob("**/*.tmp"))
