"""How do the rows of a table become series, one for each row, or one step for each?

Rows are counted from 1, behind the line with the names of the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.counting import counted
from raysearch.data.arguments import listed
from raysearch.data.files import Source
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.meant import long_notes, remedy, wide_notes
from raysearch.data.series.raw import RawSeries
from raysearch.data.table import dates
from raysearch.data.table.numerals import decimal_of, numbers_of
from raysearch.data.table.texts import is_present, texts_of
from raysearch.errors import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_OF_SERIES = ("split", "group", "order_by")
"""Arguments that name a column with one value for each series."""


def read_wide(frame: pd.DataFrame, *, source: Source, arguments: SeriesArguments) -> RawSeries:
    """Return a series of one channel for each row; its columns are the steps.

    Raises:
        ConfigurationError: A column is missing, or a value is no number.
    """
    _check_columns(frame, source=source, arguments=arguments)
    apart = {*_named(arguments), *arguments.ignore}
    steps = [name for name in frame.columns if name not in apart]
    if not steps:
        raise source.fault("which has no columns left for the steps of the series.")
    # (N, T) -> N times (1, T)
    values = list(_numbers(frame, steps, source=source, arguments=arguments)[:, None])
    return RawSeries(
        source=source,
        values=values,
        channels=("0",),
        places=[f"row {number}" for number in range(1, len(frame) + 1)],
        labels=None if arguments.is_forecast else list(texts_of(frame[arguments.target[0]])),
        columns={
            argument: list(texts_of(frame[name]))
            for argument in _OF_SERIES
            if (name := getattr(arguments, argument)) is not None
        },
        notes=(
            f"Each row is a series, whose {counted(len(steps), 'step')} are the columns "
            f"{_ends(steps)}.",
            *wide_notes(steps),
        ),
    )


def read_long(frame: pd.DataFrame, *, source: Source, arguments: SeriesArguments) -> RawSeries:
    """Return the series of a table with a row for each step.

    Raises:
        ConfigurationError: A column is missing, a value is no number, a time comes twice in a
            series or is none, or what should be the same in all rows of a series is not.
    """
    _check_columns(frame, source=source, arguments=arguments)
    channels = _channels(frame, source=source, arguments=arguments)
    numbers = _numbers(frame, channels, source=source, arguments=arguments)
    names, rows = _rows_of_series(frame, source=source, arguments=arguments)
    times: NDArray[np.float64] | None = None
    if arguments.time is not None:
        times = times_of(frame[arguments.time], name=arguments.time, source=source)
        rows = [_in_order(mine, times, source=source) for mine in rows]

    def of_series(name: str) -> list[Any]:
        texts = texts_of(frame[name])
        return [_same(texts, mine, name=name, source=source) for mine in rows]

    columns = {
        argument: of_series(name)
        for argument in _OF_SERIES
        if (name := getattr(arguments, argument)) is not None and name != arguments.time
    }
    if times is not None and arguments.order_by == arguments.time:
        columns["order_by"] = [float(times[mine[0]]) for mine in rows]  # when each begins
    return RawSeries(
        source=source,
        values=[numbers[mine].T for mine in rows],
        channels=tuple(channels),
        places=[
            f"series {name} (from row {mine.min() + 1})" if name else "the series"
            for name, mine in zip(names, rows, strict=True)
        ],
        labels=None if arguments.is_forecast else of_series(arguments.target[0]),
        columns=columns,
        times=None if times is None else [times[mine] for mine in rows],
        notes=(
            f"Each row is a step of a series, with {listed(channels)}.",
            *([] if arguments.is_forecast else long_notes([len(mine) for mine in rows])),
        ),
    )


def times_of(column: pd.Series, *, name: str, source: Source) -> NDArray[np.float64]:
    """Return numbers, or days of dates, (N,).

    Raises:
        ConfigurationError: A value is neither.
    """
    import numpy as np
    import pandas as pd

    times = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or np.isnan(times).mean() > 0.5:
        known = sorted({text for text in texts_of(column) if text is not None})
        formats, is_doubtful = dates.formats_of(known)
        if is_doubtful:
            raise source.fault(
                f"whose column {name} has dates that could begin with the day or with the month. "
                "Write them like 2026-01-31."
            )
        times = dates.days_of(column, formats=formats)
    wrong = np.flatnonzero(np.isnan(times))
    if len(wrong):
        raise source.fault(
            f"where {name} in row {wrong[0] + 1} is {column.iloc[wrong[0]]!r}, neither a number "
            "nor a date. Mend it, or take the row out."
        )
    return times


def _numbers(
    frame: pd.DataFrame, names: Sequence[str], *, source: Source, arguments: SeriesArguments
) -> NDArray[np.float64]:
    """Return columns as numbers, (rows, columns), NaN where a value is missing."""
    import numpy as np
    import pandas as pd

    found = np.empty((len(frame), len(names)))
    for place, name in enumerate(names):
        column = frame[name]
        if arguments.decimal is None or pd.api.types.is_numeric_dtype(column.dtype):
            values = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
        else:  # what reads with a point too, such as 1.234, is a number of another size
            values = np.full(len(column), np.nan)
        unread = np.flatnonzero(np.isnan(values))
        if len(unread):
            texts = texts_of(column.iloc[unread])
            present = is_present(texts)
            mark = arguments.decimal or decimal_of(texts[present])[0] or "."
            again = numbers_of(column, decimal=mark) if present.any() else values
            wrong = unread[present & np.isnan(again[unread]) & ~_is_infinite(texts)]
            if len(wrong):
                raise source.fault(
                    f"where {name} in row {wrong[0] + 1} is {str(column.iloc[wrong[0]])!r}, no "
                    f"number. {remedy(frame, name, columns=names, arguments=arguments)}"
                )
            values = again
        found[:, place] = values
    return found


def _is_infinite(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    import numpy as np

    words = {"inf", "+inf", "-inf", "infinity", "-infinity"}
    return np.array([text is not None and text.casefold() in words for text in texts], dtype=bool)


def _rows_of_series(
    frame: pd.DataFrame, *, source: Source, arguments: SeriesArguments
) -> tuple[list[str], list[NDArray[np.intp]]]:
    """Return the names of the series as they first come, and the rows of each."""
    import numpy as np
    import pandas as pd

    if arguments.series is None:
        return [""], [np.arange(len(frame))] if len(frame) else []
    texts = texts_of(frame[arguments.series])
    absent = np.flatnonzero(~is_present(texts))
    if len(absent):
        raise source.fault(
            f"where row {absent[0] + 1} has no {arguments.series}, so it belongs to no series. "
            "Mend it, or take it out."
        )
    codes, names = pd.factorize(texts)
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return [str(name) for name in names], np.split(order, cuts) if len(order) else []


def _in_order(
    rows: NDArray[np.intp], times: NDArray[np.float64], *, source: Source
) -> NDArray[np.intp]:
    """Return the rows of a series from the earliest to the latest."""
    import numpy as np

    ordered = rows[np.argsort(times[rows], kind="stable")]
    twice = np.flatnonzero(np.diff(times[ordered]) == 0)
    if len(twice):
        first, second = ordered[twice[0]] + 1, ordered[twice[0] + 1] + 1
        raise source.fault(
            f"where row {first} and row {second} have the same time in one series. Take one out, "
            "or say with `series` which column tells the series apart."
        )
    return ordered


def _same(
    texts: NDArray[np.object_], rows: NDArray[np.intp], *, name: str, source: Source
) -> str | None:
    """Return the value that all rows of a series have."""
    first: str | None = texts[rows[0]]
    for row in rows:
        if texts[row] != first:
            raise source.fault(
                f"where {name} is {first!r} in row {rows[0] + 1} and {texts[row]!r} in row "
                f"{row + 1} of the same series. It must be the same in all its rows; to tell the "
                "next values of a column, write `task: forecasting` and `horizon`."
            )
    return first


def _channels(frame: pd.DataFrame, *, source: Source, arguments: SeriesArguments) -> list[str]:
    """Return the columns with numbers to learn from."""
    apart = {*_named(arguments), *arguments.ignore}
    if arguments.is_forecast:
        apart -= set(arguments.target)
    chosen = arguments.channels or [name for name in frame.columns if name not in apart]
    if arguments.is_forecast:
        chosen = [*chosen, *(name for name in arguments.target if name not in chosen)]
    if not chosen:
        raise source.fault("which has no columns left for the channels of the series.")
    return list(chosen)


def _named(arguments: SeriesArguments) -> list[str]:
    """Return the columns that have a part of their own."""
    single = [getattr(arguments, argument) for argument in ("series", "time", *_OF_SERIES)]
    return [*arguments.target, *(name for name in single if name is not None)]


def _check_columns(frame: pd.DataFrame, *, source: Source, arguments: SeriesArguments) -> None:
    """Refuse columns that are not there, and a table without rows."""
    if len(frame) == 0:
        raise source.fault("which has no rows. Give a file with series in it.")
    if not arguments.is_forecast and not arguments.target:
        raise source.fault(
            "and target is missing: the column with the class or number of each series. To tell "
            f"the next values instead, give horizon. Columns: {listed(frame.columns, most=8)}."
        )
    for name in (*_named(arguments), *arguments.channels, *arguments.ignore):
        if name not in frame.columns:
            raise source.fault(
                f"which has no column {name}. {did_you_mean(name, frame.columns)}Columns: "
                f"{listed(frame.columns, most=8)}."
            )


def _ends(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
