"""What is meant by a column that is neither a step nor a channel of a series?

A table whose rows are steps of series, read without a word about that, has columns that tell the
series apart, and times. These are told by their values and names, so that what is said first is
what should be written, and not what would make an error go away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from raysearch.counting import counted
from raysearch.data.arguments import listed
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.table import dates
from raysearch.data.table.numerals import is_number
from raysearch.data.table.texts import is_present, texts_of

if TYPE_CHECKING:
    import pandas as pd

FEW_STEPS = 4
"""Steps below which a series is hardly one."""

_N_LOOKED_AT = 1000
"""Rows by which a column is told."""

_TIME = re.compile(r"(^|[\s_.-])(time|date|datetime|timestamp|day|hour|step|when)$", re.IGNORECASE)


def is_called_time(name: str) -> bool:
    """Return whether a column is called as times are.

    Example:
        >>> [is_called_time(name) for name in ("time", "start_date", "Step", "t0", "overtime")]
        [True, True, True, False, False]
    """
    return _TIME.search(name) is not None


def remedy(
    frame: pd.DataFrame, name: str, *, columns: Sequence[str], arguments: SeriesArguments
) -> str:
    """Return what to do about a column in which something is no number, likeliest first.

    Args:
        frame: The table.
        name: The column.
        columns: All those that are read as numbers.
        arguments: What is said so far.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"who": ["a", "a", "a"], "time": [1, 2, 3], "load": [3, 4, 5]})
        >>> said = SeriesArguments.read({"path": "x.csv", "target": "load"})
        >>> remedy(frame, "who", columns=["who", "time"], arguments=said).partition(" Else")[0]
        'If each row is a step of a series, write `series: who` and `time: time`.'
    """
    parts = {}
    if arguments.series is None and (told := _first(frame, [name, *columns], _tells_series)):
        parts["series"] = told
    if arguments.time is None and (when := _first(frame, [name, *columns], _has_times)):
        parts["time"] = when
    if name not in parts.values():
        return "Mend it, or list the column under `ignore` if it is none of the values."
    keys = " and ".join(f"`{argument}: {column}`" for argument, column in parts.items())
    return (
        f"If each row is a step of a series, write {keys}. Else mend it, or list the column under "
        "`ignore` if it is none of the values."
    )


def wide_notes(steps: Sequence[str]) -> list[str]:
    """Return what makes one doubt that each row of a table is a whole series.

    Args:
        steps: Names of its columns, which are taken for the steps.
    """
    times = [name for name in steps if is_called_time(name)]
    if not times and len(steps) >= FEW_STEPS:
        return []
    why = [
        *([f"the column {listed(times)} is taken for a value"] if times else []),
        *([f"a series has only {counted(len(steps), 'step')}"] if len(steps) < FEW_STEPS else []),
    ]
    time = times[0] if times else "COLUMN"
    return [
        f"Each row is taken for a whole series: {' and '.join(why)}. If each row is a step of a "
        f"series, write `series: COLUMN` (which tells the series apart) and `time: {time}`; if "
        "the columns are no steps of time, use data `table`."
    ]


def long_notes(lengths: Sequence[int]) -> list[str]:
    """Return what makes one doubt that the rows of a table are rightly put together.

    Args:
        lengths: Steps of each series.
    """
    if not lengths or max(lengths) >= FEW_STEPS:
        return []
    return [
        f"No series has more than {counted(max(lengths), 'step')}. Look whether `series` names the "
        "column that tells the series apart; if rows do not belong together, use data `table`."
    ]


def _first(
    frame: pd.DataFrame, names: Sequence[str], is_so: Callable[[str, pd.Series], bool]
) -> str | None:
    return next((name for name in names if is_so(name, frame[name])), None)


def _tells_series(name: str, column: pd.Series) -> bool:
    """Return whether a column has texts that come again and again, and are no dates."""
    texts = _looked_at(column)
    different = set(texts)
    return _are_words(texts) and 2 * len(different) <= len(texts) and not _are_dates(texts)


def _has_times(name: str, column: pd.Series) -> bool:
    """Return whether a column has dates, or is called as times are."""
    texts = _looked_at(column)
    return is_called_time(name) or (_are_words(texts) and _are_dates(texts))


def _looked_at(column: pd.Series) -> list[str]:
    texts = texts_of(column.iloc[:_N_LOOKED_AT])
    return list(texts[is_present(texts)])


def _are_words(texts: Sequence[str]) -> bool:
    """Return whether most texts are no numbers."""
    return sum(not is_number(text) for text in texts) > 0.5 * len(texts)


def _are_dates(texts: Sequence[str]) -> bool:
    formats, is_doubtful = dates.formats_of(sorted(set(texts)))
    return bool(formats) or is_doubtful
