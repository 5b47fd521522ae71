"""What should a person know about images before trusting what is measured on them?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from raysearch.counting import agreeing
from raysearch.data.leaks import leak_note
from raysearch.data.table.labelled import Labelled

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

_N_SHOWN = 2


def advice_on(
    pixels: NDArray[np.uint8],
    parts: Mapping[str, NDArray[np.intp]],
    *,
    names: Sequence[str],
    labelled: Labelled,
) -> list[str]:
    """Return what is to be said about images that occur twice.

    Two are the same if all their pixels are, at the size that models see, whatever their files.

    Args:
        pixels: Of all examples that are listed, (N, ...).
        parts: Split -> its examples.
        names: How a message calls each example.
        labelled: The targets.
    """
    used = sorted(int(row) for rows in parts.values() for row in rows)
    keys: list[object] = [None] * len(pixels)
    for row in used:
        keys[row] = hashlib.blake2b(pixels[row].tobytes(), digest_size=16).digest()
    targets = {
        int(row): target
        for part, rows in parts.items()
        for row, target in zip(rows, labelled.targets[labelled.parts[part]].tolist(), strict=True)
    }
    notes = leak_note(keys, parts, what="images are the same picture", place=names.__getitem__)
    return notes + _contradictions(keys, used, targets=targets, names=names)


def _contradictions(
    keys: Sequence[object], used: Sequence[int], *, targets: Mapping[int, Any], names: Sequence[str]
) -> list[str]:
    """Return what is to be said about pictures with two different targets."""
    first: dict[object, int] = {}
    pairs = []
    for row in used:
        twin = first.setdefault(keys[row], row)
        if targets[twin] != targets[row]:
            pairs.append(f"{names[twin]} and {names[row]}")
    if not pairs:
        return []
    shown = ", ".join(pairs[:_N_SHOWN])
    are = agreeing(len(pairs), "image is the same picture", "images are the same picture")
    return [f"{are} as one with another target: {shown}."]
