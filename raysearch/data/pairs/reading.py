"""How does a file become pairs of texts, each with the line it stands in?

A TSV file has a pair in each line, and a tab between source and target; with `source` and `target`,
its first line has the names of its columns. A JSON lines file has an object in each line. Blank
lines are passed over. What is wrong is named with file and line, counted from 1 as an editor does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from raysearch.counting import counted
from raysearch.data.files import Source
from raysearch.data.lines import BadLine, Line, check_names, columns, numbered, objects, taken
from raysearch.data.pairs.arguments import PairsArguments
from raysearch.data.pairs.vocabulary import symbols_of

_LIKE = '{"source": "a", "target": "b"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source and a target, cut into symbols."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    line: int = field(compare=False)
    """Of the file, counted from 1."""
    path: str = field(compare=False)
    """The file."""

    @property
    def place(self) -> str:
        """Line and file, for a message."""
        return f"line {self.line} of {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsFile:
    """The pairs of a file, and how many were left out."""

    pairs: tuple[Pair, ...]
    n_empty: int
    n_too_long: int


def read_pairs(source: Source, *, arguments: PairsArguments) -> PairsFile:
    """Return the pairs of a file.

    Raises:
        ConfigurationError: It cannot be read, has lines that are no pairs, or no pair at all; with
            the first lines, each text beginning with the argument that names the file.
    """
    text = source.text()
    if not text.strip():
        raise source.fault("which is empty. Give a file with a source and a target in each line.")
    lines = _objects if text.lstrip().startswith("{") else _columns
    found = taken(
        lines(text, source=source, arguments=arguments),
        lambda line, row: _pair(line, row, source=source, arguments=arguments),
        source=source,
    )
    if not found:
        raise source.fault(
            "which has a line of names and no other one. Give a file with a source and a target "
            "in each line."
        )
    pairs = tuple(pair for pair in found if isinstance(pair, Pair))
    left_out = Counter(pair for pair in found if not isinstance(pair, Pair))
    n_empty, n_too_long = left_out["empty"], left_out["too_long"]
    if not pairs:
        raise source.fault(
            f"in which no pair is left: {n_empty} have an empty side, and {n_too_long} a longer "
            f"one than max_length, {arguments.max_length}. Give a file with a source and a target "
            "in each line."
        )
    return PairsFile(pairs=pairs, n_empty=n_empty, n_too_long=n_too_long)


def _pair(
    line: int, row: Mapping[str, Any], *, source: Source, arguments: PairsArguments
) -> Pair | Literal["empty", "too_long"]:
    """Return the pair of a line, or the policy by which it is left out.

    Raises:
        BadLine: It is no pair, or one that the policies refuse.
    """
    cut = {}
    for role, text in row.items():
        if not isinstance(text, str):
            raise BadLine(
                f"has the {role} {text!r}, no text. Write it in quotes, or take the line out."
            )
        cut[role] = tuple(symbols_of(text, level=arguments.level))
        n_symbols = len(cut[role])
        if n_symbols == 0:
            if arguments.empty == "drop":
                return "empty"
            raise BadLine(
                f"has an empty {role}. Mend or take out the line, or write `empty: drop` to leave "
                "such lines out."
            )
        if n_symbols > arguments.max_length:
            if arguments.too_long == "drop":
                return "too_long"
            raise BadLine(
                f"has a {role} of {counted(n_symbols, 'symbol')}, and max_length is "
                f"{arguments.max_length}. "
                "Raise it, or write `too_long: drop` to leave such lines out."
            )
    return Pair(**cut, line=line, path=source.path)


def _columns(text: str, *, source: Source, arguments: PairsArguments) -> Iterator[Line]:
    """Return the lines of a TSV file."""
    lines = numbered(text)
    roles = {"source": "source", "target": "target"}
    names, remedy = list(roles), "Mend the line, or name source and target if line 1 has names."
    if arguments.source is not None and arguments.target is not None:
        roles = {"source": arguments.source, "target": arguments.target}
        names = [name.strip() for name in lines.pop(0)[1].split("\t")]
        check_names(names, roles=roles, source=source)
        remedy = "Mend the line."
    return columns(lines, names=names, roles=roles, remedy=remedy)


def _objects(text: str, *, source: Source, arguments: PairsArguments) -> Iterator[Line]:
    """Return the lines of a JSON lines file."""
    roles = {"source": arguments.source or "source", "target": arguments.target or "target"}
    return objects(numbered(text), roles=roles, like=_LIKE)
