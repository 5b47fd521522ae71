"""A surface rates any configuration of any space from 0 to 1."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.simulation.surface import Levels, Surface, Well
from raysearch.space import Bool, Choice, Fixed, Float, Int, Space
from tests.unit.simulation.worlds import NETWORKS


def surface(space, seed=0):
    return Surface(space, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(5))
def test_badness_lies_between_0_and_1_and_varies(seed):
    rng = np.random.default_rng(seed)
    rate = surface(NETWORKS, seed)
    found = [rate(NETWORKS.encode(NETWORKS.sample(rng)).tolist()) for _ in range(200)]
    assert 0 <= min(found) < max(found) <= 1


def test_a_well_is_deepest_at_its_optimum_and_1_at_the_farther_end():
    well = Well(0.25)
    assert [well(u) for u in (0.25, 1.0)] == [0.0, 1.0]
    assert 0 < well(0.0) < 1
    assert well(0.15) == pytest.approx(well(0.35))


def test_levels_rate_each_value_of_a_choice():
    levels = Levels((0.5, 0.0, 1.0))
    assert [levels(u) for u in (1 / 6, 3 / 6, 5 / 6, 1.0)] == [0.5, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("domain", [Choice(["a", "b", "c", "d"]), Bool()])
def test_one_value_of_a_choice_is_best_and_one_worst(domain):
    space = Space({"x": domain})
    ratings = sorted(surface(space)(space.encode(c).tolist()) for c in space.grid())
    assert ratings == pytest.approx(np.linspace(0, 1, len(ratings)))


def test_an_ordered_choice_has_a_well_as_a_number_has():
    space = Space({"x": Choice([1, 2, 4, 8, 16], ordered=True)})
    for seed in range(10):
        ratings = [surface(space, seed)(space.encode(c).tolist()) for c in space.grid()]
        best = int(np.argmin(ratings))
        assert ratings[: best + 1] == sorted(ratings[: best + 1], reverse=True)
        assert ratings[best:] == sorted(ratings[best:])


def test_what_is_inactive_or_fixed_has_no_say():
    alone = Space({"depth": Int(1, 8)})
    more = Space(
        {
            "depth": Int(1, 8),
            "kind": Fixed("cnn"),
            "kernel": Choice([3, 5]),
            "momentum": Float(0.0, 0.9, when={"kernel": [5]}),
        }
    )
    rate = surface(more)
    with_momentum = [rate([u, 0.5, 0.75, 0.3]) for u in (0.1, 0.6)]
    without = [rate([u, 0.5, 0.75, np.nan]) for u in (0.1, 0.6)]
    assert with_momentum != without
    assert rate([0.1, 0.2, 0.75, np.nan]) == without[0]
    assert surface(alone)([0.3]) == rate([0.3, 0.5, np.nan, np.nan])


def test_a_space_of_nothing_but_fixed_values_is_good_everywhere():
    assert surface(Space({"kind": Fixed("cnn")}))([0.5]) == 0.0
