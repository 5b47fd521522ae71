"""How does a file become pairs of texts, each with the row it stands in?

A TSV file has a pair in each line, and a tab between source and target; with `source` and `target`,
its first line has the names of its columns. A JSON lines file has an object in each line. Blank
lines are passed over. What is wrong is named with file and row, rows counted from 1 as an editor
does.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from raysearch.data.pairs.arguments import PairsArguments
from raysearch.data.pairs.vocabulary import symbols_of
from raysearch.errors import ConfigurationError, did_you_mean

_MOST_FAULTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source and a target, cut into symbols."""

    source: tuple[str, ...]
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsFile:
    """The pairs of a file, and how many were left out."""

    pairs: tuple[Pair, ...]
    n_empty: int
    n_too_long: int


def fingerprint(arguments: PairsArguments) -> str:
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
                    "the pairs to a file, and give its path."
                )
            digests.append(f"{name} {_digest(path, status.st_mtime_ns, status.st_size)}")
        except OSError as error:
            raise ConfigurationError(_unreadable(name, path, error)) from error
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _digest(path: str, modified_ns: int, n_bytes: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_pairs(name: str, *, arguments: PairsArguments) -> PairsFile:
    """Return the pairs of the file that the argument `name` gives.

    Raises:
        ConfigurationError: It cannot be read, has rows that are no pairs, or no pair at all; with
            the first rows, each text beginning with `name`.
    """
    path = arguments.paths[name]
    text = _text_of(name, path)
    if not text.strip():
        raise ConfigurationError(
            f"{name} is {path}, which is empty. Give a file with a source and a target in each row."
        )
    rows = _objects if text.lstrip().startswith("{") else _columns
    pairs: list[Pair] = []
    left_out: Counter[str] = Counter()
    faults: list[str] = []
    for number, row in rows(text, path=path, arguments=arguments):
        try:
            pair = _pair_of(row, arguments=arguments)
        except _BadRow as error:
            faults.append(f"{name} is {path}, whose row {number} {error}")
            if len(faults) == _MOST_FAULTS:
                break
        else:
            if isinstance(pair, Pair):
                pairs.append(pair)
            else:
                left_out[pair] += 1
    if faults:
        raise ConfigurationError(faults)
    n_empty, n_too_long = left_out["empty"], left_out["too_long"]
    if not pairs:
        raise ConfigurationError(
            f"{name} is {path}, in which no pair is left: {n_empty} have an empty side, and "
            f"{n_too_long} a longer one than max_length, {arguments.max_length}. Give a file with "
            "a source and a target in each row."
        )
    return PairsFile(pairs=tuple(pairs), n_empty=n_empty, n_too_long=n_too_long)


_Row = Mapping[str, Any] | str
"""A row's source and target, or what is wrong with it."""


class _BadRow(ValueError):
    """What is wrong with a row, and what to do."""


def _pair_of(row: _Row, *, arguments: PairsArguments) -> Pair | Literal["empty", "too_long"]:
    """Return the pair of a row, or the policy by which it is left out.

    Raises:
        _BadRow: It is no pair, or one that the policies refuse.
    """
    if isinstance(row, str):
        raise _BadRow(row)
    cut = {}
    for role, text in row.items():
        if not isinstance(text, str):
            raise _BadRow(
                f"has the {role} {text!r}, no text. Write it in quotes, or take the row out."
            )
        cut[role] = tuple(symbols_of(text, level=arguments.level))
        n_symbols = len(cut[role])
        if n_symbols == 0:
            if arguments.empty == "drop":
                return "empty"
            raise _BadRow(
                f"has an empty {role}. Mend or take out the row, or write `empty: drop` to leave "
                "such rows out."
            )
        if n_symbols > arguments.max_length:
            if arguments.too_long == "drop":
                return "too_long"
            raise _BadRow(
                f"has a {role} of {n_symbols} symbols, and max_length is {arguments.max_length}. "
                "Raise it, or write `too_long: drop` to leave such rows out."
            )
    return Pair(**cut)


def _columns(text: str, *, path: str, arguments: PairsArguments) -> Iterator[tuple[int, _Row]]:
    """Yield the number of each row of a TSV file, and the row."""
    lines = ((n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    places, n_columns, names = (0, 1), 2, "source and target"
    if arguments.source is not None and arguments.target is not None:
        header = [name.strip() for name in next(lines)[1].split("\t")]
        for role in ("source", "target"):
            _check_name(role, getattr(arguments, role), header, path=path)
        places = (header.index(arguments.source), header.index(arguments.target))
        n_columns, names = len(header), "the names in the first row"
    for number, line in lines:
        values = line.rstrip("\r").split("\t")
        if len(values) != n_columns:
            yield (
                number,
                (
                    f"has {len(values)} columns between tabs, not {n_columns} as {names}. Mend the "
                    "row, or name source and target if the first row has names."
                ),
            )
        else:
            yield number, {"source": values[places[0]], "target": values[places[1]]}


def _objects(text: str, *, path: str, arguments: PairsArguments) -> Iterator[tuple[int, _Row]]:
    """Yield the number of each row of a JSON lines file, and the row."""
    keys = {"source": arguments.source or "source", "target": arguments.target or "target"}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f'is not JSON ({error}). Write it like {{"source": "a", "target": "b"}}.'
            continue
        absent = [k for k in keys.values() if k not in row] if isinstance(row, dict) else None
        if absent is None:
            yield number, 'is no object. Write it like {"source": "a", "target": "b"}.'
        elif absent:
            hint = did_you_mean(absent[0], map(str, row))
            yield number, f"has no {absent[0]!r}. {hint}Mend the row, or set source and target."
        else:
            yield number, {role: row[key] for role, key in keys.items()}


def _check_name(role: str, name: str, header: list[str], *, path: str) -> None:
    if header.count(name) != 1:
        n = "no column" if name not in header else "several columns"
        raise ConfigurationError(
            f"{role} is {name}, and {path} has {n} of that name. "
            f"{did_you_mean(name, header)}Columns: {', '.join(header[:20])}."
        )


def _text_of(name: str, path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(_unreadable(name, path, error)) from error
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{name} is {path}, whose row {row} is not UTF-8. Save the file as UTF-8."
        ) from error


def _unreadable(name: str, path: str, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return (
        f"{name} is {path}, which cannot be read ({reason}). Give the path of a TSV or JSON lines "
        "file; a relative one starts at the working directory."
    )
