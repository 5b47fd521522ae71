"""What may be lost, and what is a recipe worth?"""

from __future__ import annotations

import pytest

from raysearch.compression.bound import (
    COST,
    DROP_ERROR,
    LATENCY,
    LATENCY_1,
    NOTHING_GAINED,
    SIZE,
    Aims,
    Bound,
    front,
)
from raysearch.compression.recipe import INT8, Recipe, first_recipes, recipe_space
from raysearch.trial import Measurement, Objective, Trial

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
LOSS = Objective(metric="val/loss", direction="minimize")
ORIGINAL = {"val/accuracy": 0.8, "val/loss": 0.5, SIZE: 1000.0, LATENCY: 4.0, LATENCY_1: 2.0}


def values(accuracy, size=250.0, latency=1.0, single=0.5):
    return {"val/accuracy": accuracy, SIZE: size, LATENCY: latency, LATENCY_1: single}


def bound(**settings):
    return Bound.of(ACCURACY, ORIGINAL, **{"max_drop": 0.01, **settings})


def test_a_two_hundredth_may_be_lost_unless_told():
    assert bound(max_drop=None).max_drop == pytest.approx(0.004)
    assert Bound.of(LOSS, ORIGINAL, max_drop=None).max_drop == pytest.approx(0.0025)


def test_what_is_lost_is_lost_in_the_direction_of_the_objective():
    assert bound().holds(values(0.79))
    assert not bound().holds(values(0.785))
    of_loss = Bound.of(LOSS, ORIGINAL, max_drop=0.01)
    assert of_loss.holds({"val/loss": 0.51})
    assert not of_loss.holds({"val/loss": 0.52})


def test_the_cost_is_that_of_size_and_latency_where_both_aims_are_reached():
    assert bound().cost(values(0.8)) == pytest.approx(0.25 / 4)
    assert bound().cost(values(0.8, single=8.0)) == pytest.approx(0.5 / 4)  # slow one by one
    assert bound().cost(values(0.79)) == pytest.approx(0.25 / 2)  # loses all that it may
    assert bound(max_drop=0.0).cost(values(0.8)) == pytest.approx(0.25 / 4)
    assert bound(aims=Aims(size=0.2)).cost(values(0.8)) > 0.5
    assert bound(aims=Aims(speed=5.0)).cost(values(0.8)) > 0.5
    assert bound().cost(values(0.8, size=1e9)) == 2.0


def test_what_may_lose_more_than_it_shows_comes_behind_all_that_surely_do_not():
    def unsure(accuracy, **more):
        return {**values(accuracy, **more), DROP_ERROR: 0.008}

    sure = bound().cost({**values(0.795, size=900.0, latency=3.9), DROP_ERROR: 0.004})
    assert not bound().is_sure(unsure(0.795))
    assert bound().is_sure(unsure(0.8))
    costs = [bound().cost(unsure(0.795, size=size)) for size in (100.0, 250.0, 900.0)]
    assert sure < 1.0 < costs[0] < costs[1] < costs[2] < NOTHING_GAINED
    assert bound().cost(unsure(0.8)) == pytest.approx(0.25 * 1.8 / 4)  # all but a fifth of it
    assert bound().cost(unsure(0.785)) > 2.0


def test_an_aim_that_is_missed_costs_more_the_further_it_is_missed():
    tiny = bound().cost(values(0.8, size=10.0, latency=3.9, single=1.9))  # and no faster
    both = bound().cost(values(0.8, size=250.0, latency=2.6, single=2.0))
    fast = [bound().cost(values(0.8, size=size, latency=0.4)) for size in (260.0, 500.0, 900.0)]
    assert both < 0.5 < tiny < 1.0
    assert both < fast[0] < fast[1] < fast[2] < 1.0


def test_outside_the_bound_all_cost_more_than_within_and_more_the_further():
    costs = [bound().cost(values(v)) for v in (0.78, 0.5, 0.0, None)]
    assert costs == sorted(costs)
    assert costs[0] > 2.0
    assert costs[-1] == 10.0


def trial(number, *numbers):
    measured = Measurement(epoch=1, step=1, values={**values(*numbers), COST: 1.0}, seconds=1.0)
    return Trial(id=f"{number:04d}", number=number, configuration={}, measurements=(measured,))


def test_the_front_holds_what_none_beats():
    trials = [
        trial(0, 0.8, 1000.0, 4.0),
        trial(1, 0.8, 300.0, 4.0),  # beats the one before
        trial(2, 0.7, 100.0, 1.0),
        trial(3, 0.6, 100.0, 1.0),  # is beaten by the one before
    ]
    assert [t.id for t in front(trials, objective=ACCURACY)] == ["0002", "0001"]


@pytest.mark.parametrize("max_epochs", [1, 2, 8])
def test_the_first_recipes_lie_in_the_space_and_try_each_way(max_epochs):
    space = recipe_space(max_epochs=max_epochs)
    tried = first_recipes(max_epochs=max_epochs)
    for configuration in tried:
        space.validate(configuration)
    recipes = [Recipe.of(recipe) for recipe in tried]
    assert {recipe.method for recipe in recipes} == {
        "none",
        "channels",
        "depth",
        "distil",
        "low_rank",
        "magnitude",
    }
    assert {recipe.int8 for recipe in recipes} == set(INT8)
    assert Recipe.of(space.default()).is_unchanged


def test_a_recipe_survives_json():
    recipe = Recipe(method="channels", keep=0.5, epochs=3, int8="aware", aware_epochs=2)
    assert Recipe.of(recipe.to_json()) == recipe
    deep = Recipe(method="depth", keep=0.5, blocks=2, epochs=3, int8="weights")
    assert Recipe.of(deep.to_json()) == deep
    assert Recipe.of(Recipe().to_json()) == Recipe()
