"""What should a person know about a prepared table before trusting what is measured on it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from raysearch.counting import agreeing
from raysearch.data.arguments import listed
from raysearch.data.leaks import leak_note
from raysearch.data.table.classes import Label
from raysearch.data.table.columns import CategoryColumn, Column, unread_rows
from raysearch.data.table.evidence import with_rows
from raysearch.data.table.numerals import number_of
from raysearch.data.table.preprocessing import Preprocessing
from raysearch.data.table.target import Target
from raysearch.data.table.texts import texts_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_MEANT = {
    "number": ("no number", "no numbers"),
    "date": ("no date", "no dates"),
    "flag": ("neither of its two words", "neither of its two words"),
}
"""Kind of column -> what is said of one value, and of several, that are not of that kind."""

_GIVEN_AWAY = 0.99
"""Correlation with the target from which a number is suspected to give it away."""

_MOSTLY_ALIKE = 0.5
"""Different training rows, as a share of all, below which rows agree in a few coarse columns."""

_N_SHOWN = 2
"""Rows that a note names."""

_RARE_SHARE = 0.2
"""A smallest class with less than this, in proportion to an equal share, is worth a word."""


def absent_notes(
    target: Target,
    values: NDArray[Any],
    parts: Mapping[str, NDArray[np.intp]],
    *,
    place: Callable[[int], str],
) -> list[str]:
    """Return which classes a split has no row of, with where one is that is missed in training.

    Args:
        target: What is predicted.
        values: Places of the classes of all rows, (N,); not used for a regression.
        parts: Split -> its rows.
        place: Names a row.
    """
    import numpy as np

    if target.task != "classification":
        return []
    notes = []
    for part, rows in parts.items():
        absent = np.setdiff1d(np.arange(len(target.classes)), values[rows])
        if not len(absent):
            continue
        names = listed([str(target.classes[number]) for number in absent], most=5)
        if part == "train":
            first = int(np.flatnonzero(values == absent[0])[0])
            notes.append(
                f"No training row has the class {names}, so it cannot be learnt; {place(first)} "
                "has it."
            )
        else:
            notes.append(f"The {part} split has no example of the class {names}.")
    return notes


def class_notes(target: Target, values: NDArray[Any]) -> list[str]:
    """Return what the training split says about the classes.

    Args:
        target: What is predicted.
        values: Places of the classes of the training rows, (N,); not used for a regression.
    """
    import numpy as np

    if target.task != "classification":
        return []
    counts = np.bincount(values, minlength=len(target.classes))
    notes = [
        f"The classes {listed(map(repr, alike))} may be one, written in several ways. If so, mend "
        "the file."
        for alike in _alike(target.classes)
    ]
    if len(target.classes) == 2:
        other, positive = target.classes
        notes.append(
            f"The class that is looked for, as val/auroc and val/average_precision see it, is "
            f"{positive}. To look for the other: `positive: {str(other)!r}`."
        )
    rarest = int(counts.argmin())
    if counts[rarest] < _RARE_SHARE * len(values) / len(counts):
        notes.append(
            f"The classes are unbalanced: {target.classes[rarest]} has {counts[rarest]} of "
            f"{len(values)} training rows. val/accuracy says little then; val/auroc, "
            "val/average_precision and val/balanced_accuracy say more."
        )
    return notes


def unread_notes(
    frame: pd.DataFrame, columns: Sequence[Column], *, place: Callable[[int], str]
) -> list[str]:
    """Return which values are no numbers, dates or truth values in columns of these.

    Args:
        frame: All rows.
        columns: What becomes of each column that is predicted from.
        place: Names a row.
    """
    notes = []
    for column in columns:
        if isinstance(column, CategoryColumn):
            continue
        series = frame[column.name]
        rows = unread_rows(column, series)
        if not len(rows):
            continue
        texts = texts_of(series.iloc[rows])
        first = dict(zip(texts[::-1], rows[::-1], strict=True))  # each text with its first row
        one, many = _MEANT[column.kind]
        said = agreeing(len(rows), f"value is {one} and counts", f"values are {many} and count")
        notes.append(
            f"Column {column.name}: {said} as missing, such as {with_rows(first, place=place)}. "
            "Mend the file if more is meant."
        )
    return notes


def copy_notes(
    frame: pd.DataFrame,
    parts: Mapping[str, NDArray[np.intp]],
    *,
    target: str,
    place: Callable[[int], str],
) -> list[str]:
    """Return what is to be said about rows that occur twice.

    Args:
        frame: All rows, with the columns to predict from and the target.
        parts: Split -> its rows.
        target: The target's name.
        place: Names a row.
    """
    copies = frame.duplicated().to_numpy().nonzero()[0]
    notes = []
    if len(copies):
        shown = listed([place(int(row)) for row in copies], most=_N_SHOWN)
        are = agreeing(len(copies), "row is a copy of another one", "rows are copies of others")
        notes.append(f"{are}, target and all: {shown}.")
    features = frame.drop(columns=target).astype(str)
    keys = list(features.itertuples(index=False, name=None))
    n_train = len(parts["train"])
    if len({keys[row] for row in parts["train"]}) < _MOSTLY_ALIKE * n_train:
        return notes  # the columns have few values, and rows agree by chance
    what = "rows have the same values in all columns to predict from"
    return notes + leak_note(keys, parts, what=what, place=place)


def giveaway_notes(prepared: Arrays, *, preprocessing: Preprocessing) -> list[str]:
    """Return which columns say the target so well that they may be known only afterwards.

    Args:
        prepared: The arrays of the splits.
        preprocessing: What made the arrays of the rows.
    """
    import numpy as np

    notes = []
    inputs, targets = prepared["train_inputs"], prepared["train_targets"]
    places = np.arange(preprocessing.target.n_outputs)
    wanted = (targets[:, None] == places) * 1.0 if targets.ndim == 1 else targets.astype(float)
    n_numbers = inputs.shape[1] - len(preprocessing.categories)
    for name, values in zip(preprocessing.features, inputs.T[:n_numbers], strict=False):
        strength = max(_correlation(values.astype(float), column) for column in wanted.T)
        if strength > _GIVEN_AWAY:
            notes.append(
                f"{name} nearly gives {preprocessing.target.name} away (correlation "
                f"{strength:.3f}). If it is only known afterwards, list its column under ignore."
            )
    return notes


def _correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the size of the correlation of two columns, 0 where one is constant."""
    first, second = first - first.mean(), second - second.mean()
    size = float((first @ first) * (second @ second)) ** 0.5
    return abs(float(first @ second)) / size if size > 0 else 0.0


def _alike(classes: Sequence[Label]) -> list[list[str]]:
    """Return the classes that differ only in capital letters, or in how a number is written.

    Example:
        >>> _alike(("1", "1.0", "NO", "no", "yes"))
        [['1', '1.0'], ['NO', 'no']]
    """
    groups: dict[str | float, list[str]] = {}
    for text in map(str, classes):
        number = number_of(text, decimal=".")
        groups.setdefault(text.casefold() if number is None else number, []).append(text)
    return [alike for alike in groups.values() if len(alike) > 1]
