"""Which points does a resumed search try yet, and how is one left out?

A point that was tried has become a trial, and is not looked at again: it may lie outside a changed
space. No evidence rests on one that is left, so that it can be left out, and then stays out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from raysearch.experiment.changes import is_same
from raysearch.experiment.reading import NOTHING_STARTED
from raysearch.experiment.yaml_text import in_one_line
from raysearch.searchers.tried import key
from raysearch.trial import Configuration, Trial

_NUMBER = re.compile(r"\bpoints, number (\d+): ")

Point = Mapping[str, Any]
"""A point as it is written: what it leaves out is at its default."""


def points_left(
    written: Sequence[Point], *, whole: Sequence[Configuration], trials: Iterable[Trial]
) -> list[Point]:
    """Return the points that no trial has tried.

    Args:
        written: The points.
        whole: The configurations that they stand for.
        trials: All trials so far.
    """
    tried = {key(trial.configuration) for trial in trials} if written else set()
    pairs = zip(written, whole, strict=True)
    return [point for point, configuration in pairs if key(configuration) not in tried]


def done(written: Sequence[Point], *, left: Sequence[Point], known: Sequence[Point]) -> set[int]:
    """Return the positions of the points that nobody will try any more.

    Example:
        >>> a, b, new = {"width": 8}, {"width": 9}, {"width": 10}
        >>> done([a, b, new], left=[b], known=[a, b])
        {0}
    """
    return {n for n, p in enumerate(written) if not _is_in(p, left) and _is_in(p, known)}


def is_part(points: Iterable[Point], *, of: Sequence[Point]) -> bool:
    """Return whether there is no point among these that is not among the others.

    Example:
        >>> is_part([{"width": 8}], of=[{"width": 9}, {"width": 8}]), is_part([{"width": 8}], of=[])
        (True, False)
    """
    return all(_is_in(point, of) for point in points)


def with_way_out(
    faults: Sequence[str], *, written: Sequence[Point], left: Sequence[Point]
) -> list[str]:
    """Return the faults of an experiment, with what to write if points are among them.

    Args:
        faults: The messages. Those of points name their numbers, from 1.
        written: The points that the numbers count.
        left: The points that can be kept.

    Example:
        >>> faults = ["a.yaml: points, number 2: width: 9 lies outside 1 to 8."]
        >>> points = [{"width": 5}, {"width": 9}]
        >>> print(*with_way_out(faults, written=points, left=points))
        a.yaml: points, number 2: width: 9 lies outside 1 to 8. To leave it out: points=[{width: 5}]
    """
    found = {
        n: int(match[1]) - 1 for n, text in enumerate(faults) if (match := _NUMBER.search(text))
    }
    if not found:
        return list(faults)
    wrong = set(found.values())
    sound = [p for n, p in enumerate(written) if n not in wrong and _is_in(p, left)]
    last = max(found)
    text = faults[last].removesuffix(f"\n{NOTHING_STARTED}")
    what = "it" if len(wrong) == 1 else "them"
    way_out = f" To leave {what} out: points={in_one_line(sound)}"
    return [
        *faults[:last],
        text + way_out + faults[last].removeprefix(text),
        *faults[last + 1 :],
    ]


def _is_in(point: Point, points: Iterable[Point]) -> bool:
    return any(is_same(point, other) for other in points)
