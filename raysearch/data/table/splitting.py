"""Which rows of a table are for training, which for validation, which for the test?

A column, or a file of its own for the test, may say so; or the rows are in an order, such as that
of time, and the test is the future; or they are in groups that stay together; or they are drawn,
each split with the same mix of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from raysearch.data.arguments import listed
from raysearch.data.leaks import group_note
from raysearch.data.splits import SplitSizes, draw_groups, draw_split, split_sizes
from raysearch.data.table import dates
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.numerals import decimal_of, numbers_of
from raysearch.data.table.texts import texts_of
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

    Parts = dict[str, NDArray[np.intp]]

WORDS = {
    "train": ("train", "training", "learn", "fit"),
    "validation": ("validation", "val", "valid", "dev", "development", "eval"),
    "test": ("test", "testing", "holdout", "hold-out"),
}
"""Split -> what a column may call it, in whatever case."""

FEWEST_ROWS = 10


def split_rows(
    frame: pd.DataFrame,
    *,
    classes: NDArray[Any] | None,
    arguments: TableArguments,
    told: NDArray[Any] | None = None,
    place: Callable[[int], str] = lambda row: f"row {row + 1}",
) -> tuple[Parts, list[str]]:
    """Return the rows of each split, ascending, and what a person should know.

    Args:
        frame: The rows that have a target.
        classes: Of a classification: the class of each row, so that it is spread over the splits.
        arguments: Say how to split.
        told: For each row the split it is told to be in, as text; None where nothing tells, which
            is not so if the arguments name a column `split`. Where no row is told to be for
            validation, some of the training rows are.
        place: Names a row of the frame in messages, counted from 0.

    Shapes:
        classes, told: (N,)

    Raises:
        ConfigurationError: There are too few rows, or what should say how to split does not.
        ValueError: The arguments name a column `split`, and what it tells is not given.
    """
    if arguments.split is not None and told is None:
        raise ValueError(f"split is {arguments.split}, so told must be what that column says.")
    try:
        return _split(frame, classes=classes, arguments=arguments, told=told, place=place)
    except ConfigurationError as error:
        raise ConfigurationError([text.removeprefix("data.") for text in error.faults]) from error


def _split(
    frame: pd.DataFrame,
    *,
    classes: NDArray[Any] | None,
    arguments: TableArguments,
    told: NDArray[Any] | None,
    place: Callable[[int], str],
) -> tuple[Parts, list[str]]:
    if len(frame) < FEWEST_ROWS and told is None:
        raise ConfigurationError(
            f"path is {arguments.path}, with {len(frame)} rows that have a target. At least "
            f"{FEWEST_ROWS} are needed for training, validation and test."
        )
    if told is None:
        shares = {"validation": arguments.validation, "test": arguments.test}
        return _cut(frame, classes=classes, arguments=arguments, shares=shares)
    parts = _told(told, arguments=arguments, place=place)
    shared = []
    if arguments.group is not None:
        shared = group_note(texts_of(frame[arguments.group]).tolist(), parts, name=arguments.group)
    if len(parts["validation"]):
        return parts, shared
    rest = parts["train"]
    drawn, notes = _cut(
        frame.iloc[rest].reset_index(drop=True),
        classes=None if classes is None else classes[rest],
        arguments=arguments,
        shares={"validation": arguments.validation},
    )
    n_drawn = len(drawn["validation"])
    notes.append(
        f"No row is told to be for validation, so {n_drawn} of the {len(rest)} training rows are."
    )
    cut = {part: rest[drawn[part]] for part in ("train", "validation")}
    return {**cut, "test": parts["test"]}, [*notes, *shared]


def _cut(
    frame: pd.DataFrame,
    *,
    classes: NDArray[Any] | None,
    arguments: TableArguments,
    shares: Mapping[str, float],
) -> tuple[Parts, list[str]]:
    """Return the rows of each split where they are in an order, in groups, or drawn."""
    import numpy as np

    sizes = split_sizes(len(frame), **{"validation": 0.05, "test": 0.05, **shares})
    if "test" not in shares:
        sizes = SplitSizes(train=sizes.train + sizes.test, validation=sizes.validation, test=0)
    for name, share in shares.items():
        if getattr(sizes, name) == 0:
            raise ConfigurationError(
                f"{name} is {share}, which is not one of {len(frame)} rows. Raise it."
            )
    if arguments.group is not None:
        groups = _groups(frame, arguments=arguments)
        return draw_groups(groups, sizes=sizes, seed=arguments.split_seed), []
    if arguments.order_by is None:
        return draw_split(len(frame), classes=classes, sizes=sizes, seed=arguments.split_seed), []
    times, notes = _times(frame[arguments.order_by], arguments=arguments)
    order = np.argsort(times, kind="stable")
    cuts = [sizes.train, sizes.train + sizes.validation]
    train, validation, test = (np.sort(part) for part in np.split(order, cuts))
    return {"train": train, "validation": validation, "test": test}, notes


def fold_arrays(frame: pd.DataFrame, parts: Parts, *, arguments: TableArguments) -> Arrays:
    """Return what folds of the rows for training and validation must heed: groups, or time.

    Args:
        frame: As of `split_rows`.
        parts: The rows of each split.
        arguments: Name the column of groups, or of the order, if there is one.

    Shapes:
        returns: "train_groups" and "validation_groups", (N,) int64 each; or "train_moments" and
            "validation_moments", (N, 2) int64 each; nothing where rows are drawn
    """
    import numpy as np

    if arguments.group is not None:
        role, found = "groups", _groups(frame, arguments=arguments)
    elif arguments.order_by is not None:
        times, _ = _times(frame[arguments.order_by], arguments=arguments)
        ranks = np.unique(times, return_inverse=True)[1].astype(np.int64)
        role, found = "moments", np.stack([ranks, ranks], axis=1)
    else:
        return {}
    return {f"{part}_{role}": found[parts[part]] for part in ("train", "validation")}


def _groups(frame: pd.DataFrame, *, arguments: TableArguments) -> NDArray[np.int64]:
    import numpy as np

    texts = [text or "" for text in texts_of(frame[arguments.group])]
    return np.unique(np.array(texts, dtype=str), return_inverse=True)[1].astype(np.int64)


def _told(told: NDArray[Any], *, arguments: TableArguments, place: Callable[[int], str]) -> Parts:
    """Return the rows as they are told; those for validation may be none."""
    import numpy as np

    split_of = {word: part for part, words in WORDS.items() for word in words}
    texts = [str(text).casefold() for text in told]
    first = {text: row for row, text in reversed(list(enumerate(texts))) if text not in split_of}
    if first:
        unknown = [f"{text!r} in {place(row)}" for text, row in sorted(first.items())]
        raise ConfigurationError(
            f"split is {arguments.split}, a column with the values {listed(unknown, most=5)}. Each "
            "row with a target must say train, validation or test."
        )
    parts_of = np.array([split_of[text] for text in texts])
    parts = {part: np.flatnonzero(parts_of == part) for part in WORDS}
    fewest = {"train": 2 if len(parts["validation"]) else 3, "test": 1}
    empty = [part for part, fewest_rows in fewest.items() if len(parts[part]) < fewest_rows]
    if empty:
        raise ConfigurationError(_too_few(empty, arguments=arguments))
    return parts


def _too_few(empty: Sequence[str], *, arguments: TableArguments) -> str:
    missing = " and ".join(empty)
    if arguments.split is not None:
        where = f"split is {arguments.split}, a column that leaves"
    elif arguments.test_path is not None:
        where = f"test_path is {arguments.test_path}, which leaves, beside path,"
    else:
        where = f"path is {arguments.path}, whose folders for training and test leave"
    return (
        f"{where} too few rows for {missing}. Training and test need rows; those for validation "
        "are drawn where none are told to be."
    )


def _times(
    series: pd.Series, *, arguments: TableArguments
) -> tuple[NDArray[np.float64], list[str]]:
    """Return what the rows are ordered by, (N,), and what a person should know of it."""
    import numpy as np

    texts = [text for text in texts_of(series) if text is not None]
    decimal = arguments.decimal or decimal_of(texts)[0] or "."
    values = numbers_of(series, decimal=decimal)
    if np.isnan(values).sum() > len(values) - 0.5 * len(texts):
        told = arguments.dates.get(arguments.order_by or "")
        formats, is_doubtful = ((told,), False) if told else dates.formats_of(sorted(set(texts)))
        values = dates.days_of(series, formats=formats)
        if is_doubtful:
            right = f'`dates: {{{arguments.order_by}: "%d/%m/%Y"}}`, or "%m/%d/%Y"'
            raise ConfigurationError(
                f"order_by is {arguments.order_by}, whose dates could begin with the day or with "
                f"the month. Write {right}."
            )
    absent = np.isnan(values)
    if absent.mean() > 0.5:
        raise ConfigurationError(
            f"order_by is {arguments.order_by}, whose values are neither numbers nor dates, such "
            f"as {listed([repr(text) for text in texts[:3]])}. Choose a column that has an order."
        )
    notes = []
    if absent.any():
        notes.append(
            f"{absent.sum()} rows have no {arguments.order_by}; they count as the earliest."
        )
    return np.where(absent, -np.inf, values), notes
