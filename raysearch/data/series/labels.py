"""What is to be told about a whole series: which class, or which number?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import RawSeries
from raysearch.data.targets import are_too_many, as_numbers, finite_number, in_order, told
from raysearch.data_spec import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SERIES_PER_CLASS = 2
"""Archives of series have classes of which there are few to learn from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is told of each series."""

    task: Task
    classes: tuple[str, ...]
    """Of a classification, in the order of their numbers."""
    values: NDArray[Any]
    """(N,): numbers of classes, int64; or numbers in the target's own unit, float64."""
    notes: tuple[str, ...] = ()


def read_labels(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> Labels:
    """Return the targets of the series of one file, or of two together.

    Raises:
        ConfigurationError: They are all the same, of more classes than can be learnt, or not what
            `task` says; with file and place.
    """
    import numpy as np

    texts = [_text(label) for raw in raws for label in raw.labels or ()]
    notes: list[str] = []
    task = arguments.task or raws[0].task
    if task is None:
        by_itself = told(
            as_numbers([_text(label) for label in raws[0].labels or ()]),
            rows_per_class=_SERIES_PER_CLASS,
        )
        task, notes = by_itself.task, [by_itself.note]
    if len(set(texts)) == 1:
        raise raws[0].source.fault(
            f"where all {len(texts)} series have the target {texts[0]!r}. There is nothing to "
            "learn; give series of several classes, or another target."
        )
    if task == "regression":
        values = np.array(_all_numbers(raws, texts), dtype=np.float64)
        return Labels(task="regression", classes=(), values=values, notes=tuple(notes))
    classes = raws[0].classes or in_order(set(texts))
    given = {"n_examples": len(texts), "rows_per_class": _SERIES_PER_CLASS}
    if are_too_many(len(classes), **given):
        raise raws[0].source.fault(
            f"whose targets have {len(classes)} different values in {len(texts)} series, too many "
            "for classes. Choose another target, or, for numbers, write `task: regression`."
        )
    unlisted = sorted(set(texts) - set(classes))
    if unlisted:
        raise raws[-1].source.fault(
            f"with series of class {listed(unlisted)}, and {raws[0].source.path} lists "
            f"{listed(classes)}. Mend one of them."
        )
    place = {name: number for number, name in enumerate(classes)}
    values = np.array([place[text] for text in texts], dtype=np.int64)
    shown = ", ".join(f"{name} ({Counter(texts)[name]})" for name in classes[:20])
    notes.append(f"The classes, and how many series each has: {shown}.")
    return Labels(task="classification", classes=classes, values=values, notes=tuple(notes))


def _all_numbers(raws: Sequence[RawSeries], texts: list[str]) -> list[float]:
    """Return the numbers, refusing what is none with its place."""
    numbers = []
    places = [(raw, place) for raw in raws for place in range(len(raw))]
    for (raw, place), text in zip(places, texts, strict=True):
        number = finite_number(text)
        if number is None:
            raise raw.fault(
                [place],
                f"has the target {text!r}, which is no number as a regression needs. Mend it, or "
                "write `task: classification`.",
            )
        numbers.append(number)
    return numbers


def _text(label: object) -> str:
    """Return a target as text; whole numbers without a fraction, however they were stored.

    Example:
        >>> _text(1.0), _text(1), _text(" 1 "), _text("1.0")
        ('1', '1', '1', '1.0')
    """
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if isinstance(label, float) and is_whole else label).strip()
