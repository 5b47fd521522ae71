"""Which keys may stand at a place in an experiment file, and what is an example of it?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from pydantic import BaseModel

from raysearch.experiment.document import Path
from raysearch.experiment.settings import Settings
from raysearch.experiment.yaml_text import in_one_line

SECTIONS = tuple(Settings.model_fields)
"""The keys that every experiment file may have."""


class _Field(NamedTuple):
    """What may stand under a key."""

    annotation: Any
    examples: list[Any]


def keys_of(*path: str | int) -> tuple[str, ...]:
    """Return the keys that a mapping at a path may have, none if they are not fixed.

    Example:
        >>> keys_of("budget"), keys_of("trainer", "callbacks", 0), keys_of("seed")
        (('trials', 'minutes', 'epochs', 'gpu_hours', 'target', 'patience'), ('class', 'args'), ())
    """
    field = _field(path)
    forms = _forms(field.annotation) if field else iter(())
    return next((tuple(fields) for form in forms if (fields := _fields(form))), ())


def allows_null(path: Path) -> bool:
    """Return whether null may stand at a path.

    Example:
        >>> allows_null(("budget", "trials")), allows_null(("seed",))
        (True, False)
    """
    field = _field(path)
    return field is not None and type(None) in _forms(field.annotation)


def example(path: Path) -> str:
    """Return a sentence with an example of what may stand at a path, empty if there is none.

    Example:
        >>> example(("trainer", "callbacks", 3))
        ' For example: `callbacks: [{class: EarlyStopping, args: {monitor: val_loss}}]`.'
    """
    field = _field(path)
    if field is None or not field.examples:
        return ""
    key = [key for key in path if isinstance(key, str)][-1]
    return f" For example: `{in_one_line({key: field.examples[0]})[1:-1]}`."


def _field(path: Path) -> _Field | None:
    found = _fields(Settings).get(str(path[0])) if path else None
    for key in path[1:]:
        if isinstance(key, str) and found is not None:
            inside = [_fields(form) for form in _forms(found.annotation)]
            found = next((fields[key] for fields in inside if key in fields), None)
    return found


@cache
def _fields(form: type) -> dict[str, _Field]:
    if dataclasses.is_dataclass(form):
        annotations = get_type_hints(form, include_extras=True)
        return {field.name: _Field(annotations[field.name], []) for field in _of(form)}
    if issubclass(form, BaseModel):
        return {
            field.alias or name: _Field(field.annotation, field.examples or [])
            for name, field in form.model_fields.items()
        }
    return {}


def _of(form: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(form)


def _forms(annotation: Any) -> Iterator[type]:
    """Yield the classes that an annotation is made of, those inside a list or a union too."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for inner in get_args(annotation):
        yield from _forms(inner)
