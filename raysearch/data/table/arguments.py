"""What may be said about a table in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from raysearch.data.arguments import COLUMNS, FORMS, absolute, check_form, formats_by_column
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
from raysearch.data_spec import Task
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

OTHERS = {**FORMS, **dict.fromkeys(_COLUMN_LISTS, COLUMNS)}
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {
    "path": "Give the path of a CSV, Parquet or JSON lines file.",
    "target": "Give the name of the column to be predicted.",
}
"""Arguments that must be given -> what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableArguments:
    """All that an experiment may say about a table.

    Example:
        >>> arguments = TableArguments.read({"path": "/data/houses.csv", "target": "price"})
        >>> arguments.validation, arguments.to_json()["ignore"]
        (0.2, [])
    """

    path: str
    """The file: CSV, Parquet or JSON lines. Absolute."""
    test_path: str | None = None
    """A file whose rows are the test, with the same columns. Absolute."""
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
    group: str | None = None
    """Column whose rows of one value stay together, in the same split."""
    validation: float = 0.2
    """Share of the rows for validation, from 0.05 to 0.45; with `split` only where no row is told
    to be."""
    test: float = 0.2
    """Share of the rows for the test, from 0.05 to 0.45; has no effect with `split` or `test_path`.
    """
    split_seed: int = 0
    """Governs which rows or groups each split holds, where neither `split` nor `order_by` does."""
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
        check_form(
            given,
            kind="table",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=("batch_size",),
        )
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        lists = {k: list(v) for k, v in plain.items() if isinstance(v, tuple)}
        return {**plain, **lists, "dates": dict(self.dates)}


def _canonical(name: str, value: Any) -> Any:
    if name == "dates":
        return formats_by_column(value)
    if value is None:
        return () if name in ("ignore", "categorical", "numeric") else None
    if name in ("path", "test_path"):
        return absolute(value)
    if name in _COLUMN_LISTS:
        return (value,) if isinstance(value, str) else tuple(value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
