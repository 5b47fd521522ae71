"""Which examples have a target, what is it, and in which split is each of them?

For data whose inputs are not the columns of a table, but which a table, or folders, tell of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.table.advice import absent_notes, class_notes
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.classes import in_order, with_positive_last
from raysearch.data.table.splitting import fold_arrays, split_rows
from raysearch.data.table.target import Target, TargetColumn, fitted_target, read_target
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The examples that have a target.

    Shapes:
        rows: (N,) places in the frame, ascending
        parts: split -> places in `rows`, ascending
        targets: (N,) int64 classes, or (N, 1) float32 standardised
    """

    target: Target
    rows: NDArray[np.intp]
    parts: dict[str, NDArray[np.intp]]
    targets: NDArray[Any]
    class_counts: tuple[int, ...]
    """Training examples of each class; empty for a regression."""
    notes: tuple[str, ...]
    """What a person should know."""
    of_folds: Arrays
    """See `splitting.fold_arrays`."""


def label(
    frame: pd.DataFrame,
    *,
    arguments: TableArguments,
    told: NDArray[Any] | None,
    place: Callable[[int], str],
    is_class: bool = False,
) -> Labelled:
    """Return targets and splits.

    Args:
        frame: A row for each example.
        arguments: Which column is the target, and how to split.
        told: Which split each example is told to be in, as text; None if nothing tells.
        place: Names an example in messages.
        is_class: Whether the target is a class for certain, even if it looks like a number or like
            a missing value, as the names of folders may.

    Shapes:
        told: (N,)

    Raises:
        ConfigurationError: A target or the split is wrong, or no training example has a class.
    """
    import numpy as np

    column = _column(frame[arguments.target], arguments=arguments, place=place, is_class=is_class)
    is_classes = column.task == "classification"

    def of_row(row: int) -> str:
        return place(int(column.rows[row]))

    used = frame.iloc[column.rows].reset_index(drop=True)
    parts, split_notes = split_rows(
        used,
        classes=column.values if is_classes else None,
        arguments=arguments,
        told=None if told is None else told[column.rows],
        place=of_row,
    )
    target = fitted_target(column, rows=parts["train"], name=arguments.target)
    notes = [*column.notes, *split_notes]
    counts: tuple[int, ...] = ()
    targets = column.values
    if is_classes:
        _check_learnable(column, parts, arguments=arguments, place=place)
        counts = tuple(np.bincount(targets[parts["train"]], minlength=target.n_outputs).tolist())
        notes += class_notes(target, targets[parts["train"]])
        notes += absent_notes(target, targets, parts, place=of_row)
    else:
        targets = ((targets - target.mean) / target.std)[:, None].astype(np.float32)
    return Labelled(
        target=target,
        rows=column.rows,
        parts=parts,
        targets=targets,
        class_counts=counts,
        notes=tuple(notes),
        of_folds=fold_arrays(used, parts, arguments=arguments),
    )


def _column(
    series: pd.Series,
    *,
    arguments: TableArguments,
    place: Callable[[int], str],
    is_class: bool,
) -> TargetColumn:
    if is_class:
        return _classes(series, arguments=arguments)
    return read_target(series, arguments=arguments, place=place)


def _classes(series: pd.Series, *, arguments: TableArguments) -> TargetColumn:
    """Return the targets where each is the name of a class, whatever it looks like."""
    import numpy as np

    texts = [str(text) for text in series]
    counts = Counter(texts)
    if len(counts) == 1:
        raise ConfigurationError(
            f"path is {arguments.path}, which has {next(iter(counts))!r} as its only class. There "
            "is nothing to tell apart; give two classes or more."
        )
    classes = with_positive_last(in_order(set(counts)), counts, arguments=arguments)
    number = {str(name): place for place, name in enumerate(classes)}
    return TargetColumn(
        task="classification",
        classes=classes,
        rows=np.arange(len(texts)),
        values=np.array([number[text] for text in texts], dtype=np.int64),
        notes=(),
    )


def _check_learnable(
    column: TargetColumn,
    parts: dict[str, NDArray[np.intp]],
    *,
    arguments: TableArguments,
    place: Callable[[int], str],
) -> None:
    """Refuse classes of which there is nothing to learn from."""
    import numpy as np

    absent = np.setdiff1d(np.arange(len(column.classes)), column.values[parts["train"]])
    if not len(absent):
        return
    first = int(np.flatnonzero(column.values == absent[0])[0])
    raise ConfigurationError(
        f"target is {arguments.target}, but no training example has the class "
        f"{listed([str(column.classes[number]) for number in absent], most=5)}, such as "
        f"{place(int(column.rows[first]))} has. Put examples of it into the training split, or "
        "take the class out."
    )
