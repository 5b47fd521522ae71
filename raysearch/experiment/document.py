"""What does an experiment file say, and where does it say it?

A `Document` holds plain values together with the place of each, so that whoever finds a fault in a
value, however late, can name its line. Values set by an override have the override as their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.experiment.yaml_text import in_one_line
from raysearch.imports import PREFIX

Path = tuple[str | int, ...]
"""Keys and list positions that lead to a value: ("space", "cnn.width", "int", 0)."""

LONGEST = 80
"""Characters of a value that a message shows at most."""

_LONG_WORD = re.compile(r"\S{300,}")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written; places sort in the order of the file, overrides after it."""

    order: int
    """Line, from 1; beyond all lines for overrides; 0 for the file as a whole."""
    text: str
    """For a message: "digits.yaml, line 9"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a value was written, and how."""

    place: Place
    written: str | None = None
    """The text of the value; None if it is to be written anew, as for a value of several lines."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a document."""

    place: Place
    text: str
    path: Path = field(default=(), compare=False)
    """Path of the value that is at fault; empty if it is none in particular."""

    def __str__(self) -> str:
        text = _LONG_WORD.sub(lambda word: f"{word.group()[: LONGEST - 4]} ...", self.text)
        return f"{self.place.text}: {printable(text)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain values, where each was written, and the faults of its form.

    Example:
        >>> given = Document(source="settings", values={"budget": {"trials": 8}})
        >>> given.get(("budget", "trials")), given.written(("budget",))
        (8, '{trials: 8}')
        >>> given.place(("budget", "trials")).text
        'settings'
    """

    source: str
    """The file as the user named it, or another word for where the values come from."""
    values: dict[str, Any]
    marks: Mapping[Path, Mark] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def get(self, path: Path) -> Any:
        """Return the value at a path, None if there is none."""
        value: Any = self.values
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def has(self, path: Path) -> bool:
        """Return whether there is a value at a path, be it null."""
        parent = self.get(path[:-1])
        key = path[-1]
        if isinstance(parent, list):
            return isinstance(key, int) and key < len(parent)
        return isinstance(parent, dict) and key in parent

    def nearest(self, path: Path) -> Path:
        """Return the path, or as much of its beginning as the document has."""
        while path and not self.has(path):
            path = path[:-1]
        return path

    def known(self, path: Path) -> Path:
        """Return the path without the keys, short of the last, that are not written there.

        Example:
            >>> given = Document(source="settings", values={"model": {"width": 8}})
            >>> given.known(("model", 0, "width"))
            ('model', 'width')
        """
        found: Path = ()
        for key in path[:-1]:
            found = (*found, key) if self.has((*found, key)) else found
        return (*found, path[-1])

    def place(self, path: Path) -> Place:
        """Return where the value at a path was written, or what holds it if it was not."""
        while path:
            if path in self.marks:
                return self.marks[path].place
            path = path[:-1]
        return Place(0, self.source)

    def written(self, path: Path) -> str:
        """Return the value at a path as it was written, cut to a length fit for a message."""
        mark = self.marks.get(path)
        text = mark.written if mark is not None else None
        if text is None:
            text = in_one_line(self.get(path)).replace(PREFIX, "")  # objects by their names
        text = text or "empty"
        return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


def printable(text: str) -> str:
    r"""Return text in which characters that would steer a terminal stand as their escapes.

    Example:
        >>> printable("\x1b[31mred\n")
        '\\x1b[31mred\n'
    """
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def dotted(path: Path) -> str:
    """Return a path as it is written in messages and overrides, without positions in lists.

    Example:
        >>> dotted(("space", "cnn.width", "int", 0))
        'space.cnn.width.int'
    """
    return ".".join(key for key in path if isinstance(key, str))
