"""How does `KEY=VALUE` change what an experiment file says?

KEY is the dotted key of a value, VALUE is YAML: `budget.trials=8`, `model=[cnn, mlp]`. Below
`space` keys hold dots themselves: `space.cnn.width={int: [8, 16]}` sets the range of the parameter
`cnn.width`, and `space.cnn.width.step=4` the step of a range that the file holds. What is not there
is made; the short form of a section is written out first, so that `scheduler: asha` in the file and
`scheduler.min_epochs=3` together mean both.

`space.cnn.width=null` removes a range that the file holds. `space.cnn.width.int=[8, 16]` sets the
bounds of a range of that kind, and is a new range where there is none, or one of another kind.

Where an override of `model` excludes a built-in family that the file has, the file's ranges under
the name of that family drop out with it; and where `searcher.name` or `scheduler.name` names
another one, the file's settings of the former do.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Document, Fault, Mark, Path, Place, dotted
from raysearch.experiment.reading import NOTHING_STARTED, parse
from raysearch.models import FAMILIES

SHORT_FORMS = {
    "choose": "by",
    "data": "name",
    "objective": "metric",
    "scheduler": "name",
    "searcher": "name",
}
"""Section -> the key that its value stands for when it is written as plain text."""

SWITCHES = (("select",), ("refit",), ("compress",))
"""Paths of mappings for which true or false may stand; a key below one switches it on."""

DOTTED_SECTIONS = ("space", "link")
"""Sections whose keys hold dots."""

COMPONENTS = ("searcher", "scheduler")
"""Sections whose keys are the settings of what their name says."""

LISTED_KINDS = ("int", "float", "choice")
"""Kinds of ranges that are written as lists, which no parameter's value is."""

AFTER_ALL_LINES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One KEY=VALUE, taken apart."""

    place: Place
    keys: tuple[str, ...]
    parsed: Document
    """VALUE under the key "value", with where its parts were written."""


def apply_overrides(document: Document, overrides: Iterable[str]) -> Document:
    """Return the document with values replaced, and a fault for each override that makes no sense.

    Example:
        >>> document = parse("scheduler: asha", source="a.yaml")
        >>> changed = apply_overrides(document, ["scheduler.min_epochs=3", "seed=x=1", "seed"])
        >>> changed.values
        {'scheduler': {'name': 'asha', 'min_epochs': 3}, 'seed': 'x=1'}
        >>> print(*changed.faults)
        override seed: it must be KEY=VALUE, such as budget.trials=8.
    """
    before = _families(document.values)
    document = replace(document, values=copy.deepcopy(document.values), marks=dict(document.marks))
    for number, text in enumerate(overrides):
        place = Place(AFTER_ALL_LINES + number, f"override {text}")
        try:
            override = _take_apart(text, place=place)
            document = _apply(document, override)
        except _Refused as refused:
            fault = Fault(place, str(refused))
            document = replace(document, faults=(*document.faults, fault))
    return _without_ranges(document, families=before - _families(document.values))


def _families(values: Mapping[str, Any]) -> set[str]:
    """Return the built-in families that the section `model` names in any of its forms.

    Example:
        >>> sorted(_families({"model": ["cnn", {"name": "mlp"}, 3, "resnet"]}))
        ['cnn', 'mlp']
    """
    section = values.get("model")
    items = section if isinstance(section, list) else [section]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return {name for name in names if isinstance(name, str) and name in FAMILIES}


def _without_ranges(document: Document, *, families: set[str]) -> Document:
    """Return the document without the ranges of these families, those of overrides excepted."""
    ranges = document.values.get("space")
    if not families or not isinstance(ranges, dict):
        return document
    overridden = {
        path[1]
        for path, mark in document.marks.items()
        if path[:1] == ("space",) and len(path) > 1 and mark.place.order >= AFTER_ALL_LINES
    }
    kept = {
        key: value
        for key, value in ranges.items()
        if key in overridden or "." not in key or key.partition(".")[0] not in families
    }
    return replace(document, values={**document.values, "space": kept})


class _Refused(Exception):
    """An override cannot be applied; the text says why."""


def _take_apart(text: str, *, place: Place) -> Override:
    key, equals, value = text.partition("=")
    keys = tuple(key.strip().split("."))
    if not equals or not all(keys):
        raise _Refused("it must be KEY=VALUE, such as budget.trials=8.")
    if not value.strip():
        raise _Refused(f"there is no value after {key}=. Write one; null stands for none.")
    try:
        parsed = parse(f"value: {value.strip()}", source=place.text)
    except ConfigurationError as error:
        reason = str(error).removesuffix(NOTHING_STARTED).removeprefix(f"{place.text}, line 1: ")
        raise _Refused(reason.rstrip()) from error
    return Override(place=place, keys=keys, parsed=parsed)


def _apply(document: Document, override: Override) -> Document:
    value = override.parsed.values["value"]
    path = _path(document, override.keys, value=value)
    document = _without_former(document, path, value=value)
    marks = dict(document.marks)
    for depth in range(1, len(path)):
        _make_room(document, path[:depth], marks=marks, place=override.place)
    parent = document.get(path[:-1])
    if value is None and path[0] == "space" and len(path) == 2 and path[1] in parent:
        del parent[path[1]]
    else:
        parent[path[-1]] = value
    marks = {inner: mark for inner, mark in marks.items() if inner[: len(path)] != path}
    for inner, mark in override.parsed.marks.items():
        marks[path + inner[1:]] = Mark(place=override.place, written=mark.written)
    overwritten = [f for f in document.faults if not f.path or f.path[: len(path)] != path]
    new = [_moved(fault, path=path, place=override.place) for fault in override.parsed.faults]
    return replace(document, marks=marks, faults=(*overwritten, *new))


def _path(document: Document, keys: tuple[str, ...], *, value: Any) -> Path:
    """Return the path that dotted keys stand for, joining those of a parameter's name."""
    if keys[0] not in DOTTED_SECTIONS or len(keys) < 3:
        return keys
    ranges = document.get((keys[0],))
    if keys[0] == "space" and keys[-1] in LISTED_KINDS and isinstance(value, list):
        return ("space", ".".join(keys[1:-1]), keys[-1])
    for end in range(len(keys) - 1, 1, -1):
        name = ".".join(keys[1:end])
        if isinstance(ranges, dict) and isinstance(ranges.get(name), dict):
            return (keys[0], name, *keys[end:])
    return (keys[0], ".".join(keys[1:]))


def _without_former(document: Document, path: Path, *, value: Any) -> Document:
    """Return the document without what does not belong to a component, or range, of another kind.

    What overrides have set for the new one stays, and so do the conditions of a range.
    """
    parent = document.get(path[:-1])
    if path[0] in COMPONENTS and path[1:] in (("name",), ("class",)):
        former = {"name": parent} if isinstance(parent, str) else parent
        if not isinstance(former, dict) or component_named(former) in (None, value):
            return document
        others = {"name", "class", *(("args",) if path[1] == "name" else ())}
        inner = {(path[0], key): key for key in former if key not in others}
        kept = {
            key: former[key]
            for place, key in inner.items()
            if place in document.marks and document.marks[place].place.order >= AFTER_ALL_LINES
        }
    elif path[0] == "space" and path[-1] in LISTED_KINDS and len(path) == 3:
        if isinstance(parent, dict) and path[-1] in parent:
            return document
        kept = {key: parent[key] for key in ("when",) if isinstance(parent, dict) and key in parent}
    else:
        return document
    return _replaced(document, path[:-1], kept)


def component_named(section: Mapping[str, Any]) -> Any:
    """Return which searcher or scheduler a section names, by its name or class; None for none.

    Example:
        >>> component_named({"class": "ray.tune.schedulers:ASHAScheduler", "args": {}})
        'ray.tune.schedulers:ASHAScheduler'
    """
    named = section.get("class")
    return section.get("name") if named is None else named


def _replaced(document: Document, path: Path, kept: Mapping[str, Any]) -> Document:
    """Return the document with a mapping reduced to some keys, and no trace of the others."""

    def stays(inner: Path) -> bool:
        depth = len(path)
        return inner[:depth] != path or (len(inner) > depth and inner[depth] in kept)

    outer = document.get(path[:-1])
    if isinstance(outer, dict):
        outer[path[-1]] = dict(kept)
    return replace(
        document,
        marks={inner: mark for inner, mark in document.marks.items() if stays(inner)},
        faults=tuple(f for f in document.faults if not f.path or stays(f.path)),
    )


def _make_room(document: Document, path: Path, *, marks: dict[Path, Mark], place: Place) -> None:
    """See to it that there is a mapping at a path, and forget how its text was written."""
    parent = document.get(path[:-1])
    value = parent.get(path[-1])
    mark = marks.get(path, Mark(place=place))
    marks[path] = Mark(place=mark.place)
    if isinstance(value, dict):
        return
    short = SHORT_FORMS.get(str(path[0])) if len(path) == 1 else None
    if value is None or (path in SWITCHES and isinstance(value, bool)):
        parent[path[-1]] = {}
    elif short is not None and isinstance(value, str):
        parent[path[-1]] = {short: value}
        marks[(*path, short)] = mark
    else:
        written = document.written(path)
        raise _Refused(f"{dotted(path)} is {written}, which has no keys. Replace it as a whole.")


def _moved(fault: Fault, *, path: Path, place: Place) -> Fault:
    inner = path + fault.path[1:]
    text = fault.text.removeprefix(dotted(fault.path))
    return Fault(place, f"{dotted(inner)}{text}", inner)
