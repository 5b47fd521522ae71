"""Is the recipe that is chosen one that stays good when it is trained again?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.compression.bound import COST, DROP_ERROR, LATENCY, LATENCY_1, SIZE, Bound
from raysearch.compression.confirming import MOST, choose
from raysearch.compression.losing import drop_error
from raysearch.compression.recipe import recipe_space
from raysearch.engine import Engine, Plan
from raysearch.run_dir import events as ev
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers.random import Random
from raysearch.training.outcomes import Outcomes, plain_name, scores_of
from raysearch.trial import Checkpoint, Measurement, Objective
from tests.lab import Lab

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
COST_OBJECTIVE = Objective(metric=COST, direction="minimize")
ORIGINAL = {"val/accuracy": 0.99, SIZE: 1000.0, LATENCY: 4.0, LATENCY_1: 2.0}
TRAINED = {"method": "channels", "keep": 0.5, "epochs": 1, "int8": "none"}
STORED = {"method": "none", "int8": "weights"}


def known(*wrong, n=359):
    """Return what a model does that has these examples wrong."""
    chosen = np.zeros(n, dtype=np.int64)
    chosen[list(wrong)] = 1
    return Outcomes(
        task="classification", truth=np.zeros(n, dtype=np.int64), chosen=chosen, losses=np.zeros(n)
    )


def error(*smaller, original=(0, 1)):
    return error_of(known(*original), [known(*wrong) for wrong in smaller])


def error_of(original, smaller, metric="val/accuracy"):
    """Return the error where the metric is the one of its name."""
    score = scores_of(smaller[-1]).get(plain_name(metric))
    value = float(score(np.ones((1, smaller[-1].n)))[0]) if score else 0.5
    return drop_error(original, smaller, metric=metric, value=value)


def test_models_that_differ_on_more_examples_are_less_sure_to_be_equally_good():
    same, swapped, more = error((0, 1)), error((0, 2)), error((2, 3))
    assert 0.002 < same < swapped < more  # all of them have two wrong
    assert same == pytest.approx(1 / 359.5, rel=1e-2)
    assert error((0, 2), (0, 1)) < swapped  # the same example, in one of two trainings


def test_the_error_covers_what_other_examples_show():
    """Of 400 draws 84 in 100 lie within a standard error on the one side, 78 to 90 at 3 sigma."""
    rng, n, lost, won = np.random.default_rng(0), 359, 0.010, 0.005
    held = 0
    for _ in range(400):
        fate = rng.choice(3, size=n, p=[lost, won, 1 - lost - won])
        original = known(*np.flatnonzero(fate == 1))
        smaller = known(*np.flatnonzero(fate == 0))
        drop = (fate == 0).mean() - (fate == 1).mean()
        held += lost - won <= drop + error_of(original, [smaller])
    assert 0.78 < held / 400 < 0.95  # counts are coarse, and the further example is for caution


def test_other_metrics_are_computed_anew_and_unknown_ones_are_not():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 1))

    def of(noise):
        chosen = truth + noise
        losses = np.square(noise).mean(1)
        return Outcomes(task="regression", truth=truth, chosen=chosen, losses=losses)

    noise = rng.normal(size=(200, 1))
    near, far = of(noise * 1.01), of(rng.normal(size=(200, 1)))
    errors = [error_of(of(noise), [other], metric="val/rmse") for other in (near, far)]
    assert 0 < errors[0] < errors[1] / 10
    assert error_of(of(noise), [near], metric="val/mine") is None
    assert error_of(None, [near], metric="val/rmse") is None
    assert error_of(known(1), [known(1, n=100)]) is None


@pytest.mark.parametrize("value", [0.9, None])
def test_a_metric_that_only_has_the_name_is_known_to_nobody(value):
    """As a balanced accuracy that a module of one's own calls accuracy."""
    assert drop_error(known(1), [known(2)], metric="val/accuracy", value=value) is None


class Trying:
    """Measures what a test says that each training comes to."""

    objective = ACCURACY

    def __init__(self, again):
        self.again = again
        self.trained = []

    def bound_for(self, values):
        return Bound.of(ACCURACY, ORIGINAL, max_drop=0.005)

    def measured(self, trial, recipe, *, repeat):
        self.trained.append((trial, repeat))
        value = self.again[trial][repeat - 1]
        if value is None:
            raise ValueError("of the user's")
        return of(value, size=SIZES[trial]), Checkpoint(epoch=1, path="x", size_bytes=1), ""

    def told(self, values):
        return f"{values['val/accuracy']}"


SIZES = {"0001": 100.0, "0002": 200.0, "0003": 260.0}


def of(value, *, size, drop_error=0.002):
    return {"val/accuracy": value, SIZE: size, LATENCY: 1.0, LATENCY_1: 0.5, DROP_ERROR: drop_error}


def tried(first):
    """Return an engine with the model as it is, two recipes that train and one that does not."""
    space = recipe_space(max_epochs=1)
    engine = Engine(
        plan=Plan(objective=COST_OBJECTIVE, max_epochs=1, max_trials=4),
        space=space,
        searcher=Random(space, objective=COST_OBJECTIVE, seed=0),
        scheduler=NoScheduler(objective=COST_OBJECTIVE, max_epochs=1),
        journal=Lab().journal,
        points=[TRAINED, {**TRAINED, "keep": 0.75}, STORED],
    )
    engine.start(
        settings={"objective": {"metric": COST, "direction": "minimize"}}, space={}, versions={}
    )
    bound = Trying({}).bound_for({})
    for value, size in zip((0.99, *first), (1000.0, *SIZES.values()), strict=True):
        trial = engine.next_trial()
        engine.attempt_started(trial.id, worker="here:1")
        values = of(value, size=size)
        values[COST] = bound.cost(values)
        engine.measured(trial.id, Measurement(epoch=1, step=1, values=values, seconds=1.0))
    return engine


def test_a_recipe_that_was_lucky_gives_way_to_one_that_stays_good():
    engine = tried((0.990, 0.988, 0.990))
    trying = Trying({"0001": [0.970], "0002": [0.989, 0.990]})
    told: list[str] = []
    best = choose(engine, trying=trying, trainings=3, say=told.append)
    assert (best.trial.id, best.n_trainings) == ("0002", 3)
    assert best.values["val/accuracy"] == pytest.approx((0.988 + 0.989 + 0.990) / 3)
    assert trying.trained == [("0001", 1), ("0002", 1), ("0002", 2)]
    assert told[0].endswith("training 2 of 3: 0.97")
    again = choose(engine, trying=trying, trainings=3, say=told.append)
    assert (again, len(told)) == (best, 3)  # read back


def test_a_recipe_that_trains_nothing_needs_no_further_training():
    engine = tried((0.97, 0.97, 0.99))
    trying = Trying({})
    assert choose(engine, trying=trying, trainings=3, say=str).trial.id == "0003"
    assert trying.trained == []


def test_a_training_that_fails_speaks_against_a_recipe():
    engine = tried((0.99, 0.97, 0.99))
    told: list[str] = []
    best = choose(engine, trying=Trying({"0001": [None]}), trainings=2, say=told.append)
    assert best.trial.id == "0003"
    assert "training 2 of 2: failed: ValueError: of the user's" in told[0]
    (repeat,) = engine.state.handover.repeats["0001"].values()
    assert isinstance(repeat, ev.Measured)
    assert repeat.values == {"val/accuracy": None}


def test_there_is_an_end_to_training_again():
    engine = tried((0.990, 0.990, 0.97))
    trying = Trying({"0001": [0.990] * MOST, "0002": [0.990] * MOST})
    best = choose(engine, trying=trying, trainings=100, say=str)
    assert len(trying.trained) == MOST
    assert best.trial.id == "0001"


def test_nothing_is_chosen_where_nothing_is_gained():
    engine = tried((0.97, 0.96, 0.95))
    assert choose(engine, trying=Trying({}), trainings=3, say=str) is None
