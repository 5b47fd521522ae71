"""How does a file become trees with labels, each with the line it stands in?

Three forms are told by the first line that is not blank:

- text, an expression in each line with its label in front: within its brackets, as in
  "(3 (2 not) (4 bad))", the form of the Stanford Sentiment Treebank; or before it, after which
  comes a blank or a tab, as in "9 (MAX 2 9)";
- TSV, whose first line has the names of the columns, `expression` and `label` among them;
- JSON lines, an object with these keys in each line.

Blank lines are passed over. What is wrong is named with file and line, counted from 1 as an editor
does.

References:
    Socher et al., "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank",
    EMNLP 2013.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from raysearch.data.trees.arguments import Head, TreesArguments
from raysearch.data.trees.parsing import ParsedTree, parse
from raysearch.errors import ConfigurationError, did_you_mean

_MOST_FAULTS = 5
_BRACKETS = ("(", "[")


@dataclass(frozen=True, slots=True)
class LabelledTree:
    """A tree of a file."""

    symbols: tuple[str, ...]
    parents: tuple[int, ...]
    label: str
    line: int
    """Of the file, counted from 1."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line that was taken apart, or what is wrong with it."""

    line: int
    expression: str = ""
    label: str | None = None
    fault: str | None = None


def fingerprint(arguments: TreesArguments) -> str:
    """Return 16 characters that stand for the content of the files; read again when it changes.

    Raises:
        ConfigurationError: One is missing, or cannot be read.
    """
    digests = []
    for name, path in arguments.paths.items():
        try:
            status = Path(path).stat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise ConfigurationError(
                    f"{name} is {path}, a pipe or a device, and reading it may never end. Write "
                    "the trees to a file, and give its path."
                )
            digests.append(f"{name} {_digest(path, status.st_mtime_ns, status.st_size)}")
        except OSError as error:
            raise ConfigurationError(_unreadable(name, path, error)) from error
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _digest(path: str, modified_ns: int, n_bytes: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_trees(name: str, *, arguments: TreesArguments) -> list[LabelledTree]:
    """Return the trees of the file that the argument `name` gives, one or more.

    Raises:
        ConfigurationError: It cannot be read, is empty, or has lines that are no trees with a
            label; with the first of them, each text beginning with `name`.
    """
    path = arguments.paths[name]
    text = _text_of(name, path)
    if not text.strip():
        raise ConfigurationError(
            f"{name} is {path}, which is empty. Give a file with an expression and a label in each "
            "line."
        )
    rows, head = _form(text, path=path, arguments=arguments)
    trees: list[LabelledTree] = []
    faults: list[str] = []
    for row in rows:
        found = _tree(row, head=head, max_nodes=arguments.max_nodes)
        if isinstance(found, str):
            faults.append(f"{name} is {path}, whose line {row.line} {found}")
        else:
            trees.append(found)
        if len(faults) == _MOST_FAULTS:
            break
    if faults:
        raise ConfigurationError(faults)
    if not trees:
        raise ConfigurationError(
            f"{name} is {path}, which has a line of names and no other one. Give a file with an "
            "expression and a label in each line."
        )
    return trees


def _tree(row: _Row, *, head: Head, max_nodes: int) -> LabelledTree | str:
    """Return the tree of a line, or what is wrong with it."""
    if row.fault is not None:
        return row.fault
    try:
        parsed = parse(row.expression, head=head)
    except ValueError as error:
        return f"has an expression that {error}. Mend the line, or set head; it is {head!r} now."
    label = _label(row, parsed)
    if not label:
        return (
            "has no label. Put it first within the outermost brackets, or in front of them; or "
            "give a file with columns."
        )
    if len(parsed.symbols) > max_nodes:
        return (
            f"has a tree of {len(parsed.symbols)} nodes, and max_nodes is {max_nodes}. Raise it, "
            "or take out the line."
        )
    return LabelledTree(parsed.symbols, parsed.parents, label, row.line)


def _label(row: _Row, parsed: ParsedTree) -> str | None:
    return parsed.label if row.label is None else row.label.strip()


def _form(text: str, *, path: str, arguments: TreesArguments) -> tuple[Iterator[_Row], Head]:
    """Return the lines of a file, taken apart, and what stands first within brackets."""
    lines = text.split("\n")
    first = next(line for line in lines if line.strip()).strip()
    if first.startswith("{"):
        return _objects(lines, arguments=arguments), arguments.head or "symbol"
    if first.startswith(_BRACKETS):
        return _plain(lines), arguments.head or "label"
    names = [name.strip() for name in first.split("\t")]
    is_named = arguments.expression in names or arguments.label in names
    has_tree = any(name.startswith(_BRACKETS) for name in names)
    if is_named or (Path(path).suffix.lower() == ".tsv" and not has_tree):
        return _columns(lines, names, path=path, arguments=arguments), arguments.head or "symbol"
    return _plain(lines), arguments.head or "symbol"


def _plain(lines: list[str]) -> Iterator[_Row]:
    """Yield the lines of a text file."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith(_BRACKETS):
            yield _Row(number, text)
        elif text:
            label, _, expression = text.partition("\t" if "\t" in text else " ")
            yield _Row(number, expression, label)


def _columns(
    lines: list[str], names: list[str], *, path: str, arguments: TreesArguments
) -> Iterator[_Row]:
    """Yield the lines of a TSV file behind that of the names."""
    for role in ("expression", "label"):
        name = getattr(arguments, role)
        if names.count(name) != 1:
            n = "several columns" if name in names else "no column"
            raise ConfigurationError(
                f"{role} is {name}, and {path} has {n} of that name. {did_you_mean(name, names)}"
                f"Columns: {', '.join(names[:20])}."
            )
    numbered = ((n, line) for n, line in enumerate(lines, start=1) if line.strip())
    next(numbered)
    for number, line in numbered:
        values = line.rstrip("\r").split("\t")
        if len(values) != len(names):
            yield _Row(
                number,
                fault=f"has {len(values)} columns between tabs, not {len(names)} as the names in "
                "the first line. Mend it.",
            )
        else:
            row = dict(zip(names, values, strict=True))
            yield _Row(number, row[arguments.expression], row[arguments.label])


def _objects(lines: list[str], *, arguments: TreesArguments) -> Iterator[_Row]:
    """Yield the lines of a JSON lines file."""
    keys = (arguments.expression, arguments.label)
    like = f'Write it like {{"{keys[0]}": "(+ 1 2)", "{keys[1]}": 3}}.'
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield _Row(number, fault=f"is not JSON ({error}). {like}")
            continue
        absent = [key for key in keys if key not in row] if isinstance(row, dict) else None
        if absent is None:
            yield _Row(number, fault=f"is no object. {like}")
        elif absent:
            hint = did_you_mean(absent[0], map(str, row))
            yield _Row(
                number,
                fault=f"has no {absent[0]!r}. {hint}Mend the line, or set expression and label.",
            )
        else:
            yield _typed(number, row[keys[0]], row[keys[1]])


def _typed(line: int, expression: Any, label: Any) -> _Row:
    if not isinstance(expression, str):
        return _Row(line, fault=f"has the expression {expression!r}, no text. Write it in quotes.")
    if not isinstance(label, str | int | float):
        return _Row(line, fault=f"has the label {label!r}. Write a text or a number.")
    return _Row(line, expression, label if isinstance(label, str) else json.dumps(label))


def _text_of(name: str, path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(_unreadable(name, path, error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{name} is {path}, whose line {line} is not UTF-8. Save the file as UTF-8."
        ) from error


def _unreadable(name: str, path: str, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return (
        f"{name} is {path}, which cannot be read ({reason}). Give the path of a text, TSV or JSON "
        "lines file; a relative one starts at the working directory."
    )
