"""Population-based training in the words of a tuner."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.tuners import PBT

X, Y = np.zeros((8, 4)), np.arange(8) % 2
PLAIN = {"objective": "val_accuracy", "loss": "cross_entropy", "metrics": ["accuracy"]}


def build(hp):
    return nn.Sequential(nn.Linear(4, 2), nn.Dropout(hp.Float("dropout", 0.0, 0.5)))


def optimizer(parameters, hp):
    return torch.optim.SGD(parameters, lr=hp.Float("lr", 1e-3, 1e-1, sampling="log"))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def experiment(**given):
    tuner = PBT(build, max_epochs=9, population_size=4, optimizer=optimizer, **PLAIN, **given)
    return tuner.as_search((X, Y), (X, Y)).experiment


def test_a_population_changes_what_is_the_optimisers():
    found = experiment(interval=3)
    assert (found.scheduler.name, found.searcher.name) == ("pbt", "random")
    assert (found.budget.trials, found.fidelity.max_epochs) == (4, 9)
    scheduler = found.make_scheduler()
    assert scheduler.rungs == (3, 6)
    assert scheduler.mutable == ("lr",)


def test_further_parameters_are_listed():
    assert set(experiment(parameters=["lr", "dropout"]).make_scheduler().mutable) == {
        "lr",
        "dropout",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_epochs": 1}, "max_epochs is 1"),
        ({"max_epochs": 9, "population_size": 1}, "population_size is 1"),
    ],
)
def test_what_is_no_population(given, message):
    with pytest.raises(ConfigurationError, match=message):
        PBT(build, **PLAIN, **given)
