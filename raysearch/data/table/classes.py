"""In which order do classes stand, and which of two is the one that is looked for?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import partial

from raysearch.data.arguments import listed
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.numerals import number_of
from raysearch.data.targets import in_order as texts_in_order
from raysearch.errors import ConfigurationError

Label = str | int

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
"""A class that is the same when it is written as an integer again."""

_AFFIRMATIVE = frozenset({"1", "true", "yes", "y", "t", "positive", "+"})
"""Classes that say so themselves that they are the positive one."""


def with_positive_last(
    classes: tuple[Label, ...], counts: Mapping[str, int], *, arguments: TableArguments
) -> tuple[Label, ...]:
    """Return classes with the positive one last, if they are two.

    Raises:
        ConfigurationError: The one that is named is none of two classes.
    """
    named = arguments.positive
    if named is not None and (len(classes) != 2 or named not in map(str, classes)):
        shown = listed([repr(str(label)) for label in classes], most=5)
        raise ConfigurationError(
            f"positive is {named!r}, and the classes of {arguments.target} are {shown}. Name one "
            "of two classes, or leave it out."
        )
    if len(classes) != 2:
        return classes
    affirmative = [str(label) for label in classes if str(label).lower() in _AFFIRMATIVE]
    if named is None and len(affirmative) == 1:
        named = affirmative[0]
    positive = named or str(min(reversed(classes), key=lambda label: counts[str(label)]))
    return tuple(sorted(classes, key=lambda label: str(label) == positive))


def in_order(texts: Collection[str]) -> tuple[Label, ...]:
    """Return classes in sorted order: as integers if all are, else as text.

    Example:
        >>> in_order({"10", "9"}), in_order({"b", "a"})
        ((9, 10), ('a', 'b'))
    """
    if all(_INTEGER.fullmatch(text) for text in texts):
        return tuple(sorted(int(text) for text in texts))
    return texts_in_order(texts, number_of=partial(number_of, decimal="."))
