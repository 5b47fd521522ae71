"""What is to be told about a whole series: which class, or which number?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import LARGEST_NUMBER, listed
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import RawSeries
from raysearch.data_spec import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INTEGER = re.compile(r"-?\d+")
_MOST_INTEGER_CLASSES = 20
_NEARLY_ALL = 0.95


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
    numbers = [_number(text) for text in texts]
    notes: list[str] = []
    task = arguments.task or raws[0].task
    if task is None:
        task, notes = _told([_text(label) for label in raws[0].labels or ()])
    if len(set(texts)) == 1:
        raise raws[0].source.fault(
            f"where all {len(texts)} series have the target {texts[0]!r}. There is nothing to "
            "learn; give series of several classes, or another target."
        )
    if task == "regression":
        values = np.array(_all_numbers(raws, texts, numbers), dtype=np.float64)
        return Labels(task="regression", classes=(), values=values, notes=tuple(notes))
    classes = raws[0].classes or in_order(set(texts))
    if len(classes) > max(2, len(texts) // 2):
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


def _told(texts: Sequence[str]) -> tuple[Task, list[str]]:
    """Return what the targets of the file with the training series are by themselves."""
    different = set(texts)
    n_numbers = sum(_number(text) is not None for text in texts)
    is_number = n_numbers >= _NEARLY_ALL * len(texts)  # those that are none are named later
    is_whole = n_numbers == len(texts) and all(_INTEGER.fullmatch(text) for text in different)
    few = len(different) <= min(_MOST_INTEGER_CLASSES, len(texts) // 2)
    task: Task = "regression" if is_number and not (is_whole and few) else "classification"
    kind = "numbers" if is_number else "texts"
    note = (
        f"task is {task}, since the targets are {len(different)} different {kind}. If that is "
        "wrong, write task."
    )
    return task, [note]


def _all_numbers(
    raws: Sequence[RawSeries], texts: list[str], numbers: list[float | None]
) -> list[float]:
    """Return the numbers, refusing what is none with its place."""
    places = [(raw, number) for raw in raws for number in range(len(raw))]
    for (raw, place), text, number in zip(places, texts, numbers, strict=True):
        if number is None:
            raise raw.fault(
                [place],
                f"has the target {text!r}, which is no number as a regression needs. Mend it, or "
                "write `task: classification`.",
            )
    return [number for number in numbers if number is not None]


def _text(label: object) -> str:
    """Return a target as text; whole numbers without a fraction, however they were stored.

    Example:
        >>> _text(1.0), _text(1), _text(" 1 "), _text("1.0")
        ('1', '1', '1', '1.0')
    """
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if isinstance(label, float) and is_whole else label).strip()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST_NUMBER else None


def in_order(texts: Collection[str]) -> tuple[str, ...]:
    """Return classes in sorted order: as integers if all are, else as text.

    Example:
        >>> in_order({"10", "9"}), in_order({"b", "a"})
        (('9', '10'), ('a', 'b'))
    """
    if all(_INTEGER.fullmatch(text) for text in texts):
        # of several texts of one number, such as 1 and 01, the order is that of the texts
        return tuple(sorted(texts, key=lambda text: (int(text), text)))
    return tuple(sorted(texts))
