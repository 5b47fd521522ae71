"""What has `cross_entropy` come to draw from, in a line for each parameter?"""

from __future__ import annotations

from raysearch.live.text import short_number
from raysearch.results import Results
from raysearch.results.distributions import Course, Snapshot, courses_of
from raysearch.trial import Value

MOST_VALUES = 3
"""Of the values of a choice, so many are listed at most, the likeliest first."""


def distribution_facts(results: Results) -> list[tuple[str, str]]:
    """Return how each parameter is distributed now, and was as the search began."""
    courses = courses_of(results.state.trials.values(), space=results.state.space)
    if not courses:
        return []
    last = courses[0].snapshots[-1]
    head = f"as of trial {last.trial:04d}, after {last.updates} updates; ranges hold 80 % of draws"
    return [("drawn from", head), *(("", _line(course)) for course in courses)]


def _line(course: Course) -> str:
    first, last = course.snapshots[0], course.snapshots[-1]
    return f"{course.parameter}: {_text(last)} (at first {_text(first)})"


def _text(known: Snapshot) -> str:
    if not known.chances:
        return f"{_value(known.low)} to {_value(known.high)}"
    ordered = sorted(known.chances, key=lambda pair: -pair[1])
    shown = ", ".join(f"{_value(value)} {chance:.0%}" for value, chance in ordered[:MOST_VALUES])
    more = len(ordered) - MOST_VALUES
    return f"{shown} and {more} more" if more > 0 else shown


def _value(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return short_number(value)
