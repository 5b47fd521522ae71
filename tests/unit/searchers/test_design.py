"""The first configurations are spread, and stay away from the ends of ranges."""

from __future__ import annotations

import numpy as np

from raysearch.searchers.design import MIDDLE, latin_hypercube
from raysearch.searchers.vectors import Vectors
from raysearch.space import Choice, Float, Int, Prior, Space
from raysearch.trial import Configuration

N = 12


def configurations(space: Space) -> list[Configuration]:
    vectors = Vectors(space)
    return [vectors.decode(row) for row in latin_hypercube(vectors, N, np.random.default_rng(0))]


def test_numbers_are_spread_over_the_middle_of_their_ranges() -> None:
    space = Space({"rate": Float(1e-5, 1e-1, log=True), "dropout": Float(0.0, 0.5)})
    rows = latin_hypercube(Vectors(space), N, np.random.default_rng(0))
    for places in rows.T:
        inner = (places - 0.5) / MIDDLE + 0.5
        assert sorted((N * inner).astype(int)) == list(range(N))


def test_of_values_in_order_the_first_and_the_last_come_less_often() -> None:
    space = Space({"width": Int(1, 3)})
    widths = [c["width"] for c in configurations(space)]
    assert [widths.count(width) for width in (1, 2, 3)] == [3, 6, 3]


def test_values_without_an_order_have_no_ends() -> None:
    names = ["relu", "elu", "gelu", "tanh"]
    chosen = [c["activation"] for c in configurations(Space({"activation": Choice(names)}))]
    assert [chosen.count(name) for name in names] == [3, 3, 3, 3]


def test_what_others_depend_on_has_its_ends() -> None:
    space = Space({"depth": Int(1, 6), "skip": Int(1, 4, when={"depth": [6]})})
    assert {c["depth"] for c in configurations(space)} == {1, 2, 3, 4, 5, 6}
    assert {c["skip"] for c in configurations(space) if "skip" in c} <= {1, 2, 3, 4}
    assert any("skip" in c for c in configurations(space))


def test_a_prior_says_where_the_middle_is() -> None:
    belief = Space({"dropout": Float(0.0, 1.0, prior=Prior(0.8, confidence=0.5))})
    found = [c["dropout"] for c in configurations(belief)]
    assert all(isinstance(dropout, float) and dropout > 0.5 for dropout in found)
