"""How do experiment files share parts?

`include: base.yaml`, or a list of files, takes over what those files say; their paths start from
the folder of the file that includes them. The file itself takes precedence over what it includes,
and a later file of the list over an earlier one. Mappings are merged, key by key; lists and single
values are replaced, and so are

* a parameter's range below `space`, as a whole; `null` takes a range away;
* a component that is named otherwise: `scheduler: none` leaves nothing of `{name: asha, ...}`,
  while `scheduler: {min_epochs: 3}` and `scheduler: asha` together mean both;
* `fidelity` in epochs by one in steps, and the other way round.

Where a file names other models, the ranges under the names of those that it leaves out drop out.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Document, Mark, Path, Place
from raysearch.experiment.environment import expand
from raysearch.experiment.reading import NOTHING_STARTED, read_alone, refusal

NAMED_BY = {
    "choose": ("by",),
    "data": ("name", "class"),
    "model": ("name", "class", "function", "builder"),
    "objective": ("metric",),
    "searcher": ("name", "class"),
    "scheduler": ("name", "class"),
}
"""Section -> the keys that name what it is; the first is the one that plain text stands for."""

UNITS = ("max_epochs", "max_steps")
"""What a fidelity may be given in: one of them."""

LINES_OF_A_FILE = 1_000_000
"""More than any file has: places of the file itself come first, then those of the first included
one, and so on."""

Chain = tuple[FilePath, ...]
"""The files that include one another, the first that was asked for first."""


def with_included(document: Document, *, path: FilePath) -> Document:
    """Return what a file and those that it includes say together.

    Args:
        document: What the file says by itself.
        path: The file.

    Raises:
        ConfigurationError: An included file cannot be read, or includes itself in the end.
    """
    return _resolved(document, chain=(path,), numbers=itertools.count(1))


def _resolved(document: Document, *, chain: Chain, numbers: Iterator[int]) -> Document:
    if "include" not in document.values:
        return document
    base = Document(source=document.source, values={})
    for name, place in _names(document):
        included = _read(name, place=place, chain=chain)
        inner = _moved(included, by=next(numbers) * LINES_OF_A_FILE)
        inner = _resolved(inner, chain=(*chain, FilePath(included.source)), numbers=numbers)
        base = merged(inner, under=base)
    own = {key: value for key, value in document.values.items() if key != "include"}
    return merged(replace(document, values=own), under=base)


def _names(document: Document) -> list[tuple[str, Place]]:
    """Return the files that a document includes, and where each is named."""
    asked = {"include": document.values["include"]}
    alone = expand(replace(document, values=asked, faults=()))
    wrong = [fault for fault in document.faults if fault.path[:1] == ("include",)]
    if wrong or alone.faults:
        raise refusal("\n".join(map(str, [*wrong, *alone.faults])))
    value = alone.values["include"]
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise refusal(
            f"{document.place(('include',)).text}: include is {document.written(('include',))}. "
            "Write the path of an experiment file, or a list of them: [base.yaml, more.yaml]."
        )
    paths: list[Path] = [("include", position) for position in range(len(names))]
    return [(name, document.place(path)) for name, path in zip(names, paths, strict=True)]


def _read(name: str, *, place: Place, chain: Chain) -> Document:
    path = chain[-1].parent / name
    for position, earlier in enumerate(chain):
        # Path.resolve() raises for links in a loop
        if os.path.realpath(earlier) == os.path.realpath(path):
            way = " -> ".join(map(str, (*chain[position:], path)))
            raise refusal(
                f"{place.text}: include: {path} includes itself: {way}. Remove one of these."
            )
    try:
        return read_alone(path)
    except ConfigurationError as error:
        reason = str(error).removesuffix(f"\n{NOTHING_STARTED}")
        raise refusal(f"{place.text}: include: {reason}") from error


def _moved(document: Document, *, by: int) -> Document:
    """Return the document with places that come later than those of other files."""

    def later(place: Place) -> Place:
        return replace(place, order=place.order + by)

    return replace(
        document,
        marks={p: replace(mark, place=later(mark.place)) for p, mark in document.marks.items()},
        faults=tuple(replace(fault, place=later(fault.place)) for fault in document.faults),
    )


def merged(over: Document, *, under: Document) -> Document:
    r"""Return what two documents say together, where one takes precedence over the other.

    Example:
        >>> from raysearch.experiment.reading import parse
        >>> base = parse("scheduler: asha\nbudget: {trials: 64, minutes: 9}", source="base.yaml")
        >>> mine = parse("scheduler: {min_epochs: 3}\nbudget: {trials: 8}", source="mine.yaml")
        >>> both = merged(mine, under=base)
        >>> both.values
        {'scheduler': {'name': 'asha', 'min_epochs': 3}, 'budget': {'trials': 8, 'minutes': 9}}
        >>> both.place(("scheduler", "name")).text, both.place(("budget", "trials")).text
        ('base.yaml, line 1', 'mine.yaml, line 2')
    """
    merge = _Merge(over, under)
    values = merge.mapping(over.values, merge.without_left_out(), ())
    return Document(
        source=over.source,
        values=values,
        marks={**merge.kept(under.marks), **over.marks, **merge.marks},
        faults=(*over.faults, *(f for f in under.faults if not merge.is_replaced(f.path))),
    )


class _Merge:
    """Merges values, noting what of the lower document is replaced, and new marks."""

    def __init__(self, over: Document, under: Document) -> None:
        self.marks: dict[Path, Mark] = {}
        self._over = over
        self._under = under
        self._replaced: list[Path] = []

    def mapping(
        self, over: Mapping[str, Any], under: Mapping[str, Any], path: Path
    ) -> dict[str, Any]:
        """Return two mappings in one, noting where each value was written."""
        values = {**under, **over}
        for key in over.keys() & under.keys():
            inner = (*path, key)
            if path == ("space",) and over[key] is None:
                self._replaced.append(inner)
                del values[key]
            else:
                values[key] = self._value(over[key], under[key], inner)
        return values

    def without_left_out(self) -> dict[str, Any]:
        """Return the lower values without the ranges of models that are not named any more."""
        ranges = self._under.values.get("space")
        if "model" not in self._over.values or not isinstance(ranges, dict):
            return self._under.values
        left_out = _prefixes(self._under.values) - _prefixes(self._over.values)
        dropped = [key for key in ranges if "." in key and key.partition(".")[0] in left_out]
        self._replaced += [("space", key) for key in dropped]
        kept = {key: value for key, value in ranges.items() if key not in dropped}
        return {**self._under.values, "space": kept}

    def is_replaced(self, path: Path) -> bool:
        """Return whether nothing is left of what the lower document has at a path."""
        return any(path[: len(replaced)] == replaced for replaced in self._replaced)

    def kept(self, marks: Mapping[Path, Mark]) -> dict[Path, Mark]:
        """Return those of the lower document's marks that still hold."""
        return {path: mark for path, mark in marks.items() if not self.is_replaced(path)}

    def _value(self, over: Any, under: Any, path: Path) -> Any:
        upper, lower = _spelled_out(over, path), _spelled_out(under, path)
        kind, other = _kind(upper, path), _kind(lower, path)
        is_range = len(path) == 2 and path[0] == "space"
        is_other = kind is not None and other is not None and kind != other
        if is_range or is_other or not isinstance(upper, dict) or not isinstance(lower, dict):
            self._replaced.append(path)
            return over
        self.marks[path] = Mark(place=self._over.place(path))  # as a whole it is written nowhere
        if isinstance(over, str):
            self._mark_name(path, document=self._over)
        elif isinstance(under, str) and kind is None:
            self._mark_name(path, document=self._under)
        if kind is not None:
            names = _naming_keys(path)
            self._replaced += [(*path, name) for name in names]
            lower = {key: value for key, value in lower.items() if key not in names}
        return self.mapping(upper, lower, path)

    def _mark_name(self, path: Path, *, document: Document) -> None:
        """Mark the name of a component that is written as plain text in one of the documents."""
        mark = document.marks.get(path, Mark(place=document.place(path)))
        self.marks[(*path, _naming_keys(path)[0])] = mark


def _spelled_out(value: Any, path: Path) -> Any:
    """Return the mapping that the plain text of a section stands for; other values unchanged."""
    is_name = isinstance(value, str) and len(path) == 1 and path[0] in NAMED_BY
    return {_naming_keys(path)[0]: value} if is_name else value


def _naming_keys(path: Path) -> tuple[str, ...]:
    return NAMED_BY.get(str(path[0]), ()) if len(path) == 1 else ("class",)


def _kind(value: Any, path: Path) -> str | None:
    """Return what tells a component or a fidelity from another one, if anything does.

    Example:
        >>> _kind({"name": "asha"}, ("scheduler",)), _kind("my.nets:Net", ("model",))
        ('asha', 'my.nets:Net')
        >>> _kind({"max_steps": 100}, ("fidelity",)), _kind({"trials": 8}, ("budget",))
        ('max_steps', None)
    """
    value = _spelled_out(value, path)
    if not isinstance(value, dict):
        return None
    if path == ("fidelity",):
        return next((unit for unit in UNITS if unit in value), None)
    names = _naming_keys(path)
    return next((str(value[name]) for name in names if value.get(name) is not None), None)


def _prefixes(values: Mapping[str, Any]) -> set[str]:
    """Return what begins the keys of the models that a section names, in any of its forms.

    Example:
        >>> sorted(_prefixes({"model": ["cnn", {"class": "my.nets:Net"}, 3]}))
        ['Net', 'cnn']
    """
    section = values.get("model")
    items = section if isinstance(section, list) else [section]
    kinds = [_kind(item, ("model",)) for item in items]
    return {kind.rpartition(":")[2] for kind in kinds if kind is not None}
