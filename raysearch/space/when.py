"""How are the conditions of one parameter written, and which of them are no conditions at all?

Whether the parents exist, and whether conditions can hold together, is for `conditions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from raysearch.space.values import distinct, scalar_fault, show, type_name
from raysearch.trial import Value

Conditions = tuple[tuple[str, tuple[Value, ...]], ...]
"""Parent keys with the values that they may have; all must hold."""

When = Mapping[str, Value | Sequence[Value]] | Conditions | None
"""Conditions as they are written: {"optimizer": ["sgd"], "depth": 2}."""


def conditions_of(when: object, *, faults: list[str]) -> Conditions | None:
    """Return the conditions in their stored form, and add what is wrong with them to `faults`.

    Example:
        >>> conditions_of({"optimizer": ["sgd", "adam"], "depth": 2}, faults=[])
        (('optimizer', ('sgd', 'adam')), ('depth', (2,)))
    """
    if when is None:
        return None
    if isinstance(when, Mapping):
        pairs: Iterable[tuple[object, object]] = when.items()
    elif isinstance(when, tuple):
        pairs = when
    else:
        faults.append(
            f"when is {show(when)}, {type_name(when)}. "
            f"Give the parents with their values, such as {{optimizer: [sgd]}}."
        )
        return None
    found: list[tuple[str, tuple[Value, ...]]] = []
    for key, values in pairs:
        if type(key) is str and key:
            found.append((key, _values_of(key, values, faults=faults)))
        else:
            faults.append(f"when names {show(key)}, {type_name(key)}. Name a parameter.")
    return tuple(found)


def _values_of(key: str, values: object, *, faults: list[str]) -> tuple[Value, ...]:
    listed = distinct(values if isinstance(values, list | tuple) else (values,))
    if not listed:
        faults.append(f"when.{key} lists no value. List those under which this is active.")
    faults += [f"when.{key}: {fault}" for fault in map(scalar_fault, listed) if fault]
    return listed
