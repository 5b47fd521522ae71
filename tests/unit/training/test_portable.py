"""Does every checkpoint open with plain Lightning, whatever the model saved?"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from raysearch.training.evaluating import evaluate
from raysearch.training.fit import train
from raysearch.training.portable import plain_value, portable
from tests import nets, other_nets
from tests.nets import Listener, make_job


class LossNet(nets.Net):
    """Saves a loss module, a class and a NumPy number among its hyperparameters."""

    def __init__(self, width, loss=None, rate=0.1, *, optimizer="SGD", extra=None):
        loss = loss or nn.CrossEntropyLoss()
        rate = np.float64(rate)
        optimizer = getattr(torch.optim, optimizer)
        pl.LightningModule.__init__(self)
        self.save_hyperparameters()
        self.hparams.learning_rate, self.hparams.schedule = 0.1, "none"
        self.layers = nn.Linear(4, width)


class IgnoringNet(nets.Net):
    """Saves one of its arguments only."""

    def __init__(self, width, depth):
        pl.LightningModule.__init__(self)
        self.save_hyperparameters({"width": width, "learning_rate": 0.1, "schedule": "none"})
        self.layers = nn.Linear(4, width * depth)


class DictNet(nets.Net):
    """Takes all its settings in one dictionary."""

    def __init__(self, settings):
        pl.LightningModule.__init__(self)
        self.save_hyperparameters(settings)
        self.hparams.learning_rate, self.hparams.schedule = 0.1, "none"
        self.layers = nn.Linear(4, settings["width"])


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (other_nets.Net, {"width": 5}),
        (LossNet, {"width": 5, "optimizer": "Adam"}),
        (IgnoringNet, {"width": 5, "depth": 2}),
        (DictNet, {"settings": {"width": 5}}),
    ],
)
def test_checkpoints_open_with_plain_lightning(tmp_path, model, arguments):
    job = make_job(
        tmp_path,
        model=model,
        model_arguments=arguments,
        data=other_nets.Data if model is other_nets.Net else nets.Data,
        max_epochs=1,
    )
    train(job, report=Listener())
    path = tmp_path / "epoch-0001.ckpt"
    opened = model.load_from_checkpoint(path, weights_only=True)
    saved = torch.load(path, weights_only=True)["state_dict"]
    assert all(torch.equal(opened.state_dict()[name], saved[name]) for name in saved)
    assert evaluate(job, checkpoint=str(path), split="validation")["val/loss"] > 0


def test_what_is_not_plain_gives_way_to_the_argument_or_is_left_out(tmp_path):
    job = make_job(tmp_path, model=LossNet, model_arguments={"width": 5, "optimizer": "Adam"})
    saved = {"width": 5, "rate": np.float64(0.25), "loss": nn.L1Loss(), "optimizer": nn.Linear}
    assert portable({"hyper_parameters": saved}, job=job)["hyper_parameters"] == {
        "width": 5,
        "rate": 0.25,
        "optimizer": "Adam",
    }


def test_the_data_modules_values_are_made_plain_too(tmp_path):
    job = make_job(tmp_path, data_arguments={"batch_size": 16})
    saved = {"batch_size": np.int64(17), "transform": nn.Identity(), "shuffle": True}
    made = portable({"datamodule_hyper_parameters": saved}, job=job)
    assert made["datamodule_hyper_parameters"] == {"batch_size": 16, "shuffle": True}


def test_the_users_dictionary_is_not_changed(tmp_path):
    saved = {"hyper_parameters": {"loss": nn.L1Loss()}, "hparams_type": dict}
    made = portable(saved, job=make_job(tmp_path))
    assert set(saved) == {"hyper_parameters", "hparams_type"}
    assert made == {"hyper_parameters": {}, "raysearch": {"class": "tests.nets:Net"}}


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        ([1, (2, "a"), {"b": None}], [1, (2, "a"), {"b": None}]),
        (OrderedDict(a=np.int64(1)), {"a": 1}),
        (torch.float16, torch.float16),
        (torch.Size([2]), torch.Size([2])),
    ],
)
def test_plain_values(value, plain):
    made = plain_value(value)
    assert made == plain
    assert type(made) is type(plain)


@pytest.mark.parametrize("value", [nn.ReLU(), nn.ReLU, Colour.RED, [nn.ReLU()], {"a": len}])
def test_everything_else_is_none(value):
    assert repr(plain_value(value)).startswith("<object object")
