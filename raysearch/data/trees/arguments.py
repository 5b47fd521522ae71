"""What may be said about a file of trees in an experiment, and is it said in the right form?

Needs neither torch nor NumPy, and does not read the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from raysearch.data.arguments import FORMS, TEXT, Form, absolute, check_form, share_faults
from raysearch.data.files import Source, sources_of
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
from raysearch.data_spec import Task
from raysearch.space import Domain, Int

Head = Literal["label", "symbol", "none"]

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "max_symbols": Int(5, 10_000_000, default=20_000),
    "min_count": Int(1, 1_000_000, default=1),
    "max_nodes": Int(1, 100_000, default=1000),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

PATHS = ("path", "validation_path", "test_path")

OTHERS: dict[str, Form] = {
    **dict.fromkeys((*PATHS, "expression", "label", "fingerprint"), TEXT),
    "task": FORMS["task"],
    "head": (
        lambda value: value in ("label", "symbol", "none"),
        "It must be label, symbol or none; null tells by the file.",
    ),
}
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {"path": "Give the path of a text, TSV or JSON lines file."}
"""Arguments that must be given -> what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreesArguments:
    """All that an experiment may say about a file of trees.

    Example:
        >>> arguments = TreesArguments.read({"path": "/data/trees/train.txt"})
        >>> arguments.validation, arguments.head, arguments.expression
        (0.2, None, 'expression')
    """

    path: str
    """The file: text, TSV or JSON lines; see `reading`. Absolute."""
    validation_path: str | None = None
    """A file with the trees for validation; None to draw them from `path`."""
    test_path: str | None = None
    """A file with the trees for the test; None to draw them from `path`."""
    expression: str = "expression"
    """Of TSV and JSON lines: column, or key, of the expressions."""
    label: str = "label"
    """Of TSV and JSON lines: column, or key, of the labels."""
    task: Task | None = None
    """What the labels are; None to tell by those of `path`."""
    head: Head | None = None
    """What stands first within brackets: a "label", which is not read as an input, the outermost
    being that of the tree where it has no other; the "symbol" of the node, such as an operator; or
    "none", so that all that stands there are children. None: "label" if `path` is a text file that
    begins with a bracket, else "symbol"; a line of any file that is not like that is refused."""
    max_symbols: int = 20_000
    """Symbols of the vocabulary, those counted that each begins with; rarer ones are unknown."""
    min_count: int = 1
    """Times that a symbol must occur in the training split to be known."""
    max_nodes: int = 1000
    """The most nodes of a tree; larger ones are refused."""
    validation: float = 0.2
    """Share of the trees for validation, from 0.05 to 0.45; has no effect with a file for them."""
    test: float = 0.2
    """Share of the trees for the test, from 0.05 to 0.45; has no effect with a file for them."""
    split_seed: int = 0
    """Governs which trees each split holds, where files do not."""
    fingerprint: str | None = None
    """Of the files' content, which is refused if it has another; None to take it as it is."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> TreesArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        check_form(
            given,
            kind="trees",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=("batch_size",),
            contradictions=_contradictions,
        )
        said = {name: value for name, value in given.items() if value is not None}
        return cls(**{name: _canonical(name, value) for name, value in said.items()})

    @property
    def sources(self) -> dict[str, Source]:
        """The files there are, by their argument."""
        return sources_of({n: getattr(self, n) for n in PATHS}, kinds="text, TSV or JSON lines")

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        return asdict(self)


def _contradictions(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with several arguments together."""
    faults = []
    expression = given.get("expression") or "expression"
    if expression == (given.get("label") or "label"):
        faults.append(f"expression is {expression}, and so is label. Name two columns.")
    told = [name for name in FRACTIONS if given.get(f"{name}_path") is not None]
    return faults + share_faults(given, told=told)


def _canonical(name: str, value: Any) -> Any:
    if name in PATHS:
        return absolute(value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
