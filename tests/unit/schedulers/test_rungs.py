"""Are rungs where the paper puts them, and are trials ranked as by hand?"""

from __future__ import annotations

import math
import timeit

import numpy as np
import pytest

from raysearch.schedulers.rungs import Rung, bracket_shares, rung_levels


@pytest.mark.parametrize(
    ("min_epochs", "max_epochs", "reduction_factor", "levels"),
    [
        (1, 27, 3, (1, 3, 9)),
        (1, 28, 3, (1, 3, 9, 27)),
        (1, 2, 2, (1,)),
        (1, 1, 3, ()),
        (5, 5, 2, ()),
        (4, 100, 4, (4, 16, 64)),
        (1, 9, 10, (1,)),
    ],
)
def test_levels(
    min_epochs: int, max_epochs: int, reduction_factor: int, levels: tuple[int, ...]
) -> None:
    assert levels == rung_levels(
        min_epochs=min_epochs, max_epochs=max_epochs, reduction_factor=reduction_factor
    )


def test_shares_are_those_of_hyperband() -> None:
    # R = 81 and eta = 3: Hyperband starts 81, 34, 15, 8 and 5 configurations.
    shares = bracket_shares(brackets=5, n_rungs=4, reduction_factor=3)
    assert np.allclose(shares, np.array([81, 34, 15, 8, 5]) / 143)


def test_shares_sum_to_one_and_fall() -> None:
    for brackets in range(1, 6):
        shares = bracket_shares(brackets=brackets, n_rungs=4, reduction_factor=3)
        assert len(shares) == brackets
        assert math.isclose(sum(shares), 1)
        assert list(shares) == sorted(shares, reverse=True)


def test_example_by_hand() -> None:
    rung = Rung(1)
    placings = [rung.place(loss, reduction_factor=3) for loss in (5, 6, 4, 7, 4.5, 4.2, 4, 4.1, 9)]
    assert [p.rank for p in placings] == [1, 2, 1, 4, 2, 2, 1, 3, 9]
    assert [p.n_trials for p in placings] == list(range(1, 10))
    # The best third: one place among 1 to 5 trials, two among 6 to 8, three among 9.
    assert [p.cutoff for p in placings] == [5, 5, 4, 4, 4, 4.2, 4, 4, 4.1]
    assert [p.goes_on for p in placings] == [
        True,
        False,
        True,
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_equals_share_rank_and_fate() -> None:
    rung = Rung(1)
    placings = [rung.place(0.5, reduction_factor=2) for _ in range(10)]
    assert {p.rank for p in placings} == {1}
    assert all(p.goes_on for p in placings)


def test_infinite_loss_never_goes_on() -> None:
    rung = Rung(1)
    placings = [
        rung.place(loss, reduction_factor=2) for loss in (math.inf, math.inf, 3.0, math.inf)
    ]
    assert [p.goes_on for p in placings] == [False, False, True, False]
    assert [p.rank for p in placings] == [1, 1, 1, 2]


@pytest.mark.parametrize("reduction_factor", [2, 3, 4])
def test_fraction_kept_of_losses_in_random_order(reduction_factor: int) -> None:
    # Trial n goes on with probability max(1, n // eta) / n, independently of the others, as the
    # ranks of a random permutation are independent. The tolerance is five standard deviations: a
    # correct rule fails once in about two million seeds.
    rng = np.random.default_rng(0)
    rung = Rung(1)
    n = np.arange(1, 3001)
    p = np.maximum(1, n // reduction_factor) / n
    kept = sum(
        rung.place(loss, reduction_factor=reduction_factor).goes_on
        for loss in rng.random(n.size).tolist()
    )
    assert abs(kept - p.sum()) < 5 * math.sqrt((p * (1 - p)).sum())


def test_ten_thousand_trials_cost_little_more_each_than_a_few() -> None:
    def seconds_for_each(n_before: int) -> float:
        rung = Rung(1, losses=np.linspace(0, 1, n_before).tolist())
        losses = iter(np.random.default_rng(0).random(1000).tolist())
        return (
            timeit.timeit(lambda: rung.place(next(losses), reduction_factor=3), number=1000) / 1e3
        )

    # Measured: 1.1 and 2.4 microseconds. The bound leaves room for a busy machine.
    assert min(seconds_for_each(10_000) for _ in range(5)) < 50e-6
