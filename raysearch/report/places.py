"""Where on an axis does the value of a parameter lie?

Numbers lie at their values; each value of a choice has a tick of its own, with its trials spread
beside it.
"""

from __future__ import annotations

import math
from functools import lru_cache

from raysearch.live.text import value_text
from raysearch.report.figure import Axis
from raysearch.results.marginal import is_cut
from raysearch.space import Parameter
from raysearch.trial import Trial

LONGEST_TICK = 13
_GOLDEN = 0.6180339887


def is_numeric(parameter: Parameter) -> bool:
    """Return whether its axis is one of numbers, and not of single values."""
    return is_cut(parameter.domain)


def middle(parameter: Parameter, low: object, high: object) -> float:
    """Return the middle between two values on the scale of the parameter."""
    one, other = float(low), float(high)  # type: ignore[arg-type]  # numbers
    return math.sqrt(one * other) if _is_log(parameter) else (one + other) / 2


def place(parameter: Parameter, trial: Trial) -> float:
    """Return where a trial lies on the axis: at its value, or beside the tick of its choice."""
    value = trial.configuration[parameter.key]
    if is_numeric(parameter):
        return float(value)  # type: ignore[arg-type]  # a number
    return _indices(parameter)[value] + _jitter(trial.number)


def axis_for(parameter: Parameter, *, title: str = "") -> Axis:
    """Return the axis of a parameter."""
    if is_numeric(parameter):
        return Axis(title=title, is_log=_is_log(parameter))
    values = [_tick(value_text(value)) for value in parameter.domain.grid()]
    return Axis(title=title, ticks=tuple(enumerate(values)), ends=(-0.5, len(values) - 0.5))


@lru_cache(maxsize=256)
def _indices(parameter: Parameter) -> dict[object, int]:
    return {value: n for n, value in enumerate(parameter.domain.grid())}


def _is_log(parameter: Parameter) -> bool:
    return getattr(parameter.domain, "sampling", "") == "log"


def _jitter(number: int) -> float:
    """Return a small number that spreads the points of one choice, the same for each trial.

    Example:
        >>> all(abs(_jitter(n)) <= 0.25 for n in range(100))
        True
    """
    return 0.5 * ((number * _GOLDEN) % 1.0) - 0.25


def _tick(text: str) -> str:
    return text if len(text) <= LONGEST_TICK else text[: LONGEST_TICK - 1] + "\u2026"
