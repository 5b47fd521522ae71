"""Is what a model is tested on also among what it learns from?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

_N_SHOWN = 2
"""Examples that a note shows, each with its twin."""

WITH_GROUP = (
    "Take copies out, or keep them in one split with group, unless they are independent cases."
)

OF_FILES = "Take copies out of the files, unless they are independent cases."
"""What to do where there are no groups."""


def leak_note(
    keys: Sequence[object],
    parts: Mapping[str, NDArray[np.intp]],
    *,
    what: str,
    place: Callable[[int], str],
    part: str = "test",
    among: str = "train",
    remedy: str = WITH_GROUP,
) -> list[str]:
    """Return a sentence about examples of one split that are in another one too, if any are.

    Args:
        keys: Something hashable for each example, equal where two are the same.
        parts: Split -> its examples, ascending.
        what: Examples, with what is the same about them, such as "rows have the same text".
            It stands in "3 of 20 test {what} as a training one".
        place: Names an example with its file, such as "row 3 of a.csv".
        part: The split whose examples should be new.
        among: The split in which they should not be.
        remedy: What to do.

    Example:
        >>> import numpy as np
        >>> parts = {"train": np.array([0, 1]), "test": np.array([2, 3])}
        >>> notes = leak_note("abab", parts, what="rows have the same text", place="row {}".format)
        >>> notes[0]
        '2 of 2 test rows have the same text as a training one: row 2 as row 0, row 3 as row 1. ...'
    """
    found = twins(keys, parts, part=part, among=among)
    return told(
        found, n=len(parts[part]), what=what, place=place, part=part, among=among, remedy=remedy
    )


def joined(parts: Mapping[str, Sequence[T]]) -> tuple[list[T], dict[str, NDArray[np.intp]]]:
    """Return the examples of all splits in a row, and the places of those of each split.

    Example:
        >>> examples, places = joined({"train": "ab", "test": "c"})
        >>> examples, places["test"].tolist()
        (['a', 'b', 'c'], [2])
    """
    import numpy as np

    examples = [example for part in parts.values() for example in part]
    cuts = np.cumsum([len(part) for part in parts.values()])[:-1]
    return examples, dict(zip(parts, np.split(np.arange(len(examples)), cuts), strict=True))


def twins(
    keys: Sequence[object], parts: Mapping[str, NDArray[np.intp]], *, part: str, among: str
) -> list[tuple[int, int]]:
    """Return the examples of one split that are in another one too, each with its first twin.

    Example:
        >>> import numpy as np
        >>> parts = {"train": np.array([0, 1]), "test": np.array([2, 3])}
        >>> twins("aaba", parts, part="test", among="train")
        [(3, 0)]
    """
    first = {keys[row]: int(row) for row in reversed(parts[among])}
    return [(int(row), first[keys[row]]) for row in parts[part] if keys[row] in first]


def told(
    found: Sequence[tuple[int, int]],
    *,
    n: int,
    what: str,
    place: Callable[[int], str],
    part: str,
    among: str,
    remedy: str,
) -> list[str]:
    """Return the sentence about examples with their twins, none if there are none.

    Args:
        found: Each with its twin, as of `twins`.
        n: Examples of the split.
        what: As of `leak_note`, and so are the others.
        place: Names an example.
        part: Their split.
        among: That of the twins.
        remedy: What to do.
    """
    if not found:
        return []
    shown = ", ".join(f"{place(row)} as {place(twin)}" for row, twin in found[:_N_SHOWN])
    other = "training" if among == "train" else among
    return [
        f"{len(found)} of {n} {part} {what} as a {other} one: {shown}. What is measured on them is "
        f"memory. {remedy}"
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
