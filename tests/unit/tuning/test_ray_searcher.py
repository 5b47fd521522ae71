"""Does a searcher of Ray Tune's take part as any other does?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ray.tune.search import Searcher as RayBase

from raysearch.engine import Plan
from raysearch.errors import ConfigurationError, SearchAborted, UnsuitableSpace
from raysearch.experiment import from_settings
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers import EXHAUSTED, WAIT
from raysearch.searchers.random import Random
from raysearch.simulation import ParametricCurves, simulate
from raysearch.space import Bool, Choice, Fixed, Float, Graph, Int, Space
from raysearch.trial import Measurement, Objective, Trial, TrialStatus, trial_id
from raysearch.tuning.ray_searcher import RaySearcher

pytestmark = pytest.mark.timeout(120)  # the imports of ray.tune and hyperopt

HYPEROPT = "ray.tune.search.hyperopt:HyperOptSearch"
OPTUNA = "ray.tune.search.optuna:OptunaSearch"
HERE = "tests.unit.tuning.test_ray_searcher"
LOSS = Objective(metric="val/loss", direction="minimize")
FLAT = Space(
    {
        "width": Int(8, 64, step=8),
        "rate": Float(1e-4, 1e-1, log=True),
        "norm": Choice(["none", "batch", None]),
        "bias": Bool(),
        "level": Choice(["low", "mid", "high"], ordered=True),
        "epsilon": Fixed(1e-8),
    }
)


def method(class_path=HYPEROPT, space=FLAT, *, objective=LOSS, seed=0, **args):
    return RaySearcher(space, objective=objective, seed=seed, class_path=class_path, args=args)


def ended(number, configuration, value, *, status=TrialStatus.COMPLETED):
    measured = Measurement(epoch=9, step=90, values={"val/loss": value}, seconds=1.0)
    return Trial(
        id=trial_id(number),
        number=number,
        configuration=configuration,
        status=status,
        measurements=(measured,),
    )


def history(n_trials, *, space=FLAT):
    """Trials that are the better the nearer their rate is to 0.01; every seventh failed."""
    rng = np.random.default_rng(0)
    trials = []
    for number in range(n_trials):
        configuration = space.sample(rng)
        loss = abs(np.log10(configuration["rate"]) + 2)
        is_bad = number % 7 == 3
        status = TrialStatus.FAILED if is_bad else TrialStatus.COMPLETED
        trials.append(ended(number, configuration, None if is_bad else float(loss), status=status))
    return trials


def told(searcher, trials):
    for trial in trials:
        searcher.observe(trial)
    return searcher


@pytest.mark.parametrize("class_path", [HYPEROPT, OPTUNA])
def test_it_learns_from_trials_that_it_did_not_suggest(class_path):
    trials = history(40)
    made = [
        told(method(class_path, seed=seed), trials).suggest(number=40, pending=[])
        for seed in range(6)
    ]
    distances = [abs(np.log10(found.configuration["rate"]) + 2) for found in made]
    assert np.median(distances) < 0.5  # 0.9 on average for random ones
    assert all(FLAT.contains(found.configuration) for found in made)
    assert made[0].origin == {"kind": class_path.partition(":")[2]}


@pytest.mark.parametrize("class_path", [HYPEROPT, OPTUNA])
def test_a_suggestion_depends_on_number_seed_and_trials_alone(class_path):
    trials = history(24)
    pending = [replace(t, status=TrialStatus.RUNNING, measurements=()) for t in trials[20:]]
    one = told(method(class_path), trials[:20])
    first = [one.suggest(number=n, pending=pending) for n in (30, 31, 32)]
    fresh = told(method(class_path), trials[:20])
    assert fresh.suggest(number=32, pending=pending) == first[2]  # as after a resume
    assert len({str(found.configuration) for found in first}) == 3
    other = told(method(class_path, seed=1), trials[:20])
    assert other.suggest(number=32, pending=pending) != first[2]


def test_nothing_is_suggested_twice_until_all_was_tried():
    space = Space({"bias": Bool(), "depth": Int(1, 3)})
    searcher, seen = method(space=space), []
    while (found := searcher.suggest(number=len(seen) + 1, pending=[])) is not EXHAUSTED:
        seen.append(found.configuration)
        searcher.observe(ended(len(seen), found.configuration, 0.1 * len(seen)))
    assert len(seen) == 6 == len({str(each) for each in seen})


def test_a_space_of_one_configuration_is_exhausted_at_once():
    searcher = method(space=Space({"epsilon": Fixed(1e-8)}))
    assert searcher.suggest(number=1, pending=[ended(0, {"epsilon": 1e-8}, None)]) is EXHAUSTED


def test_a_search_of_it_is_better_than_a_random_one():
    space = Space({"rate": Float(1e-4, 1e-1, log=True), "width": Int(1, 64), "bias": Bool()})
    accuracy = Objective(metric="val/accuracy", direction="maximize")
    found = {"hyperopt": 0.0, "random": 0.0}
    for seed in range(3):
        curves = ParametricCurves(space, objective=accuracy, seed=seed)
        searchers = {
            "hyperopt": method(space=space, objective=accuracy, seed=seed, n_initial_points=8),
            "random": Random(space, objective=accuracy, seed=seed),
        }
        for name, searcher in searchers.items():
            simulation = simulate(
                Plan(objective=accuracy, max_epochs=3, max_trials=40),
                space=space, searcher=searcher, curves=curves, n_workers=2,
                scheduler=NoScheduler(objective=accuracy, max_epochs=3),
            )  # fmt: skip
            found[name] += simulation.winner.value(accuracy)
    assert found["hyperopt"] > found["random"]


class Waiting(RayBase):
    """Suggests the points that it is given, and then says something else than a configuration."""

    def __init__(self, answer=None, points_to_evaluate=None, skips=False):
        super().__init__()
        self.answer = answer
        self.points = [] if skips else list(points_to_evaluate or [])

    def set_search_properties(self, metric, mode, config, **spec):
        return self.answer != "no"

    def suggest(self, trial_id):
        if self.answer == "raise":
            raise ValueError("out of ideas")
        return self.points.pop(0) if self.points else self.answer

    def on_trial_complete(self, trial_id, result=None, error=False):
        assert error == (result is None)


class Deaf(RayBase):
    """Cannot be told of points."""


def test_what_ray_says_in_place_of_a_suggestion_is_understood():
    waits, is_done = method(f"{HERE}:Waiting"), method(f"{HERE}:Waiting", answer="FINISHED")
    for searcher in (waits, is_done):
        told(searcher, history(8))
    assert waits.suggest(number=9, pending=[]) is WAIT
    assert is_done.suggest(number=9, pending=[]) is EXHAUSTED


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"answer": "raise"}, "Waiting raised ValueError when it was asked for trial 9: out of"),
        ({"skips": True}, "not the first of points_to_evaluate that is left"),
    ],
)
def test_what_it_does_wrong_ends_the_search_with_a_way_out(args, message):
    searcher = told(method(f"{HERE}:Waiting", **args), history(2))
    with pytest.raises(SearchAborted, match=message) as caught:
        searcher.suggest(number=9, pending=[])
    assert "`resume` with another one, such as searcher=auto" in str(caught.value)


@pytest.mark.parametrize(
    ("class_path", "args", "message"),
    [
        (f"{HERE}:Deaf", {}, "Deaf has no argument points_to_evaluate, so it cannot be told"),
        (f"{HERE}:Waiting", {"answer": "no"}, "Waiting does not take the space or the objective"),
        (HYPEROPT, {"random_state_seed": 3}, "searcher.args.random_state_seed is given by"),
        (HYPEROPT, {"metric": "loss"}, "searcher.args.metric is given by raysearch"),
        ("ray.tune.schedulers:ASHAScheduler", {}, "does not derive from ray.tune.search.*Searcher"),
    ],
)
def test_what_cannot_take_part_is_refused(class_path, args, message):
    with pytest.raises(ConfigurationError, match=message):
        method(class_path, **args)


def test_spaces_that_are_not_flat_are_refused_with_what_can_be_done():
    conditional = Space({"kind": Choice(["a", "b"]), "x": Float(0, 1, when={"kind": "a"})})
    with pytest.raises(UnsuitableSpace, match="HyperOptSearch cannot search this space: x has"):
        method(space=conditional)
    with pytest.raises(UnsuitableSpace, match="graph has values without a place"):
        method(space=Space({"graph": Graph(2, 1)}))
    document = {
        "data": "digits",
        "model": ["mlp", "cnn"],
        "objective": "val/accuracy",
        "fidelity": {"max_epochs": 9},
        "searcher": {"class": HYPEROPT, "args": {"n_initial_points": 5}},
    }
    with pytest.raises(
        ConfigurationError, match=r"a condition.*search one model.*Methods that can"
    ):
        from_settings(document)
    space = {"optimizer": "adamw", "loss": "cross_entropy", "schedule": "cosine"}
    experiment = from_settings({**document, "model": "mlp", "space": space})
    assert experiment.settings["searcher"] == document["searcher"]
    assert from_settings(experiment.settings) == experiment
    searcher = experiment.make_searcher()
    assert isinstance(searcher, RaySearcher)
    assert experiment.space.contains(searcher.suggest(number=1, pending=[]).configuration)
