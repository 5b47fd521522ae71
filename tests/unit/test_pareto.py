"""Fronts against all pairs, hypervolumes against a count of cells, and choices among points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from raysearch import pareto


def points(n: int, m: int, seed: int) -> list[tuple[float, ...]]:
    """Return points on a coarse lattice, so that many are equal in some objective."""
    drawn = np.random.default_rng(seed).integers(0, 6, size=(n, m))
    return [tuple(float(x) for x in row) for row in drawn]


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_front_is_what_no_other_point_dominates(m, seed):
    found = points(40, m, seed)
    beaten = {
        i for i, one in enumerate(found) if any(pareto.dominates(other, one) for other in found)
    }
    assert pareto.front(found) == [i for i in range(40) if i not in beaten]


@pytest.mark.parametrize("seed", range(4))
def test_each_front_is_that_of_what_the_ones_before_leave(seed):
    found = points(40, 2, seed)
    left = dict(enumerate(found))
    for members in pareto.fronts(found):
        assert members == pareto.front(left)
        for member in members:
            del left[member]
    assert not left


def test_what_is_not_finite_is_on_no_front_and_in_the_last_one_of_all():
    found = [(1.0, math.nan), (2.0, 2.0), (math.inf, 0.0), (3.0, 3.0)]
    assert pareto.front(found) == [1]
    assert pareto.fronts(found) == [[1], [3], [0, 2]]
    assert pareto.order(found)[:2] == [1, 3]
    assert pareto.knee([(math.nan, 1.0)]) is None


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_the_hypervolume_is_the_number_of_cells_that_are_dominated(m):
    found = points(12, m, seed=m)
    lattice = np.stack(np.meshgrid(*[np.arange(6)] * m, indexing="ij"), axis=-1).reshape(-1, m)
    cells = sum(any(all(p <= cell) for p in map(np.array, found)) for cell in lattice)
    assert pareto.hypervolume(found, reference=(6.0,) * m) == cells


def test_points_beyond_the_reference_add_no_volume():
    assert pareto.hypervolume([(1, 9), (9, 1), (2, 2)], reference=(4, 4)) == 4.0
    assert pareto.hypervolume([], reference=(4, 4)) == 0.0


def test_the_order_keeps_the_ends_of_a_front_before_the_crowded_middle():
    crowd = [(0.0, 10.0), (4.9, 5.1), (5.0, 5.0), (5.1, 4.9), (10.0, 0.0)]
    ordered = pareto.order([*crowd, (11.0, 11.0)])
    assert set(ordered[:2]) == {0, 4}
    assert ordered[-1] == 5


def test_the_knee_does_not_depend_on_the_units():
    found = [(0.02, 900.0), (0.03, 100.0), (0.2, 50.0)]
    in_other_units = [(100 * a, b / 1000) for a, b in found]
    assert pareto.knee(found) == pareto.knee(in_other_units) == 1


def test_of_a_front_that_does_not_bend_the_knee_is_the_one_in_the_middle():
    assert pareto.knee([(0, 1), (0.5, 0.5), (1, 0)]) == 1


def test_three_objectives_have_a_knee_below_the_plane_of_their_best():
    found = [(0, 1, 1), (1, 0, 1), (1, 1, 0), (0.2, 0.2, 0.3), (0.6, 0.6, 0.5)]
    assert pareto.knee(found) == 3


def test_weights_move_the_choice_from_one_end_to_the_other():
    found = [(0, 10), (2, 2), (10, 0)]
    chosen = [pareto.weighted(found, w) for w in ([9, 1], [1, 1], [1, 9])]
    assert chosen == [0, 1, 2]


def test_a_tolerance_of_the_first_objective_lets_the_second_choose():
    found = [(0.10, 9), (0.11, 5), (0.13, 1)]
    assert [pareto.lexicographic(found, [t, 0]) for t in (0, 0.015, 0.05)] == [0, 1, 2]


def test_equal_points_are_all_on_the_front_and_the_first_is_chosen():
    same = [(1.0, 1.0)] * 3
    assert pareto.front(same) == [0, 1, 2]
    assert pareto.knee(same) == pareto.weighted(same, [1, 1]) == 0
