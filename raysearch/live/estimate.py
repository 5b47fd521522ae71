"""How fast does a search go, and how much longer will it take?

An estimate is a range, and is only given once it rests on something: trials under early stopping
differ in length by a factor of twenty, so that one number would be a promise nobody can keep.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from raysearch.live.text import duration

WINDOW_S = 60.0
"""Over how long the epochs per second are counted."""
FEWEST_ENDS = 4
"""Trials that must have ended before a time left is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """Between which bounds the rest of the search should lie, in seconds."""

    low_s: float
    high_s: float
    is_limit: bool = False
    """Whether the search may end at any time before `high_s`."""


class EpochRate:
    """Epochs per second over the last minute.

    Example:
        >>> rate = EpochRate()
        >>> rate.add(at=0.0, epochs=0)
        >>> rate.add(at=10.0, epochs=25)
        >>> rate.per_second(at=10.0)
        2.5
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, *, at: float, epochs: int) -> None:
        """Take note of how many epochs were trained in all, at a time in seconds."""
        marks = self._marks
        if len(marks) >= 2 and at - marks[-2][0] < 1.0:
            marks[-1] = (at, epochs)  # one mark a second is enough, however many events there are
        else:
            marks.append((at, epochs))
        while len(marks) > 2 and at - marks[1][0] > WINDOW_S:
            marks.popleft()

    def per_second(self, *, at: float) -> float | None:
        """Return the rate up to a time in seconds; None before there are two marks."""
        if len(self._marks) < 2:
            return None
        (since, before), (_, now) = self._marks[0], self._marks[-1]
        return (now - before) / (at - since) if at > since else None


class EndRate:
    """How quickly trials end: over the session, and lately.

    Args:
        started_at: When the session's first trial started, in seconds.
    """

    def __init__(self, *, started_at: float) -> None:
        self._started_at = started_at
        self._count = 0
        self._latest: deque[float] = deque(maxlen=2 * FEWEST_ENDS)

    def add(self, *, at: float) -> None:
        """Take note of the end of a trial, at a time in seconds."""
        self._count += 1
        self._latest.append(at)

    def time_for(self, trials: int, *, at: float) -> TimeLeft | None:
        """Return how long that many more ends will take; None while that is not known.

        One bound assumes the speed of the whole session, the other that of the latest ends.
        """
        if trials == 0:
            return TimeLeft(low_s=0.0, high_s=0.0)
        if self._count < FEWEST_ENDS:
            return None
        over_all = (at - self._started_at) / self._count
        lately = (at - self._latest[0]) / max(1, len(self._latest) - 1)
        low, high = sorted((trials * over_all, trials * lately))
        return TimeLeft(low_s=low, high_s=high)


def time_at(amount: float, *, rate: float | None) -> TimeLeft | None:
    """Return how long an amount will take at a rate per second; None while that is not known.

    Example:
        >>> time_at(100, rate=2.5), time_at(-3, rate=2.5).high_s, time_at(100, rate=0.0)
        (TimeLeft(low_s=40.0, high_s=40.0, is_limit=False), 0.0, None)
    """
    if not rate:
        return None
    seconds = max(0.0, amount / rate)
    return TimeLeft(low_s=seconds, high_s=seconds)


def sooner(one: TimeLeft | None, other: TimeLeft | None) -> TimeLeft | None:
    """Return when the first of two ends is reached; what is not known is left out.

    Example:
        >>> sooner(TimeLeft(low_s=50, high_s=90), TimeLeft(low_s=70, high_s=70))
        TimeLeft(low_s=50, high_s=70, is_limit=False)
    """
    if one is None or other is None:
        return one or other
    return TimeLeft(low_s=min(one.low_s, other.low_s), high_s=min(one.high_s, other.high_s))


def within(left: TimeLeft | None, *, limit_s: float | None) -> TimeLeft | None:
    """Return the estimate cut off where the budget of time ends.

    Args:
        left: What the number of trials suggests, if anything.
        limit_s: Seconds left of the budget of time; None if there is none.

    Example:
        >>> within(TimeLeft(low_s=50, high_s=90), limit_s=60)
        TimeLeft(low_s=50, high_s=60, is_limit=True)
        >>> within(None, limit_s=60)
        TimeLeft(low_s=0.0, high_s=60, is_limit=True)
    """
    if limit_s is None or (left is not None and left.high_s <= limit_s):
        return left
    limit_s = max(0.0, limit_s)
    low = 0.0 if left is None else min(left.low_s, limit_s)
    return TimeLeft(low_s=low, high_s=limit_s, is_limit=True)


def time_left_text(left: TimeLeft | None) -> str:
    """Return the estimate as a phrase, no more precise than it is.

    Example:
        >>> time_left_text(None)
        'time left not known yet'
        >>> time_left_text(TimeLeft(low_s=71, high_s=76))
        'about 1m 20s left'
        >>> time_left_text(TimeLeft(low_s=70, high_s=200))
        '1m 10s to 3m 20s left'
        >>> time_left_text(TimeLeft(low_s=0, high_s=200, is_limit=True))
        'at most 3m 20s left'
    """
    if left is None:
        return "time left not known yet"
    high = rough_duration(left.high_s)
    if left.is_limit:
        return f"at most {high} left"
    if left.high_s <= 10.0:
        return "a few seconds left"
    low = rough_duration(left.low_s)
    if left.high_s <= 1.25 * left.low_s or low == high:
        return f"about {high} left"
    return f"{low} to {high} left"


def rough_duration(seconds: float) -> str:
    """Return a length of time rounded up to about two digits.

    Example:
        >>> [rough_duration(s) for s in (3, 42, 71, 605, 4000, 100_000)]
        ['5s', '45s', '1m 20s', '11m', '1h 10m', '1d 4h']
    """
    step = next(step for upper, step in _STEPS if seconds <= upper)
    whole = max(step, math.ceil(seconds / step) * step)
    return "5s" if whole == 5 else duration(whole).removesuffix(" 0s").removesuffix(" 0m")


_STEPS = ((60, 5), (600, 10), (3600, 60), (36_000, 600), (math.inf, 3600))
"""Up to how many seconds a length is rounded to which multiple."""
