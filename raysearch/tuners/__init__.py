"""Keras Tuner's way to search, for PyTorch and Lightning.

    from raysearch.tuners import Hyperband

    def build(hp):
        units = hp.Int("units", 32, 512, step=32)
        return nn.Sequential(nn.Linear(30, units), nn.ReLU(), nn.Linear(units, 2))

    tuner = Hyperband(
        build, objective="val_accuracy", max_epochs=10, loss="cross_entropy", metrics=["accuracy"]
    )
    tuner.search((x_train, y_train), (x_val, y_val), callbacks=[EarlyStopping("val_loss")])
    best = tuner.get_best_hyperparameters()[0]
    model = tuner.hypermodel.build(best)

`build` returns a LightningModule, or a plain network as here. The engine is that of
`raysearch.Search`: trials run in parallel, a search can be resumed and runs on a cluster, and its
run directory is one like any other.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raysearch.tuners.entries import HyperParameter, Parent
    from raysearch.tuners.hypermodel import HyperModel
    from raysearch.tuners.hyperparameters import HyperParameters
    from raysearch.tuners.methods import (
        ASHA,
        BayesianOptimization,
        Evolution,
        GridSearch,
        Hyperband,
        HyperOpt,
        RandomSearch,
    )
    from raysearch.tuners.objective import Objective
    from raysearch.tuners.population import PBT
    from raysearch.tuners.tuner import Tuner

_HOMES = {
    "ASHA": "methods",
    "BayesianOptimization": "methods",
    "Evolution": "methods",
    "GridSearch": "methods",
    "HyperModel": "hypermodel",
    "HyperOpt": "methods",
    "HyperParameter": "entries",
    "HyperParameters": "hyperparameters",
    "Hyperband": "methods",
    "Objective": "objective",
    "PBT": "population",
    "Parent": "entries",
    "RandomSearch": "methods",
    "Tuner": "tuner",
}

__all__ = [
    "ASHA",
    "PBT",
    "BayesianOptimization",
    "Evolution",
    "GridSearch",
    "HyperModel",
    "HyperOpt",
    "HyperParameter",
    "HyperParameters",
    "Hyperband",
    "Objective",
    "Parent",
    "RandomSearch",
    "Tuner",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'raysearch.tuners' has no attribute {name!r}")
    return getattr(importlib.import_module(f"raysearch.tuners.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
