"""What is in each column, judged by the rows of the training split alone?

The kinds are tried in this order: truth values, numbers, dates, categories. A kind is taken when
nearly all values fit it; the few others count as missing, which `advice` says. Columns
that cannot help, or would help only to learn rows by heart, are left out, which is said too: the
same value everywhere, numbers of rows, identifiers, free text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from raysearch.data.arguments import listed
from raysearch.data.table import dates
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.columns import (
    CategoryColumn,
    Column,
    DateColumn,
    FlagColumn,
    NumberColumn,
)
from raysearch.data.table.evidence import Given, numbers_rows, short
from raysearch.data.table.numerals import decimal_of, is_number, number_of
from raysearch.data.table.scaling import Scale, fit_scale
from raysearch.data.table.texts import is_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_NEARLY_ALL = 0.95
"""Share of the values that must fit a kind."""

_N_TRIED = 2000
"""Different values, or rows, by which a kind is ruled out, or a decimal mark told."""

_FLAGS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("off", "on"))


@dataclass(kw_only=True)
class Findings:
    """What was found in the training split, gathered column by column."""

    columns: list[Column] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know: what is left out, and what was guessed."""
    faults: list[str] = field(default_factory=list)
    """Where a column is not what the arguments say it is; each begins with the argument."""


def fit_columns(
    training: pd.DataFrame, *, arguments: TableArguments, decimal: str | None
) -> Findings:
    """Return what becomes of each column.

    Args:
        training: The rows of the training split, with the columns to predict from.
        arguments: What the experiment says about them.
        decimal: The decimal mark of the file's numbers, if its other columns show it.
    """
    fitter = _Fitter(arguments=arguments, decimal=decimal)
    for name in training.columns:
        fitter.fit(Given(name, training[name]))
    return fitter.findings


def file_decimal(training: pd.DataFrame, *, arguments: TableArguments) -> str | None:
    """Return the decimal mark that most columns of text show, None if none does."""
    if arguments.decimal is not None:
        return arguments.decimal
    found: Counter[str] = Counter()
    for name in training.columns:
        texts = Given(name, training[name].head(_N_TRIED)).different
        numbers = [text for text in texts if is_number(text)]
        if len(numbers) >= _NEARLY_ALL * len(texts):
            mark, _ = decimal_of(numbers)
            found.update([mark] if mark else [])
    return found.most_common(1)[0][0] if found else None


class _Fitter:
    """Decides about columns one by one."""

    def __init__(self, *, arguments: TableArguments, decimal: str | None) -> None:
        self.findings = Findings()
        self._arguments = arguments
        self._decimal = decimal

    def fit(self, given: Given) -> None:
        """Add the column, or the reason why it is left out."""
        name, arguments = given.name, self._arguments
        if given.n_values == 0:
            self._leave_out(name, "it is empty in the training rows")
        elif name in arguments.categorical:
            self._category(given, is_told=True)
        elif name in arguments.numeric:
            self._number(given, is_told=True)
        elif name in arguments.dates:
            self._date(given, is_told=True)
        elif len(given.different) == 1 and not given.has_gaps:
            self._leave_out(name, f"it is {short(given.different[0])} in all training rows")
        else:
            kinds: tuple[Callable[[Given], bool], ...] = (self._flag, self._number, self._date)
            if not any(kind(given) for kind in kinds):
                self._category(given)

    def _flag(self, given: Given) -> bool:
        words = {text.casefold() for text in given.different[:_N_TRIED]}
        pair = next((pair for pair in _FLAGS if words == set(pair)), None)
        if pair is None:
            return False
        column = FlagColumn(name=given.name, no=pair[0], yes=pair[1], scale=_ANY_SCALE)
        self._add_scaled(column, column.raw(given.series))
        return True

    def _number(self, given: Given, *, is_told: bool = False) -> bool:
        tried = given.different[:_N_TRIED]
        is_unlikely = sum(map(is_number, tried)) < 0.5 * len(tried)
        if is_text(given.series) and is_unlikely and not is_told:
            return False
        mark, is_doubtful = decimal_of(tried) if is_text(given.series) else (None, False)
        decimal = self._arguments.decimal or mark or self._decimal or "."
        column = NumberColumn(name=given.name, decimal=decimal, scale=_ANY_SCALE)
        values = column.raw(given.series)
        if not self._fits(given, values, argument="numeric" if is_told else None):
            return is_told
        if not is_told and given.name == self._arguments.order_by:
            # the latest rows are the test, so its values there are beyond what was learnt from
            reason = f"it says which rows are the latest. To use it: `numeric: [{given.name}]`"
            self._leave_out(given.name, reason)
            return True
        if not is_told and numbers_rows(given.name, values):
            reason = f"it numbers the rows. To use it: `numeric: [{given.name}]`"
            self._leave_out(given.name, reason)
            return True
        if is_doubtful and mark is None and self._arguments.decimal is None:
            self._note_decimal(given.name, tried, decimal=decimal)
        self._add_scaled(column, values)
        return True

    def _date(self, given: Given, *, is_told: bool = False) -> bool:
        formats, is_doubtful = self._formats(given)
        if is_doubtful:
            self._doubt(given.name, is_told=is_told)
            return True
        column = DateColumn(name=given.name, formats=formats, origin=0.0, scales={})
        days = column.raw(given.series)
        if not self._fits(given, days, argument="dates" if is_told else None):
            return is_told
        self._add_date(column, days)
        return True

    def _formats(self, given: Given) -> tuple[tuple[str, ...], bool]:
        """Return the formats of a column of dates, and whether they are in doubt."""
        told = self._arguments.dates.get(given.name)
        if told is not None:
            return (told,), False
        if not is_text(given.series):
            return ("ISO8601",), False
        tried, is_doubtful = dates.formats_of(given.different[:_N_TRIED])
        if not tried and not is_doubtful:
            return (), False
        return dates.formats_of(given.different)

    def _doubt(self, name: str, *, is_told: bool) -> None:
        reason = "its dates could begin with the day or with the month"
        right = f'`dates: {{{name}: "%d/%m/%Y"}}`, or "%m/%d/%Y"'
        if is_told:
            self.findings.faults.append(f"dates lists {name}, but {reason}. Write {right}.")
        else:
            self._leave_out(name, f"{reason}. To use it: {right}")

    def _fits(self, given: Given, values: NDArray[np.float64], *, argument: str | None) -> bool:
        """Return whether nearly all values can be read; `advice` names the others with their rows.

        Args:
            given: The column.
            values: What was read, (N,), NaN where nothing was.
            argument: That says the column is of this kind, if any; half may then be wrong.
        """
        import numpy as np

        wrong = list(given.texts[np.isnan(values) & given.present])
        if len(wrong) <= (0.5 if argument else 1 - _NEARLY_ALL) * given.n_values:
            return True
        if argument:
            examples = listed(list(dict.fromkeys(map(short, wrong)))[:3])
            what = "dates" if argument == "dates" else "numbers"
            self.findings.faults.append(
                f"{argument} lists {given.name}, most of whose values are no {what}, such as "
                f"{examples}. Take it out of {argument}, or mend the file."
            )
        return False

    def _category(self, given: Given, *, is_told: bool = False) -> None:
        name, known = given.name, Counter(given.texts[given.present])
        # by falling frequency, then by name
        ordered = sorted(known, key=lambda text: (-known[text], text))
        frequent = [text for text in ordered if known[text] >= self._arguments.min_count]
        kept = tuple(frequent[: self._arguments.max_categories])
        n_covered = sum(known[text] for text in kept)
        if n_covered < 0.5 * given.n_values and not (is_told and kept):
            reason = (
                f"{len(known)} different texts in {given.n_values} rows, such as "
                f"{short(ordered[0])}, are an identifier or free text"
            )
            if is_told:
                text = f"categorical lists {name}, but no value occurs in enough training rows: "
                self.findings.faults.append(f"{text}{reason}. Leave it out, or lower min_count.")
            else:
                self._leave_out(name, f"{reason}. To use it: `categorical: [{name}]`")
            return
        if len(kept) < len(known):
            rare = next(text for text in ordered if text not in kept)
            self.findings.notes.append(
                f"Column {name}: {len(known) - len(kept)} rare categories are one, such as "
                f"{short(rare)}; {len(kept)} are told apart."
            )
        self.findings.columns.append(
            CategoryColumn(name=name, categories=kept, flags_missing=given.has_gaps)
        )

    def _add_scaled(self, column: NumberColumn | FlagColumn, values: NDArray[np.float64]) -> None:
        import numpy as np

        known = values[~np.isnan(values)]
        is_constant = len(known) == 0 or bool((known == known[0]).all())
        if is_constant and len(known) in (0, len(values)):
            self._leave_out(column.name, "it is the same in all training rows")
            return
        scale = fit_scale(values, scaling=self._arguments.scaling)
        self.findings.columns.append(replace(column, scale=scale))

    def _add_date(self, column: DateColumn, days: NDArray[np.float64]) -> None:
        import numpy as np

        if np.isnan(days).all():
            self._leave_out(column.name, "it has no date in the training rows")
            return
        origin = float(np.nanmin(days))
        # The latest rows are the test, so what only grows is beyond what was learnt from.
        is_order = column.name == self._arguments.order_by
        parts = {
            name: part
            for name, part in dates.parts_of(days, origin=origin).items()
            if np.nanmax(part) > np.nanmin(part) and not (is_order and name in dates.TRENDS)
        }
        if not parts:
            self._leave_out(column.name, "nothing of it varies in the training rows")
            return
        scales = {n: fit_scale(part, scaling=self._arguments.scaling) for n, part in parts.items()}
        first, *others = scales
        once = {name: replace(scales[name], flags_missing=False) for name in others}
        scales = {first: scales[first], **once}  # one flag for all parts
        self.findings.columns.append(replace(column, origin=origin, scales=scales))

    def _leave_out(self, name: str, reason: str) -> None:
        self.findings.notes.append(f"Column {name} is left out: {reason}.")

    def _note_decimal(self, name: str, texts: list[str], *, decimal: str) -> None:
        example = next(text for text in texts if decimal_of([text])[1])
        number = number_of(example, decimal=decimal)
        self.findings.notes.append(
            f"Column {name}: {short(example)} was read as {number:g}, since nothing in the column "
            f'tells what the mark means. If that is wrong, set decimal to "." or ",".'
        )


_ANY_SCALE = Scale(median=0.0, center=0.0, spread=1.0, is_bent=False, flags_missing=False)
"""Until the column's own is known."""
