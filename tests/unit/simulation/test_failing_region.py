"""A region of the space that always fails ends no search, nor hides the optimum beside it."""

from __future__ import annotations

import math

import pytest

from raysearch.engine import Plan
from raysearch.imports import load_object
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers import SEARCHERS
from raysearch.searchers.repeats import without_repeats
from raysearch.simulation import Curve, simulate
from raysearch.space import Int, Space
from raysearch.trial import TrialStatus
from tests.lab import ACCURACY

pytestmark = pytest.mark.timeout(180)  # searches by a model, on a machine that others load

SPACE = Space({"x": Int(0, 14), "y": Int(0, 9)})
OPTIMUM = {"x": 5, "y": 8}
"""At the edge of the failing third, and away from the default in the middle."""
N_TRIALS = {"hyperopt": 60}
"""For what learns, which had it after 2 to 39 trials with each of 12 seeds; the others try all."""


class FailingThird:
    """Accuracies that fall with the distance from the optimum; below x = 5 there are none."""

    def __init__(self, *, raises):
        self._failing = (
            Curve(values={}, seconds=1.0, raises_in=1)
            if raises
            else Curve(values={"val/accuracy": [math.nan]}, seconds=1.0)
        )

    def curve(self, configuration, *, n_epochs):
        x, y = configuration["x"], configuration["y"]
        if x < 5:
            return self._failing
        distance = abs(x - OPTIMUM["x"]) / 10 + abs(y - OPTIMUM["y"]) / 10
        return Curve(values={"val/accuracy": [1 - distance / 2]}, seconds=1.0)


@pytest.mark.parametrize("raises", [True, False], ids=["exception", "nan"])
@pytest.mark.parametrize("name", SEARCHERS)
def test_the_optimum_beside_a_region_that_fails_is_found(name, raises):
    n_trials = N_TRIALS.get(name, SPACE.grid_size())
    settings = {"resolution": 15} if name == "grid" else {"seed": 1}
    settings |= {k: v for k, v in without_repeats({"name": name}).items() if k != "name"}
    simulation = simulate(
        Plan(objective=ACCURACY, max_epochs=1, max_trials=n_trials),
        space=SPACE,
        searcher=load_object(SEARCHERS[name])(SPACE, objective=ACCURACY, **settings),
        scheduler=NoScheduler(objective=ACCURACY, max_epochs=1),
        curves=FailingThird(raises=raises),
    )
    trials = simulation.state.trials.values()
    failed = [t for t in trials if t.status is TrialStatus.FAILED]
    assert len(trials) == n_trials
    assert all(t.configuration["x"] < 5 for t in failed)
    assert simulation.winner.configuration == OPTIMUM
    assert len(failed) == 50 or (name in N_TRIALS and failed)
