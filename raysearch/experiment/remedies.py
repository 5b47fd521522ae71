"""What would be right in place of a wrong value, and what is to be written instead?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.errors import did_you_mean
from raysearch.experiment.yaml_text import in_one_line, plain_scalar

MAPPING = "a mapping of keys to values"
LIST = "a list"
INTEGER = "an integer"
NUMBER = "a number"
BOOLEAN = "true or false"
TEXT = "text"

RIGHT = {
    "bool_type": BOOLEAN,
    "dataclass_type": MAPPING,
    "dict_type": MAPPING,
    "float_type": NUMBER,
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_type": INTEGER,
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": LIST,
    "model_type": MAPPING,
    "none_required": "null",
    "string_type": TEXT,
    "too_short": "a list of at least {min_length}, as in [mlp]",
}
"""Type of a pydantic error -> what would be right, as in "It must be an integer"."""

BOOLEAN_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
NOTHING = ("none", "nil", "nothing")
"""Words that mean null elsewhere."""
QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
"""Straight quotes, and those that editors of text make of them."""

_NUMBER = r"[-+]?[0-9_]*\.?[0-9_]+([eE][-+]?[0-9]+)?"
_WITH_UNIT = rf"({_NUMBER})\s*[^\W\d_]+|({_NUMBER})\s*%"
_CLOCK = r"\d+(:\d+)+"
_VARIABLE = r"\$\{?([A-Za-z_]\w*)\}?"
_SPAN = rf"\[?\s*({_NUMBER})\s*(?:-|\u2013|\.\.+|,|to)\s*({_NUMBER})\s*\]?"


def what_is_right(kind: str, context: Mapping[str, Any], *, message: str) -> str:
    """Return what would be right, by the type of a pydantic error.

    Example:
        >>> what_is_right("less_than_equal", {"le": 1.0}, message="")
        'at most 1'
    """
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind not in RIGHT:
        return message.removeprefix("Input should be ")
    limits = {name: f"{x:.10g}" if isinstance(x, float) else x for name, x in context.items()}
    return RIGHT[kind].format(**limits)


def sentence(expected: Sequence[str], *, value: object, allows_null: bool = False) -> str:
    """Return what would be right, with the remedy for the usual slips.

    Args:
        expected: Each of the things that would be right, as of `what_is_right`.
        value: What stands there.
        allows_null: Whether null would be right, too.

    Example:
        >>> sentence(["an integer"], value="1_000")
        'It must be an integer. Write 1000, without quotes or underscores.'
        >>> sentence(["true or false"], value="no")
        'It must be true or false. Write false: no is plain text in YAML 1.2.'
        >>> sentence(["minimize or maximize"], value="maximise")
        'It must be minimize or maximize. Did you mean maximize?'
        >>> sentence(["a number"], value="10m")
        'It must be a number. Write the number alone: 10.'
    """
    right = f"It must be {' or '.join(dict.fromkeys(expected))}."
    if isinstance(value, str):
        remedy = _for_text(expected, value=value, allows_null=allows_null)
    else:
        remedy = _for_number(expected, value=value)
    return f"{right} {remedy}".rstrip()


def _for_number(expected: Sequence[str], *, value: object) -> str:
    if isinstance(value, float) and value.is_integer() and INTEGER in expected:
        return f"Write {int(value)}."
    if isinstance(value, int | float) and set(expected) == {TEXT}:
        return f"Put it in quotes: {in_one_line(in_one_line(value))}."
    return ""


def _for_text(expected: Sequence[str], *, value: str, allows_null: bool) -> str:
    if value.lower() in NOTHING and not set(expected) & {TEXT}:
        return "Write null." if allows_null else "Leave it out."
    if variable := re.fullmatch(_VARIABLE, value):
        return f"Write ${{env:{variable.group(1)}}}."
    if BOOLEAN in expected and value.lower() in BOOLEAN_WORDS:
        return f"Write {BOOLEAN_WORDS[value.lower()]}: {value} is plain text in YAML 1.2."
    if set(expected) & {INTEGER, NUMBER}:
        return _for_words_with_a_number(value, is_integer=NUMBER not in expected)
    words = [word for text in expected for word in re.split(r", | or ", text)]
    return did_you_mean(value, words)


def _for_words_with_a_number(value: str, *, is_integer: bool) -> str:
    bare = value.strip(QUOTES + " ")
    if re.fullmatch(_NUMBER, bare):
        return f"Write {_number(bare, is_integer=is_integer)}, without quotes or underscores."
    if unit := re.fullmatch(_WITH_UNIT, bare):
        alone = next(group for group in unit.group(1, 3) if group is not None)
        return f"Write the number alone: {_number(alone, is_integer=is_integer)}."
    return "Write the number alone, without a colon." if re.fullmatch(_CLOCK, bare) else ""


def _number(text: str, *, is_integer: bool) -> str:
    text = text.replace("_", "")
    value = plain_scalar(text)
    return str(int(value)) if isinstance(value, float) and is_integer else text


def span(text: str, *, kind: str) -> str:
    """Return a sentence with the range that a text such as 8-64 means, empty if it means none.

    Args:
        text: What stands in place of a range.
        kind: "int" or "float", as the parameter is.

    Example:
        >>> span("8-64", kind="int"), span("relu", kind="int")
        (' Write {int: [8, 64]}.', '')
    """
    bounds = re.fullmatch(_SPAN, text.strip())
    return f" Write {{{kind}: [{bounds.group(1)}, {bounds.group(3)}]}}." if bounds else ""


def own_class(name: str) -> str:
    """Return a sentence on how to name a class of one's own, for a name that is not built in.

    Example:
        >>> own_class("my_nets.Net")
        'For a class of your own write module:Class, here my_nets:Net. '
        >>> own_class("resnet50")
        'For a class of your own write module:Class. '
    """
    module, dot, last = name.rpartition(".")
    is_path = dot and all(part.isidentifier() for part in name.split("."))
    here = f", here {module}:{last}" if is_path else ""
    return f"For a class of your own write module:Class{here}. "
