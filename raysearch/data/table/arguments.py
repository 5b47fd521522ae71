"""What may be said about a table in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from raysearch.data.splits import FRACTIONS, LARGEST_SEED, split_sizes
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space import Choice, Domain, Int

Scaling = Literal["standard", "robust"]

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "scaling": Choice(["standard", "robust"], default="standard"),
    "max_categories": Int(2, 100_000, default=100),
    "min_count": Int(1, 100_000, default=3),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

_COLUMN_LISTS = ("features", "ignore", "categorical", "numeric")
_TEXTS = ("path", "target", "positive", "split", "order_by", "separator", "encoding", "fingerprint")
_REQUIRED = ("path", "target")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableArguments:
    """All that an experiment may say about a table.

    Example:
        >>> arguments = TableArguments.read({"path": "/data/houses.csv", "target": "price"})
        >>> arguments.validation, arguments.to_json()["ignore"]
        (0.2, [])
    """

    path: str
    """The file, CSV or Parquet. Absolute."""
    target: str
    """Column to be predicted."""
    task: Task | None = None
    """What the target is; None to tell by its values."""
    positive: str | None = None
    """Of two classes, the one that is looked for; None for one such as "yes", else the rarer."""
    features: tuple[str, ...] | None = None
    """Columns to predict from; None for all others."""
    ignore: tuple[str, ...] = ()
    """Columns to leave out."""
    categorical: tuple[str, ...] = ()
    """Columns that are categories, whatever they look like."""
    numeric: tuple[str, ...] = ()
    """Columns that are numbers, whatever they look like."""
    dates: Mapping[str, str | None] = field(default_factory=dict)
    """Columns that are dates -> their format, such as "%d/%m/%Y"; None to tell by the values."""
    split: str | None = None
    """Column that says of each row whether it is for train, validation or test."""
    order_by: str | None = None
    """Column of dates or numbers: the latest rows are the test, those before the validation."""
    validation: float = 0.2
    """Share of the rows for validation, from 0.05 to 0.45; has no effect with `split`."""
    test: float = 0.2
    """Share of the rows for the test, from 0.05 to 0.45; has no effect with `split`."""
    split_seed: int = 0
    """Governs which rows each split holds, where neither `split` nor `order_by` does."""
    scaling: Scaling = "standard"
    """How numbers are put on one scale; see `scaling.Scale`."""
    max_categories: int = 100
    """Categories of a column that are told apart; the rarest of more are one."""
    min_count: int = 3
    """Training rows below which a category is too rare to be told apart from others like it."""
    separator: str | None = None
    """Of a CSV file, between two values; None to tell by the first lines."""
    decimal: str | None = None
    """Of numbers in text, "." or ","; None to tell by the values."""
    encoding: str | None = None
    """Of a CSV file; None to tell by its bytes."""
    fingerprint: str | None = None
    """Of the file's content, which is refused if it has another; None to take it as it is."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> TableArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        faults = [fault for name in given for fault in _faults_of(name, given[name])]
        absent = [name for name in _REQUIRED if given.get(name) is None]
        faults += [f"{name} is missing. {_MEANINGS[name]}" for name in absent]
        if not faults:
            faults += _contradictions(given)
        if faults:
            raise ConfigurationError(faults)
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        lists = {k: list(v) for k, v in plain.items() if isinstance(v, tuple)}
        return {**plain, **lists, "dates": dict(self.dates)}


_MEANINGS = {
    "path": "Give the path of a CSV or Parquet file.",
    "target": "Give the name of the column to be predicted.",
}

NAMES = tuple(entry.name for entry in fields(TableArguments))
"""Every argument."""


def listed(names: Iterable[str], *, most: int = 20) -> str:
    """Return names joined for a sentence, the first ones if there are many.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    names = list(names)
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def _faults_of(name: str, value: Any) -> list[str]:
    """Return what is wrong with one argument by itself."""
    if name not in NAMES:
        return [unknown_name(name, kind="an argument of table", valid=NAMES)]
    if value is None and name not in ARGUMENTS:
        return []
    right = _right_form(name, value)
    return [f"{name} is {value!r}. {right}"] if right else []


def _right_form(name: str, value: Any) -> str | None:
    """Return what an argument must be, if it is not, else None."""
    if name in ARGUMENTS:
        fault = ARGUMENTS[name].explain(value)
        return None if fault is None else f"It must be {ARGUMENTS[name].describe()}."
    if name == "task" and value not in ("classification", "regression"):
        return "It must be classification or regression; null tells by the target."
    if name == "decimal" and value not in (".", ","):
        return 'It must be "." or ","; null tells by the values.'
    if name == "separator" and not (isinstance(value, str) and len(value) == 1):
        return 'It must be one character, such as ";" or "\\t"; null tells by the first lines.'
    if name == "encoding" and not _is_encoding(value):
        return "It must be an encoding that Python knows, such as utf-8 or latin-1."
    if name in _COLUMN_LISTS and not _is_names(value):
        return "It must be a list of column names."
    if name == "dates" and not _is_dates(value):
        return "It must be a list of column names, or a mapping of them to formats like %d/%m/%Y."
    if name in _TEXTS and not (value and isinstance(value, str | Path)):
        return "It must be a text."
    return None


def _contradictions(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with several arguments together."""
    faults = []
    if given.get("split") is not None and given.get("order_by") is not None:
        faults.append("split and order_by both say which rows are the test. Give one of them.")
    try:
        shares = {name: given.get(name, 0.2) for name in FRACTIONS}
        split_sizes(1, **shares)
    except ConfigurationError as error:
        faults += [text.replace("data.", "") for text in error.faults]
    return faults


def _canonical(name: str, value: Any) -> Any:
    if value is None:
        empty: dict[str, Any] = {"ignore": (), "categorical": (), "numeric": (), "dates": {}}
        return empty.get(name)
    if name == "path":
        return str(Path(value).expanduser().absolute())
    if name in _COLUMN_LISTS:
        return (value,) if isinstance(value, str) else tuple(value)
    if name == "dates":
        if isinstance(value, Mapping):
            return dict(value)
        return dict.fromkeys([value] if isinstance(value, str) else value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value


def _is_names(value: Any) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_dates(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return _is_names(value)
    return all(isinstance(k, str) and isinstance(v, str | None) for k, v in value.items())


def _is_encoding(value: Any) -> bool:
    try:
        "a".encode(value)  # a codec that is not of text, such as hex, is refused here
    except (LookupError, TypeError, ValueError):
        return False
    return True
