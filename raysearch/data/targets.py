"""Are targets classes or numbers, where nobody says so? The same answer for every kind of data."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from raysearch.data.arguments import LARGEST_NUMBER
from raysearch.data_spec import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEARLY_ALL = 0.95
"""Share of the targets that must be numbers for a regression; the others are named later."""

_MOST_INTEGER_CLASSES = 20
_ROWS_PER_CLASS = 10
"""Examples of each number, on average, from which on more than two whole numbers are classes."""

TEXT = "the target is text"
"""Why targets are classes that cannot be anything else."""


class Told(NamedTuple):
    """What targets are by themselves."""

    task: Task
    reason: str
    """A phrase for a person."""

    @property
    def note(self) -> str:
        """What a person should know, and what to write if it is wrong."""
        other = "regression" if self.task == "classification" else "classification"
        hint = "" if self.reason == TEXT else f" If that is wrong: `task: {other}`."
        return f"task is {self.task}, since {self.reason}.{hint}"


def told(numbers: NDArray[np.float64], *, rows_per_class: int = _ROWS_PER_CLASS) -> Told:
    """Return what targets are by themselves: a few whole numbers are classes.

    Args:
        numbers: (N,), of all targets; NaN for a text that is no number.
        rows_per_class: How many examples of each number there must be on average, where there are
            more than two numbers. Files of series and trees, whose labels are rarely measured, may
            do with fewer than tables.

    Example:
        >>> import numpy as np
        >>> told(np.array([0.0, 1, 1, 0])).task, told(np.array([0.5, 1, 2, 0])).task
        ('classification', 'regression')
    """
    import numpy as np

    known = numbers[~np.isnan(numbers)]
    if len(known) < NEARLY_ALL * len(numbers):
        return Told("classification", TEXT)
    n_different = len(np.unique(known))
    if (known % 1).any() or n_different > _MOST_INTEGER_CLASSES:
        return Told("regression", f"the target has {n_different} different numbers")
    if n_different > 2 and len(known) < rows_per_class * n_different:
        reason = f"the target has {n_different} different numbers in {len(known)} rows"
        return Told("regression", reason)
    return Told("classification", f"the target has only {n_different} different values")


def are_too_many(n_classes: int, *, n_examples: int, rows_per_class: int = 3) -> bool:
    """Return whether there are more classes than can be learnt from so many examples."""
    return n_classes > max(_MOST_INTEGER_CLASSES, n_examples / rows_per_class)


def finite_number(text: str) -> float | None:
    """Return the number that a text is to Python, None where it is none that float32 can hold."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST_NUMBER else None


def as_numbers(
    texts: Collection[str], *, number_of: Callable[[str], float | None] = finite_number
) -> NDArray[np.float64]:
    """Return (N,) the numbers that texts are, NaN for those that are none."""
    import numpy as np

    return np.array([number_of(text) for text in texts], dtype=np.float64)


def in_order(
    texts: Collection[str], *, number_of: Callable[[str], float | None] = finite_number
) -> tuple[str, ...]:
    """Return classes in sorted order: as numbers if all are, else as text.

    Example:
        >>> in_order({"10", "9"}), in_order({"b", "10", "9"})
        (('9', '10'), ('10', '9', 'b'))
    """
    numbers = {text: number_of(text) for text in texts}
    if all(number is not None for number in numbers.values()):
        # of several texts of one number, such as 1 and 1.0, the order is that of the texts
        return tuple(sorted(texts, key=lambda text: (numbers[text] or 0.0, text)))
    return tuple(sorted(texts))
