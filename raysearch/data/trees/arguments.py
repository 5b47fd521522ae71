"""What may be said about a file of trees in an experiment, and is it said in the right form?

Needs neither torch nor NumPy, and does not read the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from raysearch.data.splits import FRACTIONS, LARGEST_SEED, split_sizes
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError, unknown_name
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
_TEXTS = (*PATHS, "expression", "label", "fingerprint")
_CHOICES = {"task": ("classification", "regression"), "head": ("label", "symbol", "none")}


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
    """What the labels are; None to tell by them."""
    head: Head | None = None
    """What stands first within brackets: a "label", which is not read as an input, the outermost
    being that of the tree where it has no other; the "symbol" of the node, such as an operator; or
    "none", so that all that stands there are children. None: "label" in text files that begin with
    a bracket, else "symbol"."""
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
        faults = [fault for name in given for fault in _faults_of(name, given[name])]
        if given.get("path") is None:
            faults.append("path is missing. Give the path of a text, TSV or JSON lines file.")
        if faults := faults or _contradictions(given):
            raise ConfigurationError(faults)
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    @property
    def paths(self) -> dict[str, str]:
        """The files there are, by their argument."""
        files = {name: getattr(self, name) for name in PATHS}
        return {name: path for name, path in files.items() if path is not None}

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        return asdict(self)


NAMES = tuple(entry.name for entry in fields(TreesArguments))
"""Every argument."""


def _faults_of(name: str, value: Any) -> list[str]:
    """Return what is wrong with one argument by itself."""
    if name not in NAMES:
        return [unknown_name(name, kind="an argument of trees", valid=NAMES)]
    if name in ARGUMENTS:
        fault = ARGUMENTS[name].explain(value)
        right = f"It must be {ARGUMENTS[name].describe()}."
        return [] if fault is None else [f"{name} is {value!r}. {right}"]
    if name in _CHOICES:
        valid = _CHOICES[name]
        right = f"It must be {', '.join(valid[:-1])} or {valid[-1]}; null tells by the file."
        return [] if value in (None, *valid) else [f"{name} is {value!r}. {right}"]
    if value and isinstance(value, str | Path):
        return []
    if value is None and name not in ("expression", "label"):
        return []
    return [f"{name} is {value!r}. It must be a text."]


def _contradictions(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with several arguments together."""
    faults = []
    expression = given.get("expression", "expression")
    if expression == given.get("label", "label"):
        faults.append(f"expression is {expression}, and so is label. Name two columns.")
    # the smallest legal share stands in for a split that has a file of its own
    drawn = [name for name in FRACTIONS if given.get(f"{name}_path") is None]
    shares = {name: given.get(name, 0.2) if name in drawn else 0.05 for name in FRACTIONS}
    try:
        split_sizes(1, **shares)
    except ConfigurationError as error:
        faults += [text.replace("data.", "") for text in error.faults]
    return faults


def _canonical(name: str, value: Any) -> Any:
    if name in PATHS and value is not None:
        return str(Path(value).expanduser().absolute())
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
