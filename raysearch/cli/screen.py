"""How do the commands print tables and facts?

Plain aligned text without colours. On a terminal it fits the width; elsewhere nothing is broken or
cut, so that what is piped can be searched. What is to be copied, such as a command line, is never
broken.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import Any

GAP = "  "
NARROWEST = 12
"""Characters that a column is not made narrower than, whatever the terminal."""

Facts = Sequence[tuple[str, str]]
"""Labels with what they stand for; an empty label goes on with the one before."""


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(document, indent=2, allow_nan=False))


def note(text: str) -> None:
    """Print a line for a person on standard error, where it disturbs no document."""
    print(text, file=sys.stderr)


def print_facts(facts: Facts, *, wrap: bool = True) -> None:
    """Print labels in one column and what they stand for beside them.

    Args:
        facts: What to print; nothing is printed if there is none.
        wrap: Whether texts are broken into lines; not so for what is to be copied.
    """
    for line in layout(facts, flexible=[1] if wrap else [], room=_room()):
        print(line)


def print_table(
    rows: Iterable[Sequence[str]],
    *,
    header: Sequence[str],
    numbers: Collection[str] = (),
    flexible: Collection[str] = (),
    cut: bool = False,
) -> None:
    """Print rows below a header.

    Args:
        rows: As many cells in each as the header has.
        header: Names of the columns.
        numbers: Names of the columns that are set flush right.
        flexible: Names of the columns that make room when the terminal is too narrow.
        cut: Whether their cells are cut off then, instead of broken into lines.
    """
    lines = layout(
        [header, *rows],
        right=[i for i, name in enumerate(header) if name in numbers],
        flexible=[i for i, name in enumerate(header) if name in flexible],
        cut=cut,
        room=_room(),
    )
    for line in lines:
        print(line)


def layout(
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    flexible: Collection[int] = (),
    cut: bool = False,
    room: int | None = None,
) -> list[str]:
    """Return the lines of a table.

    Args:
        rows: Cells, as many in each row.
        right: Columns that are set flush right.
        flexible: Columns that make room if need be, the widest first.
        cut: Whether their cells are cut off, instead of broken into lines.
        room: Characters in a line; None for as many as it takes.

    Example:
        >>> print(*layout([["rank", "trial"], ["1", "0007"]], right=[0]), sep="|")
        rank  trial|   1  0007
        >>> print(*layout([["a", "width=8 depth=3 loss=mse"]], flexible=[1], room=18), sep="|")
        a  width=8 depth=3|   loss=mse
        >>> print(*layout([["a", "width=8 depth=3"]], flexible=[1], room=17, cut=True), sep="|")
        a  width=8 depth…
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    while room is not None and sum(widths) + len(GAP) * (len(widths) - 1) > room:
        widest = max(flexible, key=lambda i: widths[i], default=None)
        if widest is None or widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    lines = []
    for row in rows:
        cells = [
            _fitted(cell, width=width, cut=cut) if i in flexible else [cell]
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for n in range(max(len(parts) for parts in cells)):
            parts = [lines_of[n] if n < len(lines_of) else "" for lines_of in cells]
            aligned = [
                part.rjust(width) if i in right else part.ljust(width)
                for i, (part, width) in enumerate(zip(parts, widths, strict=True))
            ]
            lines.append(GAP.join(aligned).rstrip())
    return lines


def _fitted(cell: str, *, width: int, cut: bool) -> list[str]:
    if len(cell) <= width:
        return [cell]
    if cut:
        return [cell[: width - 1] + "…"]
    return textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False)


def _room() -> int | None:
    """Return the width of the terminal, None if there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
