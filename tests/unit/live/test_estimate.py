from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.live.estimate import (
    FEWEST_ENDS,
    WINDOW_S,
    EndRate,
    EpochRate,
    TimeLeft,
    rough_duration,
    time_left_text,
    within,
)


def test_the_rate_forgets_what_is_older_than_its_window() -> None:
    rate = EpochRate()
    for second in range(200):  # one epoch a second, then three
        rate.add(at=float(second), epochs=second if second < 100 else 100 + 3 * (second - 100))
    assert rate.per_second(at=199.0) == pytest.approx(3.0, rel=0.05)
    assert len(rate._marks) <= WINDOW_S + 3


def test_many_events_in_a_second_cost_one_mark() -> None:
    rate = EpochRate()
    for i in range(10_000):
        rate.add(at=i / 5000, epochs=i)
    assert len(rate._marks) <= 4
    assert rate.per_second(at=2.0) == pytest.approx(5000, rel=0.01)


def test_a_slow_search_has_a_rate_although_its_window_is_short() -> None:
    rate = EpochRate()
    assert rate.per_second(at=0.0) is None
    rate.add(at=0.0, epochs=0)
    rate.add(at=300.0, epochs=1)
    assert rate.per_second(at=600.0) == pytest.approx(1 / 600)


def test_no_time_is_named_before_enough_trials_ended() -> None:
    rate = EndRate(started_at=0.0)
    for i in range(1, FEWEST_ENDS):
        rate.add(at=float(i))
    assert rate.time_for(10, at=5.0) is None
    rate.add(at=4.0)
    left = rate.time_for(10, at=4.0)
    assert left is not None
    assert left.low_s == pytest.approx(10.0)
    assert left.high_s == pytest.approx(10.0)


def test_a_search_that_slows_down_gets_a_range() -> None:
    rate = EndRate(started_at=0.0)
    for i in range(20):
        rate.add(at=i * 0.1)
    for i in range(8):
        rate.add(at=2.0 + i * 10)
    left = rate.time_for(10, at=72.0)
    assert left is not None
    assert left.low_s == pytest.approx(10 * 72 / 28)
    assert left.high_s == pytest.approx(100.0)


def test_nothing_left_takes_no_time() -> None:
    assert EndRate(started_at=0.0).time_for(0, at=9.0) == TimeLeft(low_s=0.0, high_s=0.0)


def test_a_budget_of_time_is_a_limit() -> None:
    free = TimeLeft(low_s=10, high_s=20)
    assert within(free, limit_s=None) is free
    assert within(free, limit_s=30) is free
    assert within(free, limit_s=5) == TimeLeft(low_s=5, high_s=5, is_limit=True)
    assert within(None, limit_s=-3) == TimeLeft(low_s=0.0, high_s=0.0, is_limit=True)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (TimeLeft(low_s=1, high_s=4), "a few seconds left"),
        (TimeLeft(low_s=58, high_s=60), "about 1m left"),
        (TimeLeft(low_s=100, high_s=1000), "1m 40s to 17m left"),
        (TimeLeft(low_s=0, high_s=0, is_limit=True), "at most 5s left"),
    ],
)
def test_the_phrase_is_no_more_precise_than_the_estimate(left: TimeLeft, text: str) -> None:
    assert time_left_text(left) == text


@given(st.floats(min_value=0, max_value=1e7))
def test_rough_durations_are_rounded_up_by_a_fifth_at_most(seconds: float) -> None:
    sizes = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    told = sum(float(part[:-1]) * sizes[part[-1]] for part in rough_duration(seconds).split())
    assert seconds <= told + 0.5
    assert told <= max(5, 1.2 * seconds + 5)
