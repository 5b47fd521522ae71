"""Which number does a text stand for, with all that people put around numbers?

Currency signs, percent signs (which divide by a hundred), brackets around negative numbers, marks
between thousands, and either decimal mark. Many texts tell their decimal mark by themselves: in
"1.234,5" it is the comma, and so it is in "0,123" and "1,5". Only a single mark before exactly
three digits, as in "1,234", leaves a doubt, which the other values of the column settle.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import LARGEST_NUMBER

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", "none", "nil", "nat", "<na>", "#n/a", "#na", "#value!"}
    | {"#div/0!", "#ref!", "?", "-", "--", "---", ".", "\u2013", "\u2014", "missing"}
)
"""What stands, in whatever case, where a value is missing."""

_AROUND = re.compile(
    r"[$\u20ac\u00a3\u00a5\u20b9]"
    r"|(?<![a-z])(?:eur|usd|gbp|chf|jpy|cad|aud|sek|nok|dkk|pln|czk|inr|cny)(?![a-z])"
    r"|(?<=\d)[\s'\u2019_\u00a0\u202f](?=\d{3}(?!\d))",
    re.IGNORECASE,
)
"""Currencies, and marks between thousands that cannot be decimal ones."""

_NUMBER = re.compile(
    r"(?P<sign>[+\-]?)(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>e[+\-]?\d+)?(?P<percent>\s?%)?",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\d*|\d{1,3}([.,]\d{3})+|\d{1,2}([.,]\d{2})+[.,]\d{3}")
"""What stands before the decimal mark, grouped by three digits or the Indian way."""

_DOUBTFUL = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


def is_missing(text: str) -> bool:
    """Return whether a text says that there is no value.

    Example:
        >>> [is_missing(text) for text in ("", " N/A ", "0")]
        [True, True, False]
    """
    return text.strip().casefold() in MISSING


def is_number(text: str) -> bool:
    """Return whether a text is a number in any notation.

    Example:
        >>> [is_number(text) for text in ("1.5e3", "$ 1,200", "12 %", "a4", "")]
        [True, True, True, False, False]
    """
    return number_of(text, decimal=".") is not None


def number_of(text: str, *, decimal: str) -> float | None:
    """Return the number that a text stands for, None if it is none.

    Args:
        text: As it stands in the file.
        decimal: The decimal mark, "." or ",", where the text leaves a doubt.

    Example:
        >>> [number_of(text, decimal=".") for text in ("1,234", "1.234,5", "(5 %)", "2019-01-02")]
        [1234.0, 1234.5, -0.05, None]
        >>> number_of("1,234", decimal=",")
        1.234
    """
    if decimal == "." and "_" not in text:  # which is a number to Python, such as 1_2
        try:
            return float(text)  # nearly every number, and much faster
        except ValueError:
            pass
    found = _matched(text)
    if found is None:
        return None
    match, is_negative = found
    mark = _own_mark(match["digits"]) or decimal
    whole, _, rest = match["digits"].partition(mark)
    if not _WHOLE.fullmatch(whole) or not (rest.isdigit() or rest == ""):
        return None  # a date, an address, a version
    digits = re.sub("[.,]", "", whole) or "0"
    number = float(f"{match['sign']}{digits}.{rest or 0}{match['exponent'] or ''}")
    number = number / 100 if match["percent"] else number
    return -number if is_negative else number


def decimal_of(texts: Iterable[str]) -> tuple[str | None, bool]:
    """Return the decimal mark that texts show, None if none does; and whether any is in doubt.

    Example:
        >>> decimal_of(["1,5", "2"]), decimal_of(["1,234", "2"]), decimal_of(["1", "2"])
        ((',', False), (None, True), (None, False))
    """
    marks: Counter[str] = Counter()
    is_doubtful = False
    for text in texts:
        found = _matched(text)
        if found is None:
            continue
        digits = found[0]["digits"]
        mark = _own_mark(digits)
        marks.update([mark] if mark else [])
        is_doubtful |= mark is None and _DOUBTFUL.fullmatch(digits) is not None
    return (marks.most_common(1)[0][0] if marks else None), is_doubtful


def numbers_of(series: pd.Series, *, decimal: str) -> NDArray[np.float64]:
    """Return the numbers in a column, NaN where there is none.

    Infinite ones, and those beyond `LARGEST_NUMBER`, are none.

    Args:
        series: Numbers, truth values, or text.
        decimal: The decimal mark of texts, where they leave a doubt.

    Shapes:
        returns: (N,)
    """
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        places, unique = pd.factorize(series)
        # one more than the texts: missing ones have the place -1
        of_unique = [_any_number(value, decimal=decimal) for value in unique] + [np.nan]
        values = np.asarray(of_unique, dtype=np.float64)[places]
    return np.where(np.abs(values) <= LARGEST_NUMBER, values, np.nan)


def _any_number(value: Any, *, decimal: str) -> float:
    """Return the number that a value of any type stands for, NaN if it is none."""
    if isinstance(value, str):
        number = number_of(value, decimal=decimal)
        return float("nan") if number is None else number
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _matched(text: str) -> tuple[re.Match[str], bool] | None:
    """Return the parts of a number, and whether brackets make it negative; None if it is none."""
    text = _AROUND.sub("", text.strip().replace("\u2212", "-")).strip()
    is_negative = text.startswith("(") and text.endswith(")")
    match = _NUMBER.fullmatch(text[1:-1].strip() if is_negative else text.replace("- ", "-"))
    return None if match is None else (match, is_negative)


def _own_mark(digits: str) -> str | None:
    """Return the decimal mark that a text shows by itself, None if it has none or leaves a doubt.

    Example:
        >>> [_own_mark(text) for text in ("1.5", "0,125", "1.234,5", "1,234,567", "1,234", "12")]
        ['.', ',', ',', '.', None, None]
    """
    marks = [character for character in digits if character in ".,"]
    if not marks or _DOUBTFUL.fullmatch(digits):
        return None
    if len(set(marks)) == 2 or len(marks) == 1:
        return marks[-1]
    return "." if marks[0] == "," else ","  # the same mark several times stands between thousands
