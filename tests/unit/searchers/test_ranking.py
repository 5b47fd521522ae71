"""Are trials that ended in different ways put in the order that they deserve?"""

from __future__ import annotations

import itertools

import pytest

from raysearch.searchers.ranking import is_usable, rank
from raysearch.trial import Direction, Measurement, Objective, Trial, TrialStatus

COMPLETED, STOPPED = TrialStatus.COMPLETED, TrialStatus.STOPPED


def trial(status: TrialStatus, values: list[float | None], *, number: int = 0) -> Trial:
    return Trial(
        id=str(number),
        number=number,
        configuration={},
        status=status,
        measurements=tuple(
            Measurement(epoch=epoch, step=epoch, values={"metric": value}, seconds=1.0)
            for epoch, value in enumerate(values, start=1)
        ),
    )


def best_first(*trials: Trial, direction: Direction = "maximize") -> list[Trial]:
    objective = Objective(metric="metric", direction=direction)
    return sorted(trials, key=lambda t: rank(t, objective=objective))


def test_full_score_beats_an_optimistic_early_one() -> None:
    full = trial(COMPLETED, [0.1] * 27)
    early = trial(STOPPED, [0.99])
    assert best_first(early, full) == [full, early]


def test_each_kind_in_its_place() -> None:
    expected = [
        trial(COMPLETED, [0.2, 0.9, 0.3]),  # by the best value, not the last
        trial(COMPLETED, [0.8, 0.8, 0.8]),
        trial(STOPPED, [0.1, 0.1]),  # further than the next
        trial(STOPPED, [0.7]),
        trial(STOPPED, [0.6]),
        trial(TrialStatus.FAILED, [0.95, 0.95]),
    ]
    for order in itertools.permutations(expected):
        assert best_first(*order) == expected


def test_direction() -> None:
    low, high = trial(COMPLETED, [0.1]), trial(COMPLETED, [0.2])
    assert best_first(high, low, direction="minimize") == [low, high]


def test_equals_are_in_the_order_of_their_numbers() -> None:
    first, second = (trial(COMPLETED, [0.5], number=number) for number in (1, 2))
    assert best_first(second, first) == [first, second]


@pytest.mark.parametrize(
    "unusable",
    [
        trial(TrialStatus.FAILED, []),
        trial(TrialStatus.FAILED, [0.5]),
        trial(TrialStatus.REJECTED, []),
        trial(COMPLETED, [None, None]),
        trial(STOPPED, [None]),
        trial(STOPPED, []),
    ],
)
def test_unusable_trials_come_last(unusable: Trial) -> None:
    objective = Objective(metric="metric", direction="maximize")
    worst = trial(STOPPED, [-1e9], number=5)
    assert best_first(unusable, worst) == [worst, unusable]
    assert not is_usable(rank(unusable, objective=objective))
    assert is_usable(rank(worst, objective=objective))


def test_not_finite_at_first_does_not_spoil_the_rest() -> None:
    recovered, worse = trial(COMPLETED, [None, 0.5]), trial(COMPLETED, [0.4, 0.4])
    assert best_first(worse, recovered) == [recovered, worse]
