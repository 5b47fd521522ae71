"""When is a leader trained again, and when does that tell nothing?"""

from __future__ import annotations

from collections.abc import Callable

from raysearch.searchers.repeats import LEAST_BEFORE, LEAST_EQUAL, Repeats, without_repeats
from raysearch.trial import Trial, TrialStatus
from tests.unit.searchers.histories import LOSS, trial


def told(*trials: Trial, are_wanted: bool = True) -> Repeats:
    repeats = Repeats(objective=LOSS, are_wanted=are_wanted)
    for each in trials:
        repeats.observe(each)
    return repeats


def many(n: int, *, stopped: Callable[[int], bool] = lambda _: False) -> list[Trial]:
    """Return so many trials of different configurations, some of which were stopped."""
    ends = {True: TrialStatus.STOPPED, False: TrialStatus.COMPLETED}
    return [trial(m, {"x": m}, m / 10, status=ends[stopped(m)]) for m in range(n)]


def test_it_takes_some_trials_before_one_may_come_again() -> None:
    assert not told(*many(LEAST_BEFORE - 1)).may_come
    assert told(*many(LEAST_BEFORE)).may_come
    assert not told(*many(LEAST_BEFORE), are_wanted=False).may_come


def test_none_comes_again_where_most_trials_are_stopped() -> None:
    assert told(*many(30, stopped=lambda n: n % 3 == 0)).may_come
    assert not told(*many(30, stopped=lambda n: n % 3 > 0)).may_come


def test_equal_values_tell_nothing_and_one_that_differs_does() -> None:
    again = [trial(100 + n, {"x": n}, n / 10) for n in range(LEAST_EQUAL)]
    assert not told(*many(20), *again[:-1]).tell_nothing
    assert told(*many(20), *again).tell_nothing
    assert not told(*many(20), *again).may_come
    other = trial(200, {"x": 5}, 1.1)
    assert not told(*many(20), *again, other).tell_nothing
    assert told(*many(20), *again, other).may_come


def test_a_value_that_many_have_is_equal_by_chance() -> None:
    perfect = [trial(n, {"x": n}, 0.0) for n in range(20)]
    again = [trial(100 + n, {"x": n}, 0.0) for n in range(10)]
    assert not told(*perfect, *again).tell_nothing


def test_a_trial_that_is_told_twice_is_no_second_training() -> None:
    trials = many(20)
    assert not told(*trials, *trials).tell_nothing
    paused = trial(3, {"x": 3}, 2.0, status=TrialStatus.PAUSED)
    again = [trial(100 + n, {"x": n}, n / 10) for n in (1, 2, 3)]
    assert told(paused, *trials, *again).tell_nothing


def test_only_methods_that_repeat_are_told_not_to() -> None:
    assert without_repeats({"name": "bayesian", "n_startup": 5}) == {
        "name": "bayesian",
        "n_startup": 5,
        "repeat": False,
    }
    for plain in ({"name": "tpe"}, {"class": "my:Searcher"}, {"name": "unknown"}):
        assert without_repeats(plain) == plain
