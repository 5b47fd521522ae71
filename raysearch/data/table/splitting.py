"""Which rows of a table are for training, which for validation, which for the test?

A column may say so; or the rows are in an order, such as that of time, and the test is the future;
or they are drawn, each split with the same mix of classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.data.splits import draw_split, split_sizes
from raysearch.data.table import dates
from raysearch.data.table.arguments import TableArguments, listed
from raysearch.data.table.numerals import decimal_of, numbers_of
from raysearch.data.table.texts import texts_of
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Parts = dict[str, NDArray[np.intp]]

_WORDS = {
    "train": ("train", "training", "learn", "fit"),
    "validation": ("validation", "val", "valid", "dev", "development", "eval"),
    "test": ("test", "testing", "holdout", "hold-out"),
}
"""Split -> what a column may call it, in whatever case."""

FEWEST_ROWS = 10


def split_rows(
    frame: pd.DataFrame, *, classes: NDArray[Any] | None, arguments: TableArguments
) -> tuple[Parts, list[str]]:
    """Return the rows of each split, ascending, and what a person should know.

    Args:
        frame: The rows that have a target.
        classes: Of a classification: the class of each row, so that it is spread over the splits.
        arguments: Say how to split.

    Shapes:
        classes: (N,)

    Raises:
        ConfigurationError: There are too few rows, or the column that should say how to split
            does not.
    """
    import numpy as np

    if len(frame) < FEWEST_ROWS and arguments.split is None:
        raise ConfigurationError(
            f"path is {arguments.path}, with {len(frame)} rows that have a target. At least "
            f"{FEWEST_ROWS} are needed for training, validation and test."
        )
    if arguments.split is not None:
        return _told(frame[arguments.split], arguments=arguments)
    shares = {"validation": arguments.validation, "test": arguments.test}
    sizes = split_sizes(len(frame), **shares)
    for name, share in shares.items():
        if getattr(sizes, name) == 0:
            raise ConfigurationError(
                f"{name} is {share}, which is not one of {len(frame)} rows. Raise it."
            )
    if arguments.order_by is None:
        return draw_split(len(frame), classes=classes, sizes=sizes, seed=arguments.split_seed), []
    order, notes = _order(frame[arguments.order_by], arguments=arguments)
    cuts = [sizes.train, sizes.train + sizes.validation]
    train, validation, test = (np.sort(part) for part in np.split(order, cuts))
    return {"train": train, "validation": validation, "test": test}, notes


def _told(series: pd.Series, *, arguments: TableArguments) -> tuple[Parts, list[str]]:
    """Return the rows as a column says."""
    import numpy as np

    split_of = {word: part for part, words in _WORDS.items() for word in words}
    texts = [(text or "").casefold() for text in texts_of(series)]
    unknown = sorted({text for text in texts if text not in split_of})
    if unknown:
        raise ConfigurationError(
            f"split is {arguments.split}, a column with the values "
            f"{listed([repr(text) for text in unknown], most=5)}. Each row with a target must say "
            "train, validation or test."
        )
    told = np.array([split_of[text] for text in texts])
    parts = {part: np.flatnonzero(told == part) for part in _WORDS}
    empty = [part for part, rows in parts.items() if len(rows) < (2 if part == "train" else 1)]
    if empty:
        raise ConfigurationError(
            f"split is {arguments.split}, a column that leaves too few rows for "
            f"{' and '.join(empty)}. All three splits need rows: train, validation and test."
        )
    return parts, []


def _order(series: pd.Series, *, arguments: TableArguments) -> tuple[NDArray[np.intp], list[str]]:
    """Return the places of the rows from the earliest to the latest, those without any first."""
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
    order = np.argsort(np.where(absent, -np.inf, values), kind="stable")
    return order, notes
