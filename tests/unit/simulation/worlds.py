"""Small worlds to search: the width of a network is the number of its trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from raysearch.engine import Plan
from raysearch.schedulers.asha import ASHA
from raysearch.simulation import Curve, Simulation, TableCurves, simulate
from raysearch.space import Bool, Choice, Float, Int, Space
from raysearch.trial import Objective, Trial
from tests.lab import ACCURACY, SPACE, Counting

MAX_EPOCHS = 27

NETWORKS = Space(
    {
        "depth": Int(1, 8),
        "learning_rate": Float(1e-4, 1e-1, log=True),
        "norm": Choice(["none", "batch", "layer"]),
        "bias": Bool(),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.0, 0.99, when={"optimizer": ["sgd"]}),
    }
)


def table(
    value_of: Callable[[int, int], float],
    *,
    seconds_of: Callable[[int], float] = lambda width: 1.0,
    rows: dict[int, Curve] | None = None,
) -> TableCurves:
    """Return the curves of all widths: value_of(width, epoch), apart from the rows given."""
    curves = {
        width: Curve(
            values={"val/accuracy": [value_of(width, e) for e in range(1, MAX_EPOCHS + 1)]},
            seconds=seconds_of(width),
        )
        for width in range(1, 101)
    }
    return TableCurves(({"width": w}, c) for w, c in {**curves, **(rows or {})}.items())


def search(curves: TableCurves, **changes: Any) -> Simulation:
    """Search widths 50 (the default), 1, 2, 3, ... by ASHA, with one worker.

    The changes are those of the plan and of the other arguments alike.
    """
    plan = {"objective": ACCURACY, "max_epochs": MAX_EPOCHS, "max_trials": 10}
    plan |= {f.name: changes.pop(f.name) for f in fields(Plan) if f.name in changes}
    settings = {"space": SPACE, "searcher": Counting(), "scheduler": asha(ACCURACY), **changes}
    return simulate(Plan(**plan), curves=curves, **settings)


def asha(objective: Objective, **settings: int) -> ASHA:
    return ASHA(objective=objective, max_epochs=MAX_EPOCHS, **settings)


def epochs(simulation: Simulation) -> list[int]:
    """Return the epochs of each trial."""
    return [trial.epochs for trial in simulation.state.trials.values()]


def facts(trial: Trial) -> tuple[Any, ...]:
    """Return all that a trial is but for who trained it when."""
    return (
        trial.id,
        trial.configuration,
        trial.origin,
        trial.status,
        trial.reason,
        trial.cause,
        trial.error,
        trial.measurements,
    )
