"""How is an event written as a line of the journal, and what is not read as one?

One event is one line of JSON: `{"event": "trial_created", "at": 1771.5, ...}`. What a line says is
checked against the fields of its event, since a disk or another program may have changed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.events import TYPES, Event
from raysearch.run_dir.storage import is_inside

_NAMES: dict[type, str] = {kind: name for name, kind in TYPES.items()}
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind)) for kind in TYPES.values()
}


def _accepted(annotation: str) -> tuple[type, ...]:
    """Return what JSON holds for a field, without a look at what is inside a list or mapping.

    Example:
        >>> _accepted("Mapping[str, float | None] | None")
        (<class 'dict'>, <class 'NoneType'>)
    """
    names = re.sub(r"\[.*\]", "", annotation).split(" | ")
    return tuple(kind for name in names for kind in _IN_JSON[name])


_IN_JSON: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "str": (str,),
    "tuple": (list,),
    "Mapping": (dict,),
    "Configuration": (dict,),
    "None": (type(None),),
}
_ACCEPTED: dict[type, dict[str, tuple[type, ...]]] = {
    kind: {f.name: _accepted(str(f.type)) for f in fields(kind)} for kind in TYPES.values()
}


_TUPLES: dict[type, frozenset[str]] = {
    kind: frozenset(key for key, accepted in _ACCEPTED[kind].items() if list in accepted)
    for kind in TYPES.values()
}


def to_line(event: Event) -> str:
    """Return the event as one line of JSON, without the line break.

    Raises:
        ValueError: A float is not finite; such values are stored as null with a cause.
    """
    kind = type(event)
    record = {"event": _NAMES[kind], **{name: getattr(event, name) for name in _FIELDS[kind]}}
    return json.dumps(record, separators=(",", ":"), allow_nan=False)


def from_line(line: str) -> Event:
    """Return the event that `to_line` wrote.

    Fields that this version does not know are left out: a newer one added them.

    Raises:
        ValueError: The line is not JSON, its event is of a kind that this version does not know,
            lacks a field, or has one of another type.
        RunDirectoryError: The event speaks of a file outside the run directory.
    """
    record = json.loads(line)
    name = record.pop("event", None) if isinstance(record, dict) else None
    if not isinstance(name, str):
        raise ValueError("it names no event")
    kind = TYPES.get(name)
    if kind is None:
        raise ValueError(
            f"event {name!r:.40} is not known to this version; if a newer raysearch wrote it, open "
            "it with that one"
        )
    _refuse_outside(record, name=str(name))
    known = {key: value for key, value in record.items() if key in _FIELDS[kind]}
    for key, value in known.items():
        if not isinstance(value, _ACCEPTED[kind][key]):
            raise ValueError(f"event {name}: {key} is {value!r:.40}")
    for key in _TUPLES[kind] & known.keys():
        known[key] = tuple(known[key])
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(f"event {name}: {error}") from error


def _refuse_outside(record: Mapping[str, Any], *, name: str) -> None:
    """Raise if files that an event speaks of are not in the run directory."""
    path, trial = record.get("path", ""), record.get("trial", "")
    if not is_inside(path):
        fault = f"the path {path!r}, which leads out of the run directory"
    elif not is_inside(trial) or "/" in trial or trial == ".":
        fault = f"the trial {trial!r}, which cannot name a folder"
    else:
        return
    raise RunDirectoryError(
        f"the journal holds an event {name} with {fault}. raysearch writes no such thing: somebody "
        "changed the journal, and nothing of it is used. Take a copy from before."
    )
