"""Do trials that ended in different ways become numbers that a model of values can take?"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from raysearch.searchers.targets import targets_of

COMPLETED, STOPPED, FAILED = range(3)


def quantile(position: float, n: int) -> float:
    return NormalDist().inv_cdf((position + 0.5) / n)


def test_losses_of_the_better_half_count_by_their_distances() -> None:
    losses = [0.1, 0.2, 0.4, 0.5, 7.0, 8.0, 1e9, 1e12]
    targets = targets_of([(COMPLETED, 0, loss, n) for n, loss in enumerate(losses)])
    gaps = np.diff(targets.values[:4])
    assert gaps / gaps[0] == pytest.approx([1.0, 2.0, 1.0])
    assert targets.values[3:] == pytest.approx([quantile(n, 8) for n in range(3, 8)])
    assert targets.values[:4].mean() == pytest.approx(np.mean([quantile(n, 8) for n in range(4)]))
    assert [targets.loss(float(value)) for value in targets.values[:4]] == pytest.approx(losses[:4])


def test_a_stopped_trial_is_worse_than_a_full_one_whatever_it_reached() -> None:
    ranked = [(COMPLETED, 0, 0.5 + n / 10, n) for n in range(4)]
    ranked += [(STOPPED, -9, 0.01, 4), (STOPPED, -1, 0.001, 5), (STOPPED, -1, 0.2, 6)]
    targets = targets_of(ranked)
    assert (np.diff(targets.values) > 0).all()
    assert targets.values[4:] == pytest.approx([quantile(n, 7) for n in range(4, 7)])


def test_with_few_full_trials_only_the_order_counts() -> None:
    ranked = [(COMPLETED, 0, 0.5, 0), (COMPLETED, 0, 0.9, 1)]
    ranked += [(STOPPED, -1, n / 10, n) for n in range(2, 9)]
    targets = targets_of(ranked)
    assert targets.per_loss is None
    assert targets.loss(0.0) is None
    assert targets.values == pytest.approx([quantile(n, 9) for n in range(9)])


def test_equals_have_equal_targets() -> None:
    failed = [(FAILED, 0, np.inf, n) for n in range(3, 6)]
    targets = targets_of([(COMPLETED, 0, 1.0, n) for n in range(3)] + failed)
    assert targets.per_loss is None  # all losses are the same
    assert targets.values[:3] == pytest.approx(np.full(3, targets.values[0]))
    assert targets.values[3:] == pytest.approx(np.full(3, -targets.values[0]))


@pytest.mark.parametrize(
    "losses",
    [
        [0.9666, *[float(np.nextafter(0.9666, 1))] * 7],
        [1e300 * n for n in range(1, 9)],
        [1.7e308] * 8,
        [0.0] * 8,
        [1e-310 * n for n in range(8)],
    ],
    ids=["one unit in the last place apart", "huge", "largest", "zero", "tiny"],
)
def test_losses_that_cannot_be_told_apart_count_by_rank(losses: list[float]) -> None:
    ranked = [(COMPLETED, 0, loss, n) for n, loss in enumerate([*losses, *range(2, 9)])]
    targets = targets_of(sorted(ranked))
    assert np.isfinite(targets.values).all()
    assert np.all(np.diff(targets.values) >= 0)
    assert targets.per_loss is None
