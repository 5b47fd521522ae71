"""Which values may a configuration hold, and how are they shown to a person?

Values are plain JSON scalars: text, integers, finite floats, booleans and null. Types are kept
apart: 1, 1.0 and true are three different values, although Python calls them equal. numpy's scalars
are not plain, not even `numpy.float64`, which passes for a float: they would not survive JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import NoneType

from raysearch.errors import did_you_mean
from raysearch.space.graph_text import summary
from raysearch.trial import Value

_PLAIN_TYPES: dict[type, str] = {
    str: "text",
    int: "an int",
    float: "a float",
    bool: "a bool",
    NoneType: "null",
}
_BARE = re.compile(r"[A-Za-z_][\w.+/-]*")
_READ_AS_OTHER = {"true", "false", "null", "yes", "no", "on", "off"}


def show(value: object) -> str:
    """Return the value as an experiment file would spell it; text is quoted only if need be.

    The text of a graph, which may be long, is described instead.

    Example:
        >>> show("relu"), show("8"), show(8), show(8.0), show(0.0001), show(True), show(None)
        ('relu', '"8"', '8', '8.0', '1e-4', 'true', 'null')
    """
    if type(value) is str:
        graph = summary(value)
        if graph is not None:
            return graph
        is_bare = _BARE.fullmatch(value) and value.lower() not in _READ_AS_OTHER
        return value if is_bare else json.dumps(value, ensure_ascii=False)
    if type(value) is float:
        return _show_float(value)
    if value is None or type(value) is bool:
        return json.dumps(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _show_float(value: float) -> str:
    if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    return f"{Decimal(repr(value)).normalize():e}".replace("e+", "e")


def show_all(values: Iterable[object]) -> str:
    """Return the values in their order, joined for a sentence.

    Example:
        >>> show_all(["relu", 1, None])
        'relu, 1, null'
    """
    return ", ".join(map(show, values))


def type_name(value: object) -> str:
    """Return the value's type as a phrase.

    Example:
        >>> type_name(True), type_name("relu"), type_name([1]), type_name(Decimal(1))
        ('a bool', 'text', 'a list', 'a decimal.Decimal')
    """
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return _PLAIN_TYPES[kind]
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"a {module}{kind.__qualname__}"


_NAME_IT = ' Give it a name, such as "small", and look the name up in the model.'


def scalar_fault(value: object) -> str | None:
    """Return why the value is not a plain JSON scalar, or None if it is one.

    Example:
        >>> scalar_fault("relu")
        >>> scalar_fault([1, 2])
        '[1, 2] is a list, and a plain value is needed: text, int, float, bool or null. Give it a
        name, such as "small", and look the name up in the model.'
    """
    if type(value) not in _PLAIN_TYPES:
        return (
            f"{show(value)} is {type_name(value)}, and a plain value is needed: "
            f"text, int, float, bool or null."
            + (_NAME_IT if isinstance(value, list | tuple | dict) else "")
        )
    if type(value) is float and not math.isfinite(value):
        return f"{show(value)} is not finite. Give a finite number."
    return None


def is_same(one: object, other: object) -> bool:
    """Return whether two values are equal and of one type.

    Example:
        >>> is_same(1, 1), is_same(1, True), is_same(1, 1.0)
        (True, False, False)
    """
    return type(one) is type(other) and one == other


def is_among(value: object, values: Iterable[Value]) -> bool:
    """Return whether the value, with its type, is one of `values`."""
    kind = type(value)
    return any(kind is type(candidate) and value == candidate for candidate in values)


def distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return the values in their order, each once; values of different types are different.

    Example:
        >>> distinct([1, True, 1, 1.0])
        (1, True, 1.0)
    """
    found: list[Value] = []
    for value in values:
        if not is_among(value, found):
            found.append(value)
    return tuple(found)


def not_among(value: object, values: Sequence[Value]) -> str:
    """Return the message for a value that is not one of `values`.

    Example:
        >>> not_among("rleu", ("relu", "gelu"))
        'rleu is not one of relu, gelu. Did you mean relu?'
        >>> not_among(1.0, (1, 2))
        '1.0 is not one of 1, 2. It is a float; write 1, an int.'
    """
    wrong = f"{show(value)} is not one of {show_all(values)}."
    if len(values) == 1:
        wrong = f"{show(value)} is not {show(values[0])}, the only value."
    if type(value) is str:
        texts = [candidate for candidate in values if type(candidate) is str]
        wrong = f"{wrong} {did_you_mean(value, texts)}".rstrip()
    twins = [v for v in values if v == value or (type(value) is str and show(v) == value)]
    if twins:
        return f"{wrong} It is {type_name(value)}; write {show(twins[0])}, {type_name(twins[0])}."
    return wrong
