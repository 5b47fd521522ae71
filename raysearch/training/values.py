"""Which numbers are measurements, and what becomes of those that are not finite?

Nothing here loads torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from raysearch.errors import TrialFailed


def finite_or_none(values: Mapping[str, float]) -> tuple[dict[str, float | None], str | None]:
    """Return metric values as they are journalled, and why some of them are missing.

    Returns:
        The values by name, None where one was not finite; and a phrase that names those, or None.

    Example:
        >>> finite_or_none({"val/loss": math.nan, "val/f1": 0.5})
        ({'val/loss': None, 'val/f1': 0.5}, 'not finite: val/loss (nan)')
    """
    broken = {name: value for name, value in values.items() if not math.isfinite(value)}
    if not broken:
        return dict(values), None
    names = ", ".join(f"{name} ({value})" for name, value in broken.items())
    return {
        name: None if name in broken else value for name, value in values.items()
    }, f"not finite: {names}"


def as_number(value: Any) -> float | None:
    """Return a number of any kind as a float; None if it is not one number.

    Numbers are those of Python and NumPy, and arrays and tensors without dimensions.

    Example:
        >>> as_number(3), as_number(True), as_number("3"), as_number([3])
        (3.0, 1.0, None, None)
    """
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    is_number = isinstance(value, Real)
    if not is_number:
        return None
    try:
        return float(value)
    except OverflowError:  # an int beyond the largest float
        return math.inf if value > 0 else -math.inf


def checked_values(values: object, *, metric: str, trial: str) -> dict[str, float]:
    """Return what a function reported as numbers by name.

    Args:
        values: As the function gave it: a mapping, or one number, which is the objective's.
        metric: The objective's metric.
        trial: The trial's id, for messages.

    Raises:
        TrialFailed: It is neither, or a name is no text, or a value no number.
    """
    number = as_number(values)
    if number is not None:
        return {metric: number}
    if not isinstance(values, Mapping):
        raise TrialFailed(
            f"Trial {trial} reported {_shown(values)}. Give the numbers by name: "
            f'report({{"{metric}": 0.93}}).'
        )
    return {_name(name, trial): _value(name, value, trial) for name, value in values.items()}


def _name(name: object, trial: str) -> str:
    if isinstance(name, str) and name:
        return name
    raise TrialFailed(
        f"Trial {trial} reported a metric whose name is {_shown(name)}. Name it with a text, such "
        'as "val_loss".'
    )


def _value(name: object, value: Any, trial: str) -> float:
    number = as_number(value)
    if number is not None:
        return number
    advice = "Give one number for each name."
    if isinstance(value, str):
        advice = "Give a number: what is no measurement can be printed, which goes to log.txt."
    elif isinstance(value, Mapping):
        advice = f'Give each of its numbers a name of its own, such as "{name}/a".'
    elif hasattr(value, "mean"):
        advice = "Give one number, such as its mean: value.mean()."
    raise TrialFailed(f"Trial {trial} reported {name} = {_shown(value)}. {advice}")


def _shown(value: Any) -> str:
    """Return a value with its type, and its shape if it has one, on one short line."""
    if value is None:
        return "None"
    text = " ".join(repr(value).split())
    text = text if len(text) <= 60 else f"{text[:57]}..."
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
    return f"{text} ({kind}{shape})"
