"""Does a search by Ray's own go on, from wherever its journal ends, as if it had never stopped?"""

from __future__ import annotations

import pytest

from raysearch.engine import Plan
from raysearch.schedulers import Scheduler
from raysearch.simulation import ParametricCurves, Simulation, simulate
from raysearch.space import Bool, Float, Int, Space
from raysearch.trial import TrialStatus
from raysearch.tuning.ray_scheduler import RayScheduler
from raysearch.tuning.ray_searcher import RaySearcher
from tests.lab import ACCURACY

pytestmark = pytest.mark.timeout(120)  # the imports of ray.tune and hyperopt

SPACE = Space({"rate": Float(1e-4, 1e-1, log=True), "depth": Int(1, 8), "bias": Bool()})
POLICIES = {
    "ASHAScheduler": {"reduction_factor": 3, "brackets": 2},
    "MedianStoppingRule": {
        "time_attr": "training_iteration", "grace_period": 2, "min_samples_required": 2,
    },
}  # fmt: skip


def policy(name: str) -> Scheduler:
    path = f"ray.tune.schedulers:{name}"
    return RayScheduler(objective=ACCURACY, max_epochs=9, class_path=path, args=POLICIES[name])


def searched(name: str, events=()) -> Simulation:
    return simulate(
        Plan(objective=ACCURACY, max_epochs=9, max_trials=12),
        space=SPACE,
        searcher=RaySearcher(
            SPACE,
            objective=ACCURACY,
            class_path="ray.tune.search.hyperopt:HyperOptSearch",
            args={"n_initial_points": 4},
        ),
        scheduler=policy(name),
        curves=ParametricCurves(SPACE, objective=ACCURACY, seed=0),
        events=events,
    )


def found(simulation: Simulation):
    return [
        (t.configuration, t.origin, t.status, t.reason, [m.values for m in t.measurements])
        for t in simulation.state.trials.values()
    ]


@pytest.mark.parametrize("name", POLICIES)
def test_from_any_prefix_it_goes_on_to_the_same_end(name):
    whole = searched(name)
    trials = list(whole.state.trials.values())
    assert {trial.origin["kind"] for trial in trials} == {"default", "HyperOptSearch"}
    reasons = [trial.reason for trial in trials if trial.status is TrialStatus.STOPPED]
    assert reasons
    assert all(f"Ray's {name} stopped it after epoch" in str(reason) for reason in reasons)
    for end in range(1, len(whole.events) + 1, 23):
        again = searched(name, events=whole.events[:end])
        assert found(again) == found(whole), whole.events[end - 1]
