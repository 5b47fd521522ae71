"""What would a search do, if training took no time? The same engine, on curves that are known.

    accuracy = Objective(metric="val/accuracy", direction="maximize")
    simulation = simulate(
        Plan(objective=accuracy, max_epochs=27, max_trials=200),
        space=space,
        searcher=Random(space, objective=accuracy, seed=0),
        scheduler=ASHA(objective=accuracy, max_epochs=27),
        curves=ParametricCurves(space, objective=accuracy, seed=0),
        n_workers=8,
    )
    simulation.winner, simulation.state.seconds, simulation.state.epochs

Searcher, scheduler, budgets and journal are those of a real search; only workers and time are not.
"""

from __future__ import annotations

from raysearch.simulation.conditions import Conditions
from raysearch.simulation.curves import Curve, Curves, TableCurves, Together
from raysearch.simulation.incumbents import Incumbent, incumbents
from raysearch.simulation.parametric import CurveSettings, ParametricCurves
from raysearch.simulation.recorded import RecordedCurves
from raysearch.simulation.simulate import Simulation, simulate
from raysearch.simulation.usage import Usage

__all__ = [
    "Conditions",
    "Curve",
    "CurveSettings",
    "Curves",
    "Incumbent",
    "ParametricCurves",
    "RecordedCurves",
    "Simulation",
    "TableCurves",
    "Together",
    "Usage",
    "incumbents",
    "simulate",
]
