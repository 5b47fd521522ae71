"""What may be said about a file of pairs in an experiment, and is it said in the right form?

Needs neither torch nor NumPy, and does not read the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from raysearch.data.arguments import TEXT, Form, absolute, check_form, share_faults
from raysearch.data.files import Source, sources_of
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
from raysearch.space import Choice, Domain, Int

Level = Literal["word", "character", "byte"]
Policy = Literal["refuse", "drop"]

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "level": Choice(["word", "character", "byte"], default="word"),
    "max_symbols": Int(5, 10_000_000, default=10_000),
    "min_count": Int(1, 1_000_000, default=1),
    "max_length": Int(1, 100_000, default=200),
    "empty": Choice(["refuse", "drop"], default="refuse"),
    "too_long": Choice(["refuse", "drop"], default="refuse"),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

PATHS = ("path", "validation_path", "test_path")

OTHERS: dict[str, Form] = dict.fromkeys((*PATHS, "source", "target", "fingerprint"), TEXT)
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {"path": "Give the path of a TSV or JSON lines file."}
"""Arguments that must be given -> what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsArguments:
    """All that an experiment may say about a file of pairs.

    Example:
        >>> arguments = PairsArguments.read({"path": "/data/dates.tsv", "level": "character"})
        >>> arguments.validation, arguments.level, arguments.source
        (0.2, 'character', None)
    """

    path: str
    """The file, TSV or JSON lines. Absolute."""
    validation_path: str | None = None
    """A file with the pairs for validation; None to draw them from `path`."""
    test_path: str | None = None
    """A file with the pairs for the test; None to draw them from `path`."""
    source: str | None = None
    """Column, or key, of the sources. None: of TSV the first of two columns without names, of JSON
    lines the key "source"."""
    target: str | None = None
    """Column, or key, of the targets. None: of TSV the second of two columns without names, of JSON
    lines the key "target"."""
    level: Level = "word"
    """What a symbol is: what stands between blanks, a character, or a byte of UTF-8."""
    max_symbols: int = 10_000
    """Symbols of a vocabulary, those counted that each begins with; rarer ones are unknown."""
    min_count: int = 1
    """Times that a symbol must occur in the training split to be known."""
    max_length: int = 200
    """The most symbols of a source, and of a target without its end."""
    empty: Policy = "refuse"
    """What to do with a pair whose source or target is empty."""
    too_long: Policy = "refuse"
    """What to do with a pair whose source or target is longer than `max_length`."""
    validation: float = 0.2
    """Share of the pairs for validation, from 0.05 to 0.45; has no effect with a file for them."""
    test: float = 0.2
    """Share of the pairs for the test, from 0.05 to 0.45; has no effect with a file for them."""
    split_seed: int = 0
    """Governs which pairs each split holds, where files do not."""
    fingerprint: str | None = None
    """Of the files' content, which is refused if it has another; None to take it as it is."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> PairsArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        check_form(
            given,
            kind="pairs",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=("batch_size",),
            contradictions=_contradictions,
        )
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    @property
    def sources(self) -> dict[str, Source]:
        """The files there are, by their argument."""
        return sources_of({n: getattr(self, n) for n in PATHS}, kinds="TSV or JSON lines")

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        return asdict(self)


def _contradictions(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with several arguments together."""
    faults = []
    source, target = given.get("source"), given.get("target")
    if (source is None) != (target is None):
        there, absent = ("source", "target") if target is None else ("target", "source")
        faults.append(f"{there} is {given[there]}, and {absent} is missing. Give both, or neither.")
    elif source is not None and source == target:
        faults.append(f"source is {source}, and so is target. Name two columns.")
    told = [name for name in FRACTIONS if given.get(f"{name}_path") is not None]
    return faults + share_faults(given, told=told)


def _canonical(name: str, value: Any) -> Any:
    if name in PATHS and value is not None:
        return absolute(value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
