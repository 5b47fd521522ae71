"""Grids: order, size, and sizes that nobody could enumerate."""

from __future__ import annotations

import itertools

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Float, Int, Space

NESTED = Space(
    {
        "a": Choice([1, 2]),
        "b": Bool(when={"a": 2}),
        "c": Float(0, 1, when={"b": [True, False]}),
    }
)


def test_the_first_parameter_varies_slowest():
    assert list(NESTED.grid(points=2)) == [
        {"a": 1},
        {"a": 2, "b": False, "c": 0.0},
        {"a": 2, "b": False, "c": 1.0},
        {"a": 2, "b": True, "c": 0.0},
        {"a": 2, "b": True, "c": 1.0},
    ]
    assert NESTED.grid_size(points=2) == 5
    assert NESTED.grid_size() is None


def test_conditions_on_numbers_count_the_values_that_they_name():
    space = Space({"n": Int(1, 10**9), "x": Bool(when={"n": [1, 7]})})
    assert space.grid_size() == 10**9 + 2
    assert space.grid_size(points=3) == 4  # 1 (with x), 500000000 and 10**9; not 7
    assert len(list(space.grid(points=3))) == 4


def test_large_spaces_are_counted_at_once():
    branch = Space(
        {f"n{i}": Int(1, 10) for i in range(30)}
        | {f"x{i}": Bool(when={f"n{i}": [1, 2]}) for i in range(30)}
    )
    space = Space({"m": Choice({"one": branch, "two": branch})})
    assert space.grid_size() == 2 * 12**30
    assert len(list(itertools.islice(space.grid(), 100))) == 100


def test_chains_are_counted():
    domains = {"n0": Int(0, 1)}
    domains |= {f"n{i}": Int(0, 1, when={f"n{i - 1}": 1}) for i in range(1, 40)}
    assert Space(domains).grid_size() == 41


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (None, "The grid is infinite, because of c. Give points"),
        (0, "points is 0. Give an int of at least 1."),
        (True, "points is true"),
        (2.0, "points is 2.0"),
    ],
)
def test_wrong_points_are_refused(points, message):
    with pytest.raises(ConfigurationError, match=message):
        NESTED.grid(points=points)
    if points is not None:
        with pytest.raises(ConfigurationError, match=message):
            NESTED.grid_size(points=points)
