"""What stands in the lines of a TSV or JSON lines file, each with its number?

Lines are counted from 1, as an editor does; blank ones are passed over. A line that cannot be taken
apart is told with the others that cannot, not only with the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from raysearch.counting import counted
from raysearch.data.files import Source
from raysearch.errors import ConfigurationError, did_you_mean

MOST_FAULTS = 5
"""Lines that are named together."""

Line = tuple[int, Mapping[str, Any] | str]
"""The number of a line, with the value of each role, or with what is wrong and what to do."""

_T = TypeVar("_T")


class BadLine(ValueError):
    """What is wrong with a line, and what to do, as the end of a sentence about it."""


def numbered(text: str) -> list[tuple[int, str]]:
    r"""Return the lines that are not blank, with their numbers.

    Example:
        >>> numbered("a\n\n b\r\n")
        [(1, 'a'), (3, ' b')]
    """
    lines = enumerate(text.split("\n"), start=1)
    return [(number, line.rstrip("\r")) for number, line in lines if line.strip()]


def columns(
    lines: Iterable[tuple[int, str]], *, names: Sequence[str], roles: Mapping[str, str], remedy: str
) -> Iterator[Line]:
    """Yield what stands in lines that are cut at tabs.

    Args:
        lines: Behind the one with the names.
        names: Of the columns.
        roles: Role -> the name of its column.
        remedy: What to do about a line with more or fewer columns.
    """
    for number, line in lines:
        values = line.split("\t")
        if len(values) != len(names):
            yield (
                number,
                f"has {counted(len(values), 'column')} between tabs, not {len(names)}. {remedy}",
            )
        else:
            row = dict(zip(names, values, strict=True))
            yield number, {role: row[name] for role, name in roles.items()}


def check_names(names: Sequence[str], *, roles: Mapping[str, str], source: Source) -> None:
    """Refuse a line of names that lacks a column, or has it twice.

    Raises:
        ConfigurationError: It does; the text begins with the role, which is an argument.
    """
    for role, name in roles.items():
        if names.count(name) != 1:
            n = "several columns" if name in names else "no column"
            raise ConfigurationError(
                f"{role} is {name}, and {source.path} has {n} of that name. "
                f"{did_you_mean(name, names)}Columns: {', '.join(names[:20])}."
            )


def objects(
    lines: Iterable[tuple[int, str]], *, roles: Mapping[str, str], like: str
) -> Iterator[Line]:
    """Yield what stands in lines that are JSON objects.

    Args:
        lines: All that are not blank.
        roles: Role -> its key.
        like: An example of an object.
    """
    for number, line in lines:
        try:
            row = json_object(line, like=like)
        except BadLine as error:
            yield number, str(error)
            continue
        absent = [key for key in roles.values() if key not in row]
        if absent:
            hint = did_you_mean(absent[0], map(str, row))
            names = " and ".join(roles)
            yield number, f"has no {absent[0]!r}. {hint}Mend the line, or set {names}."
        else:
            yield number, {role: row[key] for role, key in roles.items()}


def json_object(
    line: str, *, like: str, constant: Callable[[str], Any] | None = None
) -> dict[str, Any]:
    """Return the object in a line.

    Args:
        line: The line.
        like: An example of an object.
        constant: What to make of NaN and the like; None for numbers.

    Raises:
        BadLine: It is none.
    """
    try:
        row = json.loads(line, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"is not JSON ({error}). Write it like {like}.") from error
    if not isinstance(row, dict):
        raise BadLine(f"is {line.strip()[:40]}, no object. Write it like {like}.")
    return row


def taken(
    lines: Iterable[Line], take: Callable[[int, Mapping[str, Any]], _T], *, source: Source
) -> list[_T]:
    """Return what is made of each line.

    Args:
        lines: Taken apart.
        take: Makes something of the number of a line and its values, or raises `BadLine`.
        source: The file.

    Raises:
        ConfigurationError: Some lines are wrong; with the first of them.
    """
    found, faults = [], []
    for number, row in lines:
        try:
            if isinstance(row, str):
                raise BadLine(row)
            found.append(take(number, row))
        except BadLine as error:
            faults.append(f"{source.argument} is {source.path}, whose line {number} {error}")
            if len(faults) == MOST_FAULTS:
                break
    if faults:
        raise ConfigurationError(faults)
    return found
