"""What does a column of the file become in the examples that a model sees?

Each class holds what was learnt from the training split about one column, as plain values, and
turns any rows of that column into numbers. `fitting` makes them.

Shapes:
    series: (N,) a column of raw values
    numbers: (N, k) float64; codes: (N,) int64
    N rows, k numbers per row
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from raysearch.data.table.dates import days_of, parts_of
from raysearch.data.table.numerals import number_of, numbers_of
from raysearch.data.table.scaling import Scale
from raysearch.data.table.texts import is_present, is_text, texts_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

OTHER = 0
"""Code of a category that is rare in the training split, or was never seen there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """A column of numbers."""

    kind: ClassVar[str] = "number"
    name: str
    decimal: str
    """Decimal mark of texts that leave a doubt."""
    scale: Scale

    def raw(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the numbers as they are, (N,), NaN where there is none."""
        return numbers_of(series, decimal=self.decimal)

    def numbers(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the scaled numbers."""
        return self.scale(self.raw(series))

    @property
    def outputs(self) -> list[str]:
        """Names of the numbers."""
        return _outputs(self.name, column=self.name, scale=self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagColumn:
    """A column of truth values in words, such as yes and no."""

    kind: ClassVar[str] = "flag"
    name: str
    no: str
    """In lower case."""
    yes: str
    """In lower case."""
    scale: Scale

    def raw(self, series: pd.Series) -> NDArray[np.float64]:
        """Return 0 for no and 1 for yes, (N,), NaN where neither stands."""
        import numpy as np

        values = {self.no: 0.0, self.yes: 1.0}
        texts = texts_of(series)
        return np.array([values.get((text or "").casefold(), np.nan) for text in texts])

    def numbers(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the scaled numbers."""
        return self.scale(self.raw(series))

    @property
    def outputs(self) -> list[str]:
        """Names of the numbers."""
        return _outputs(self.name, column=self.name, scale=self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateColumn:
    """A column of dates, taken apart."""

    kind: ClassVar[str] = "date"
    name: str
    formats: tuple[str, ...]
    origin: float
    """The first day of the training split, counted from the beginning of 1970."""
    scales: dict[str, Scale]
    """By part, those that vary."""

    def raw(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the days from the beginning of 1970, (N,), NaN where there is no date."""
        return days_of(series, formats=self.formats)

    def numbers(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the scaled parts, side by side."""
        import numpy as np

        parts = parts_of(self.raw(series), origin=self.origin)
        return np.concatenate([scale(parts[name]) for name, scale in self.scales.items()], axis=1)

    @property
    def outputs(self) -> list[str]:
        """Names of the numbers."""
        return [
            output
            for part, scale in self.scales.items()
            for output in _outputs(f"{self.name} {part}", column=self.name, scale=scale)
        ]


@dataclass(frozen=True, kw_only=True)
class CategoryColumn:
    """A column of categories, which become codes.

    Code 0 is for every category that is rare or unknown, so that the rare ones of the training
    split teach what to make of those never seen. Code 1 is for missing values, if the training
    split has any; without, they count as unknown. The others follow by falling frequency.
    """

    kind: ClassVar[str] = "category"
    name: str
    categories: tuple[str, ...]
    flags_missing: bool
    """Whether missing values have a code of their own."""

    @property
    def cardinality(self) -> int:
        """Number of codes."""
        return 1 + self.flags_missing + len(self.categories)

    @cached_property
    def _code_of(self) -> dict[str | None, int]:
        first = 1 + self.flags_missing
        of_missing: dict[str | None, int] = {None: 1 if self.flags_missing else OTHER}
        return of_missing | {text: first + place for place, text in enumerate(self.categories)}

    @cached_property
    def _text_of(self) -> dict[float, str]:
        """The category that is written for a number, such as 007 for 7."""
        numbers = {text: number_of(text, decimal=".") for text in reversed(self.categories)}
        return {number: text for text, number in numbers.items() if number is not None}

    def codes(self, series: pd.Series) -> NDArray[np.int64]:
        """Return the code of each row.

        Numbers in a column that was read as numbers are looked up by what they are worth where
        no category is written as they are: 007 lost its zeros on the way.
        """
        import numpy as np

        code_of, texts = dict(self._code_of), texts_of(series)
        if not is_text(series):
            for text in {text for text in texts if text is not None} - code_of.keys():
                code_of[text] = code_of.get(self._written(text), OTHER)
        return np.array([code_of.get(text, OTHER) for text in texts], dtype=np.int64)

    def _written(self, text: str) -> str:
        """Return the category that is written for a number, or the text if there is none."""
        number = number_of(text, decimal=".")
        return text if number is None else self._text_of.get(number, text)


def _outputs(value: str, *, column: str, scale: Scale) -> list[str]:
    """Return the names of a scaled value and, where it has one, of the flag beside it."""
    return [value, *([f"{column} is missing"] if scale.flags_missing else [])]


Column = NumberColumn | FlagColumn | DateColumn | CategoryColumn

_KINDS: dict[str, type[Any]] = {
    kind.kind: kind for kind in (NumberColumn, FlagColumn, DateColumn, CategoryColumn)
}


def column_to_json(column: Column) -> dict[str, Any]:
    """Return plain values that `column_from_json` reads back unchanged."""
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(column).items()}
    return {"kind": column.kind, **plain}


def column_from_json(values: dict[str, Any]) -> Column:
    """Return the column that `column_to_json` wrote."""
    plain: dict[str, Any] = {}
    plain |= {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k != "kind"}
    if "scale" in plain:
        plain["scale"] = Scale(**plain["scale"])
    if "scales" in plain:
        plain["scales"] = {part: Scale(**scale) for part, scale in plain["scales"].items()}
    column: Column = _KINDS[values["kind"]](**plain)
    return column


def unread(column: NumberColumn | FlagColumn | DateColumn, series: pd.Series) -> list[str]:
    """Return the values, as text, that stand there but are not what the column takes."""
    return list(texts_of(series)[unread_rows(column, series)])


def unread_rows(
    column: NumberColumn | FlagColumn | DateColumn, series: pd.Series
) -> NDArray[np.intp]:
    """Return the rows in which something stands that the column does not take, (M,)."""
    import numpy as np

    return np.flatnonzero(np.isnan(column.raw(series)) & is_present(texts_of(series)))
