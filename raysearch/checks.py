"""Is a number that somebody set of the right type, and within its range?

Each check returns a sentence about what is wrong, or None, so that all faults can be gathered and
raised together.
"""

from __future__ import annotations

import math
from typing import Any

from raysearch.errors import ConfigurationError


def integer_fault(
    key: str, value: object, *, at_least: int, at_most: int | None = None
) -> str | None:
    """Return what is wrong with a setting that must be an integer in a range, or None.

    Args:
        key: The setting's dotted key, such as "scheduler.min_epochs".
        value: What was set.
        at_least: The smallest legal value.
        at_most: The largest legal value; None when there is no limit.

    Example:
        >>> integer_fault("searcher.n_startup", 0, at_least=1)
        'searcher.n_startup is 0. It must be an integer of at least 1.'
        >>> integer_fault("scheduler.brackets", "two", at_least=1, at_most=4)
        "scheduler.brackets is 'two'. It must be an integer from 1 to 4."
        >>> integer_fault("scheduler.brackets", 2, at_least=1) is None
        True
    """
    if type(value) is int and _is_within(value, at_least, at_most):
        return None
    return f"{key} is {value!r}. It must be an integer {_range(at_least, at_most)}."


def number_fault(
    key: str, value: object, *, at_least: float, at_most: float | None = None
) -> str | None:
    """Return what is wrong with a setting that must be a finite number in a range, or None.

    Args:
        key: The setting's dotted key, such as "searcher.gamma".
        value: What was set.
        at_least: The smallest legal value.
        at_most: The largest legal value; None when there is no limit.

    Example:
        >>> number_fault("searcher.gamma", 2.0, at_least=0.05, at_most=1)
        'searcher.gamma is 2.0. It must be a number from 0.05 to 1.'
    """
    if type(value) in (int, float) and _is_within(value, at_least, at_most):
        return None
    return f"{key} is {value!r}. It must be a number {_range(at_least, at_most)}."


def raise_faults(*faults: str | None) -> None:
    """Raise one `ConfigurationError` with all the faults, if there are any.

    Example:
        >>> raise_faults(None, integer_fault("searcher.n_startup", 10, at_least=1))
    """
    found = [fault for fault in faults if fault is not None]
    if found:
        raise ConfigurationError(found)


def _is_within(value: Any, at_least: float, at_most: float | None) -> bool:
    return math.isfinite(value) and at_least <= value <= (math.inf if at_most is None else at_most)


def _range(at_least: float, at_most: float | None) -> str:
    return f"of at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
