"""Paired tests, against what is known and against chance."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from raysearch.results.paired import _coins, holm, mcnemar, permutation


@pytest.mark.parametrize(("heads", "tails"), [(0, 1), (2, 7), (10, 3), (40, 40), (600, 700)])
def test_mcnemar_is_the_binomial_test(heads, tails):
    n, k = heads + tails, min(heads, tails)
    exact = min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n)
    assert _coins(heads, tails) == pytest.approx(exact, rel=1e-9)
    assert _coins(tails, heads) == _coins(heads, tails)


def test_mcnemar_of_many_examples_is_no_overflow():
    assert 0 < _coins(9_700, 10_300) < 1e-4
    assert _coins(10_000, 10_000) == 1.0


def test_only_examples_that_differ_count():
    both = [True] * 50
    few = mcnemar([True, True, False], [False, True, True])
    many = mcnemar([*both, True, True, False], [*both, False, True, True])
    assert (few.p, few.wins, few.losses) == (many.p, many.wins, many.losses)
    assert (few.n, many.n) == (3, 53)


def test_a_clear_difference_is_sure_and_none_is_not():
    rng = np.random.default_rng(1)
    losses = rng.random(200)
    found = permutation(losses, losses + 0.1 + 0.1 * rng.random(200))
    assert (found.wins, found.is_sure, found.p) == (200, True, 1 / 10_000)
    assert found.advantage == pytest.approx(0.15, abs=0.01)
    back = permutation(losses + 0.2, losses)
    assert (back.wins, back.advantage < 0) == (0, True)


def test_of_few_examples_all_signs_are_dealt():
    assert permutation(np.zeros(5), np.ones(5)).p == 2 / 2**5
    assert permutation(np.zeros(300), np.r_[np.ones(5), np.zeros(295)]).p == 2 / 2**5


def test_without_a_difference_p_is_spread_evenly():
    """At 5 %, 200 trials: between 2 and 20 are sure but for one run in ten thousand."""
    rng = np.random.default_rng(0)
    sure = [permutation(*rng.random((2, 40))).is_sure for _ in range(200)]
    assert 2 <= sum(sure) <= 20


def test_the_same_is_said_every_time():
    one, other = np.random.default_rng(3).random((2, 100))
    assert permutation(one, other) == permutation(one, other)


def test_holm_never_lowers_and_keeps_the_order():
    assert holm([]) == []
    assert holm([0.04, 0.03]) == [0.06, 0.06]
