"""What is to be predicted: which classes, or numbers in which unit?

The classes are those of the whole file, in sorted order, since what a model can answer has to be
known before anything is split. Of two classes the second one is the one that is looked for: the
one that the user names, else one such as "yes" or 1, else the rarer one. Mean and standard
deviation of a number are those of the training split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from raysearch.counting import agreeing, counted
from raysearch.data.arguments import listed
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.classes import Label, in_order, with_positive_last
from raysearch.data.table.evidence import with_rows
from raysearch.data.table.numerals import decimal_of, numbers_of
from raysearch.data.table.texts import is_present, texts_of
from raysearch.data.targets import NEARLY_ALL, are_too_many, told
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_ABSENT = frozenset({"", "na", "n/a", "nan", "null", "#n/a", "<na>", "nat", "?"})
"""A target that says this is missing. Fewer texts than for features: "none" and "-" may be
classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column that is predicted, and what was learnt about it."""

    name: str
    task: Task
    classes: tuple[Label, ...] = ()
    """Of a classification, in sorted order, of two the positive one last; their places are what
    models predict."""
    mean: float = 0.0
    """Of a regression: the training split's, in the target's own unit."""
    std: float = 1.0
    """Of a regression: the training split's standard deviation, above 0."""

    @property
    def n_outputs(self) -> int:
        """Numbers that a model predicts for a row."""
        return len(self.classes) if self.task == "classification" else 1

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {**asdict(self), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Target:
        """Return the target that `to_json` wrote."""
        return cls(**{**values, "classes": tuple(values["classes"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetColumn:
    """The targets of the rows that have one."""

    task: Task
    classes: tuple[Label, ...]
    rows: NDArray[np.intp]
    """Which rows of the file have a target, ascending."""
    values: NDArray[Any]
    """Of these: places of classes, int64, or numbers in the target's own unit, float64."""
    notes: tuple[str, ...]
    """What a person should know."""


def fitted_target(target: TargetColumn, *, rows: NDArray[np.intp], name: str) -> Target:
    """Return the target with what the training split says about it.

    Args:
        target: All targets.
        rows: Which of them are for training.
        name: The column's name.

    Raises:
        ConfigurationError: The training targets are all the same number.
    """
    if target.task == "classification":
        return Target(name=name, task=target.task, classes=target.classes)
    values = target.values[rows]
    mean, std = float(values.mean()), float(values.std())
    if not std > 0:
        raise ConfigurationError(
            f"target is {name}, which is {mean:g} in all training rows. There is nothing to learn; "
            "choose another target, or another split."
        )
    return Target(name=name, task=target.task, mean=mean, std=std)


def read_target(
    series: pd.Series,
    *,
    arguments: TableArguments,
    place: Callable[[int], str] = lambda row: f"row {row + 1}",
) -> TargetColumn:
    """Return the targets in a column.

    Args:
        series: The column.
        arguments: What the experiment says about it.
        place: Names a row of it in messages, counted from 0.

    Raises:
        ConfigurationError: There are none, they are all the same, or are not what `task` says.

    Example:
        >>> import pandas as pd
        >>> arguments = TableArguments(path="pets.csv", target="pet")
        >>> target = read_target(pd.Series(["dog", "cat", "", "dog"]), arguments=arguments)
        >>> target.classes, target.values.tolist(), target.rows.tolist()
        (('dog', 'cat'), [0, 1, 0], [0, 1, 3])
    """
    import numpy as np

    texts = _texts(series)
    present = np.flatnonzero(is_present(texts))
    if len(present) == 0:
        raise ConfigurationError(
            f"target is {arguments.target}, a column without a single value. Choose another one."
        )
    numbers = _numbers(texts[present], arguments=arguments)
    task, notes = arguments.task, []
    if task is None:
        by_itself = told(numbers)
        task = by_itself.task
        notes.append(by_itself.note)
    if task == "regression":
        found = _regression(texts, present, numbers, arguments=arguments, place=place)
    else:
        found = _classification(texts, present, arguments=arguments)
    rows, values, classes = found
    notes += _lost_notes(texts, present, rows, name=arguments.target, place=place)
    return TargetColumn(task=task, classes=classes, rows=rows, values=values, notes=tuple(notes))


def _lost_notes(
    texts: NDArray[np.object_],
    present: NDArray[np.intp],
    rows: NDArray[np.intp],
    *,
    name: str,
    place: Callable[[int], str],
) -> list[str]:
    """Return which rows are left out, for want of a target or of a number in its place."""
    import numpy as np

    notes = []
    absent = np.setdiff1d(np.arange(len(texts)), present)
    if len(absent):
        shown = listed([place(int(row)) for row in absent], most=3)
        one, many = f"it has no {name}", f"they have no {name}"
        notes.append(f"{_left_out(absent, of=texts, one=one, many=many)}: {shown}.")
    wrong = np.setdiff1d(present, rows)
    if len(wrong):
        shown = listed([f"{texts[row]!r} in {place(int(row))}" for row in wrong], most=3)
        one, many = f"its {name} is no number", f"their {name} is no number"
        notes.append(
            f"{_left_out(wrong, of=texts, one=one, many=many)}: {shown}. Mend the file if more is "
            "meant to be learnt from."
        )
    return notes


def _left_out(rows: Sequence[int] | NDArray[Any], *, of: NDArray[Any], one: str, many: str) -> str:
    among = f"of {counted(len(of), 'row')}"
    return agreeing(len(rows), f"{among} is left out: {one}", f"{among} are left out: {many}")


_Found = tuple["NDArray[np.intp]", "NDArray[Any]", tuple[Label, ...]]


def _classification(
    texts: NDArray[np.object_], present: NDArray[np.intp], *, arguments: TableArguments
) -> _Found:
    import numpy as np

    counts = Counter(texts[present])
    different = set(counts)
    name, n_rows = arguments.target, len(present)
    if len(different) == 1:
        raise ConfigurationError(
            f"target is {name}, and all {n_rows} rows have the value {different.pop()!r}. There is "
            "nothing to tell apart; choose another column."
        )
    if are_too_many(len(different), n_examples=n_rows):
        raise ConfigurationError(
            f"target is {name}, with {len(different)} different values in {n_rows} rows, too many "
            "for classes. Choose another column, or, for numbers, write `task: regression`."
        )
    classes = with_positive_last(in_order(different), counts, arguments=arguments)
    place = {str(label): number for number, label in enumerate(classes)}
    return present, np.array([place[text] for text in texts[present]], dtype=np.int64), classes


def _regression(
    texts: NDArray[np.object_],
    present: NDArray[np.intp],
    numbers: NDArray[np.float64],
    *,
    arguments: TableArguments,
    place: Callable[[int], str],
) -> _Found:
    import numpy as np

    name, known = arguments.target, ~np.isnan(numbers)
    wrong = {texts[row]: row for row in reversed(present[~known])}  # each with its first row
    if wrong and known.mean() < NEARLY_ALL:
        raise ConfigurationError(
            f"target is {name}, but for a regression it must be a number, and "
            f"{(~known).sum()} of {len(known)} values are none, such as "
            f"{with_rows(wrong, place=place)}. Mend the file, or write `task: classification`."
        )
    if len(np.unique(numbers[known])) == 1:
        raise ConfigurationError(
            f"target is {name}, and all {known.sum()} rows have the value {numbers[known][0]:g}. "
            "There is nothing to predict; choose another column."
        )
    return present[known], numbers[known], ()


def _texts(series: pd.Series) -> NDArray[np.object_]:
    """Return each target as text, None where it is missing."""
    import pandas as pd

    texts = texts_of(series)
    for place, value in enumerate(series):
        if texts[place] is None and not pd.isna(value):
            text = str(value).strip()
            texts[place] = None if text.casefold() in _ABSENT else text
    return texts


def _numbers(texts: NDArray[np.object_], *, arguments: TableArguments) -> NDArray[np.float64]:
    """Return the targets that are not missing as numbers, NaN where one is none."""
    import pandas as pd

    mark, _ = decimal_of(set(texts))
    plain = pd.Series(texts, dtype=object)
    return numbers_of(plain, decimal=arguments.decimal or mark or ".")
