"""What may be said about texts in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from raysearch.data.arguments import FORMS, TEXT, Form, absolute, check_form, formats_by_column
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
from raysearch.data.table.arguments import TableArguments
from raysearch.data_spec import Task
from raysearch.space import Bool, Choice, Domain, Int

Level = Literal["word", "byte", "character"]
Policy = Literal["refuse", "drop"]
Side = Literal["start", "end"]

LONGEST = 100_000
"""Symbols of a text that may be kept."""

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "level": Choice(["word", "byte", "character"], default="word"),
    "lower": Bool(default=True),
    "max_vocabulary": Int(1, 10_000_000, default=20_000),
    "min_count": Int(1, 100_000, default=2),
    "keep": Choice(["start", "end"], default="start"),
    "empty": Choice(["refuse", "drop"], default="refuse"),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

OTHERS: dict[str, Form] = {
    **FORMS,
    "text": TEXT,
    "max_length": (
        lambda value: type(value) is int and 1 <= value <= LONGEST,
        f"It must be symbols, 1 to {LONGEST}; null tells by the training texts.",
    ),
}
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {
    "path": "Give the path of a CSV, TSV, Parquet or JSON lines file.",
    "text": "Give the name of the column with the texts.",
    "target": "Give the name of the column to be predicted.",
}
"""Arguments that must be given -> what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArguments:
    """All that an experiment may say about texts.

    Example:
        >>> arguments = TextArguments.read(
        ...     {"path": "/data/reviews.csv", "text": "review", "target": "stars"}
        ... )
        >>> arguments.level, arguments.to_json()["min_count"]
        ('word', 2)
    """

    path: str
    """The file: CSV, TSV, Parquet or JSON lines. Absolute."""
    test_path: str | None = None
    """A file whose texts are the test, with the same columns. Absolute."""
    text: str
    """Column with the texts."""
    target: str
    """Column to be predicted."""
    task: Task | None = None
    """What the target is; None to tell by its values."""
    positive: str | None = None
    """Of two classes, the one that is looked for; None for one such as "yes", else the rarer."""
    level: Level = "word"
    """What a symbol is: a word or punctuation mark, a byte of UTF-8, or a character."""
    lower: bool = True
    """Whether capital letters are made small first."""
    max_vocabulary: int = 20_000
    """Words or characters that are told apart, the most frequent ones; bytes always are."""
    min_count: int = 2
    """Occurrences in the training texts below which a word or character is unknown."""
    max_length: int | None = None
    """Symbols of a text that are kept at most; None to tell by the training texts."""
    keep: Side = "start"
    """Which part of longer texts is kept."""
    empty: Policy = "refuse"
    """What happens with texts that are missing or have no symbol."""
    split: str | None = None
    """Column that says whether a text is for train, validation or test."""
    order_by: str | None = None
    """Column of dates or numbers: the latest texts are the test, those before the validation."""
    group: str | None = None
    """Column whose texts of one value stay together, in the same split."""
    dates: Mapping[str, str | None] = field(default_factory=dict)
    """`order_by` -> format of its dates, where it is in doubt."""
    validation: float = 0.2
    """Share of the texts for validation, from 0.05 to 0.45."""
    test: float = 0.2
    """Share of the texts for the test, from 0.05 to 0.45."""
    split_seed: int = 0
    """Governs which texts or groups each split holds."""
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    """As of data `table`."""
    fingerprint: str | None = None
    """Of the files, which are refused if they have another; None to take them as they are."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> TextArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        check_form(
            given,
            kind="text",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=("batch_size",),
        )
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {**plain, "dates": dict(self.dates)}

    def as_table(self) -> TableArguments:
        """Return what the arguments say about the table, and about splits."""
        shared = {*FORMS, *FRACTIONS, "split_seed"}
        same = {e.name: getattr(self, e.name) for e in fields(self) if e.name in shared}
        return TableArguments(**same)


def _canonical(name: str, value: Any) -> Any:
    if name == "dates":
        return formats_by_column(value)
    if value is None:
        return None
    if name in ("path", "test_path"):
        return absolute(value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
