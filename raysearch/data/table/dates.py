"""Which instant does a text stand for, and what of it can a model use?

A column may mix formats: each is tried in turn, and takes the values that it fits. "03/04/2020" is
the third of April or the fourth of March; other values of the column, with a number above 12, tell
which. Where they do not, nobody guesses.

The parts are what may matter by itself: the year, the month, the day of the week, the place in the
year on a circle, on which December lies beside January, the time of day, and the days that have
passed since the first date of the training split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_PLAIN = (
    "ISO8601",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
)
"""Formats that leave no doubt, in the words of `strptime`; ISO8601 is a whole family."""

_DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y")
_TIMES = ("", " %H:%M", " %H:%M:%S")
_DOUBTFUL = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})\b")

PARTS = ("elapsed", "year", "month", "day_of_week", "year_sine", "year_cosine", "hour")
"""What a date is taken apart into."""

TRENDS = ("elapsed", "year")
"""Parts that only grow, so that later rows lie outside what was learnt from."""

_N_TRIED = 1000
"""Texts on which every format is tried."""

_SECONDS_PER_DAY = 86_400
_DAYS_PER_YEAR = 365.25


def formats_of(texts: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Return the formats that the dates of a column have, and whether days and months are in doubt.

    Args:
        texts: Different values of a column.

    Example:
        >>> formats_of(["2020-01-31", "31.01.2020"])
        (('ISO8601', '%d.%m.%Y'), False)
        >>> formats_of(["01/02/2020", "25/02/2020"])
        (('%d/%m/%Y',), False)
        >>> formats_of(["01/02/2020", "03/04/2020"])
        ((), True)
    """
    pairs = [(int(m[1]), int(m[3])) for text in texts if (m := _DOUBTFUL.match(text.strip()))]
    is_day_first = any(first > 12 for first, _ in pairs)
    is_month_first = any(second > 12 for _, second in pairs)
    if pairs and is_day_first == is_month_first:
        either = _with_times([*_PLAIN, *_DAY_FIRST, *_MONTH_FIRST])
        fits = _fit(texts[:_N_TRIED], either)
        return (), sum(fits) > 0.5 * len(fits)  # else it is no column of dates
    ordered = _MONTH_FIRST if is_month_first else _DAY_FIRST
    formats = _with_times([*_PLAIN, *ordered, *(_DAY_FIRST[:1] if is_month_first else ())])
    needed = _needed(texts[:_N_TRIED], formats)
    # what these leave of all texts is little, or it is no column of dates
    left = [text for text, fits in zip(texts, _fit(texts, needed), strict=True) if not fits]
    needed |= _needed(left[:_N_TRIED], [other for other in formats if other not in needed])
    return tuple(date_format for date_format in formats if date_format in needed), False


def _with_times(dated: Sequence[str]) -> list[str]:
    """Return the formats of dates alone, and of dates with times; the first has its own times."""
    return [dated[0], *(date + time for date in dated[1:] for time in _TIMES)]


def _needed(texts: Sequence[str], formats: Sequence[str]) -> set[str]:
    """Return those of the formats that some text needs, if it fits none before."""
    found: set[str] = set()
    for date_format in formats:
        left = [
            text for text, fits in zip(texts, _fit(texts, [date_format]), strict=True) if not fits
        ]
        if len(left) < len(texts):
            found.add(date_format)
        texts = left
    return found


def _fit(texts: Sequence[str], formats: Iterable[str]) -> list[bool]:
    """Return of each text whether one of the formats fits it."""
    import numpy as np
    import pandas as pd

    series, fits = pd.Series(list(texts), dtype=object), np.zeros(len(texts), dtype=bool)
    for date_format in formats:
        fits |= _parsed(series, date_format).notna().to_numpy()
    return fits.tolist()


def days_of(series: pd.Series, *, formats: Sequence[str]) -> NDArray[np.float64]:
    """Return the days from the beginning of 1970 for each value of a column, NaN if it has none.

    Args:
        series: Dates, or text.
        formats: Of the texts. A time zone is taken to UTC.

    Shapes:
        returns: (N,)
    """
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return np.asarray(_days(series))
    places, unique = pd.factorize(series.astype(str).str.strip())
    texts, days = pd.Series(unique, dtype=object), np.full(len(unique), np.nan)
    for date_format in formats:
        found = _days(_parsed(texts, date_format))
        days = np.where(np.isnan(days), found, days)
    return np.asarray(np.append(days, np.nan)[places])


def parts_of(days: NDArray[np.float64], *, origin: float) -> dict[str, NDArray[np.float64]]:
    """Return the parts of dates by name, NaN where there is no date.

    Args:
        days: From the beginning of 1970.
        origin: The day from which `elapsed` counts.

    Shapes:
        days: (N,)
        returns: (N,) each

    Example:
        >>> import numpy as np
        >>> parts = parts_of(np.array([18321.25]), origin=18320.0)  # 29 February 2020, 6 o'clock
        >>> {name: round(float(part[0]), 2) for name, part in parts.items()}
        {'elapsed': 1.25, 'year': 2020.0, 'month': 2.0, 'day_of_week': 5.0, 'year_sine': 0.85,
         'year_cosine': 0.53, 'hour': 6.0}
    """
    import numpy as np

    is_known = ~np.isnan(days)
    seconds = np.round(np.where(is_known, days, 0.0) * _SECONDS_PER_DAY).astype("int64")
    instants = seconds.astype("datetime64[s]")
    years, months = instants.astype("datetime64[Y]"), instants.astype("datetime64[M]")
    day = seconds // _SECONDS_PER_DAY
    angle = 2 * np.pi * (day - years.astype("datetime64[D]").astype(int)) / _DAYS_PER_YEAR
    parts = {
        "elapsed": days - origin,
        "year": years.astype(int) + 1970.0,
        "month": months.astype(int) % 12 + 1.0,
        "day_of_week": (day + 3) % 7 + 0.0,  # 1970 began on a Thursday; Monday is 0
        "year_sine": np.sin(angle),
        "year_cosine": np.cos(angle),
        "hour": (seconds % _SECONDS_PER_DAY) / 3600.0,
    }
    return {name: np.where(is_known, part, np.nan) for name, part in parts.items()}


def _parsed(texts: pd.Series, date_format: str) -> pd.Series:
    import pandas as pd

    # ISO 8601 also knows "2020" and "202001", which are too short to be told from numbers.
    plain = texts.where(texts.str.len() >= 8) if date_format == "ISO8601" else texts
    return pd.to_datetime(plain, format=date_format, errors="coerce", utc=True)


def _days(instants: pd.Series) -> Any:
    import numpy as np

    if instants.dt.tz is not None:
        instants = instants.dt.tz_convert("UTC").dt.tz_localize(None)
    plain = instants.to_numpy().astype("datetime64[s]")
    days = plain.astype("int64") / _SECONDS_PER_DAY
    return np.where(np.isnat(plain), np.nan, days)
