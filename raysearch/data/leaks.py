"""Is what a model is tested on also among what it learns from?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_N_SHOWN = 2
"""Pairs that a note shows."""


def leak_note(
    keys: Sequence[object],
    parts: Mapping[str, NDArray[np.intp]],
    *,
    what: str,
    place: Callable[[int], str],
) -> list[str]:
    """Return a sentence about examples of the test that are in the training split too, if any are.

    Args:
        keys: Something hashable for each example, equal where two are the same.
        parts: Split -> its examples, ascending.
        what: Examples, with what is the same about them, such as "rows ... with the same text".
            It stands in "3 of 20 test {what} as a training one".
        place: Names an example, such as "row 3".

    Example:
        >>> import numpy as np
        >>> parts = {"train": np.array([0, 1]), "test": np.array([2, 3])}
        >>> notes = leak_note("abab", parts, what="rows have the same text", place="row {}".format)
        >>> notes[0]
        '2 of 2 test rows have the same text as a training one: row 2 as row 0, row 3 as row 1. ...'
    """
    first = {keys[row]: int(row) for row in reversed(parts["train"])}
    found = [(int(row), first[keys[row]]) for row in parts["test"] if keys[row] in first]
    if not found:
        return []
    shown = ", ".join(f"{place(row)} as {place(twin)}" for row, twin in found[:_N_SHOWN])
    return [
        f"{len(found)} of {len(parts['test'])} test {what} as a training one: {shown}. What is "
        "measured on them is memory. Take copies out, or keep them in one split with group, unless "
        "they are independent cases."
    ]


def group_note(
    groups: Sequence[str | None], parts: Mapping[str, NDArray[np.intp]], *, name: str
) -> list[str]:
    """Return a sentence about groups of the test that are also learnt from, if any are.

    Args:
        groups: Group of each example; None or empty where it has none.
        parts: Split -> its examples.
        name: The column that says the group.

    Example:
        >>> import numpy as np
        >>> parts = {"train": np.array([0]), "validation": np.array([1]), "test": np.array([2, 3])}
        >>> group_note("abac", parts, name="who")[0]
        "1 of 2 groups of who in the test are also in training or validation, such as 'a'. ..."
    """
    found = {part: {groups[row] for row in rows} - {None, ""} for part, rows in parts.items()}
    both = found["test"] & (found["train"] | found["validation"])
    if not both:
        return []
    first = next(groups[row] for row in parts["test"] if groups[row] in both)
    return [
        f"{len(both)} of {len(found['test'])} groups of {name} in the test are also in training or "
        f"validation, such as {first!r}. What is measured on them does not hold for new groups. "
        "Take each out of one of the files."
    ]
