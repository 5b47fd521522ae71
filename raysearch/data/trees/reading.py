"""How does a file become trees with labels, each with the line it stands in?

Three forms are told by the first line that is not blank:

- text, an expression in each line with its label in front: within its brackets, as in
  "(3 (2 not) (4 bad))", the form of the Stanford Sentiment Treebank; before it, after which
  comes a blank or a tab, as in "9 (MAX 2 9)"; or behind it, after a tab, as in "(MAX 2 9)<tab>9";
- TSV, whose first line has the names of the columns, `expression` and `label` among them;
- JSON lines, an object with these keys in each line.

Blank lines are passed over. What is wrong is named with file and line, counted from 1 as an editor
does. What stands first within brackets is told by the training file, and for every other file and
line the same: one that is written in another way is refused, since it would be read as other trees.

References:
    Socher et al., "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank",
    EMNLP 2013.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from raysearch.counting import counted
from raysearch.data.files import Source
from raysearch.data.lines import BadLine, Line, check_names, columns, numbered, objects, taken
from raysearch.data.trees.arguments import Head, TreesArguments
from raysearch.data.trees.parsing import ParsedTree, parse

_BRACKETS = ("(", "[")

_HEADS = ", ".join((*get_args(Head)[:-1], f"or {get_args(Head)[-1]}"))
"""What `head` may be."""


@dataclass(frozen=True, slots=True)
class LabelledTree:
    """A tree of a file."""

    symbols: tuple[str, ...]
    parents: tuple[int, ...]
    label: str
    line: int
    """Of the file, counted from 1."""
    path: str
    """The file."""

    @property
    def place(self) -> str:
        """Line and file, for a message."""
        return f"line {self.line} of {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreesFile:
    """A file, taken apart into lines."""

    source: Source
    lines: Iterator[Line]
    """Each with "expression" and, where it stands apart, "label"."""
    head: Head
    """What stands first within brackets, by the form of its first line."""


def read_files(arguments: TreesArguments) -> dict[str, list[LabelledTree]]:
    """Return the trees of each file, by the argument that names it, one or more.

    Raises:
        ConfigurationError: A file cannot be read, is empty, or has lines that are no trees with a
            label, or are written in another way than the training file; with the first of them,
            each text beginning with the argument.
    """
    head = arguments.head
    trees = {}
    for name, source in arguments.sources.items():
        file = _opened(source, arguments=arguments)
        head = head or file.head
        trees[name] = _trees(file, head=head, arguments=arguments)
    return trees


def _trees(file: TreesFile, *, head: Head, arguments: TreesArguments) -> list[LabelledTree]:
    """Return the trees of a file."""

    def take(line: int, row: Mapping[str, Any]) -> LabelledTree:
        if arguments.head is None:
            _check_form(row, head=head, path=arguments.path)
        found = _parsed(row, head=head)
        n_nodes = len(found.symbols)
        if n_nodes > arguments.max_nodes:
            raise BadLine(
                f"has a tree of {counted(n_nodes, 'node')}, and max_nodes is "
                f"{arguments.max_nodes}. Raise it, or take out the line."
            )
        return LabelledTree(
            found.symbols, found.parents, found.label or "", line=line, path=file.source.path
        )

    trees = taken(file.lines, take, source=file.source)
    if not trees:
        raise file.source.fault(
            "which has a line of names and no other one. Give a file with an expression and a "
            "label in each line."
        )
    return trees


def _check_form(row: Mapping[str, Any], *, head: Head, path: str) -> None:
    """Refuse a line whose label stands where those of the training file do not.

    Raises:
        BadLine: It does.
    """
    is_apart = "label" in row
    if is_apart == (head == "symbol"):
        return
    where = "in front of its brackets, or in a column"
    here, there = (
        (f"has its label {where}", "has it within them, as in (3 (2 not) (4 bad))")
        if is_apart
        else (f"has no label {where}", "has one")
    )
    raise BadLine(
        f"{here}, and {path} begins with a line that {there}. Write it so too, or set head to what "
        f"stands first within brackets: {_HEADS}."
    )


def _parsed(row: Mapping[str, Any], *, head: Head) -> ParsedTree:
    """Return the tree of a line, with its label.

    Raises:
        BadLine: It is none.
    """
    expression, label = row["expression"], row.get("label")
    if not isinstance(expression, str):
        raise BadLine(f"has the expression {expression!r}, no text. Write it in quotes.")
    if "label" in row and not isinstance(label, str | int | float):
        raise BadLine(f"has the label {label!r}. Write a text or a number.")
    try:
        parsed = parse(expression, head=head)
    except ValueError as error:
        raise BadLine(
            f"has an expression that {error}. Mend the line, or set head to what stands first "
            f"within brackets: {_HEADS}. It is {head!r} now."
        ) from error
    if "label" not in row:
        label = parsed.label
    elif not isinstance(label, str):
        label = json.dumps(label)
    if not label or not label.strip():
        raise BadLine(
            "has no label. Put it first within the outermost brackets, in front of them, or behind "
            "them after a tab; or give a file whose first line has the names of columns, "
            "`expression` and `label`, with a tab between."
        )
    return replace(parsed, label=label.strip())


def _opened(source: Source, *, arguments: TreesArguments) -> TreesFile:
    """Return a file by its form, which its first line tells."""
    lines = numbered(source.text())
    if not lines:
        raise source.fault(
            "which is empty. Give a file with an expression and a label in each line."
        )
    roles = {"expression": arguments.expression, "label": arguments.label}
    first = lines[0][1].strip()
    found: Iterator[Line]
    head: Head = "symbol"
    if first.startswith("{"):
        like = f'{{"{arguments.expression}": "(+ 1 2)", "{arguments.label}": 3}}'
        found = objects(lines, roles=roles, like=like)
    elif first.startswith(_BRACKETS):
        n_behind = _n_behind(first)
        if n_behind > 1:
            raise source.fault(
                f"whose first line has {n_behind + 1} columns, an expression being the first of "
                "them, but no names. Put a line of names first, with tabs between: "
                f"{arguments.expression}, {arguments.label}, and any for the others."
            )
        if n_behind:
            found = _with_label_behind(lines)
        else:
            found, head = _plain(lines), "label"
    elif _has_names(names := [name.strip() for name in first.split("\t")], source, arguments):
        check_names(names, roles=roles, source=source)
        found = columns(lines[1:], names=names, roles=roles, remedy="Mend the line.")
    else:
        found = _plain(lines)
    return TreesFile(source=source, lines=found, head=head)


def _has_names(first: list[str], source: Source, arguments: TreesArguments) -> bool:
    """Return whether the first line, cut at tabs, has the names of columns."""
    if arguments.expression in first or arguments.label in first:
        return True
    has_tree = any(name.startswith(_BRACKETS) for name in first)
    return Path(source.path).suffix.lower() == ".tsv" and not has_tree


def _n_behind(line: str) -> int:
    r"""Return how many columns stand behind a whole expression, cut at tabs.

    Example:
        >>> [_n_behind(line) for line in ("(+ 1 2)\t3", "(+ 1 2)", "(3 (2 not)\t(4 bad))")]
        [1, 0, 0]
    """
    expression, *others = line.split("\t")
    is_whole = all(expression.count(a) == expression.count(b) for a, b in ("()", "[]"))
    return len(others) if is_whole else 0


def _with_label_behind(lines: list[tuple[int, str]]) -> Iterator[Line]:
    """Yield the lines of a file without names, of an expression, a tab and a label each."""
    for number, line in lines:
        expression, *labels = line.split("\t")
        if len(labels) == 1:
            yield number, {"expression": expression, "label": labels[0]}
        else:
            yield (
                number,
                f"has {counted(len(labels) + 1, 'column')} between tabs, and the first line has "
                "2, an expression and its label. Mend the line.",
            )


def _plain(lines: list[tuple[int, str]]) -> Iterator[Line]:
    """Yield the lines of a text file."""
    for number, line in lines:
        text = line.strip()
        if text.startswith(_BRACKETS):
            yield number, {"expression": text}
        else:
            label, _, expression = text.partition("\t" if "\t" in text else " ")
            yield number, {"expression": expression, "label": label}
