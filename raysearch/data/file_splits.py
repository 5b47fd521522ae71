"""Which examples are in which split, where a split may have a file of its own?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from raysearch.data.splits import draw_split, split_sizes
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 10
"""Examples from which others can be drawn."""

T = TypeVar("T")


def split_files(
    files: Mapping[str, Sequence[T]],
    *,
    what: str,
    path: str,
    shares: Mapping[str, float],
    seed: int,
    classes: NDArray[Any] | None = None,
) -> dict[str, Sequence[T]]:
    """Return the examples of each split: those of files of their own, the others drawn.

    Args:
        files: "path", and "validation_path" and "test_path" where given -> its examples.
        what: What the examples are called, such as "pairs".
        path: The file that `path` names, for a message.
        shares: Of "validation" and "test"; has no effect on one with a file of its own.
        seed: At least 0; the same seed gives the same split.
        classes: Class of each example of `path`, for the same mix of classes; None to draw
            regardless.

    Raises:
        ConfigurationError: There are too few examples to draw from.

    Example:
        >>> shares = {"validation": 0.2, "test": 0.2}
        >>> files = {"path": "abcdefghij", "test_path": "xyz"}
        >>> parts = split_files(files, what="letters", path="a.txt", shares=shares, seed=0)
        >>> {part: len(letters) for part, letters in parts.items()}
        {'train': 8, 'validation': 2, 'test': 3}
    """
    examples = files["path"]
    told = {part: files[f"{part}_path"] for part in shares if f"{part}_path" in files}
    drawn = {part: share for part, share in shares.items() if part not in told}
    if drawn and len(examples) < FEWEST:
        raise ConfigurationError(
            f"path is {path}, with {len(examples)} {what}. At least {FEWEST} are needed to draw "
            f"those for {' and '.join(drawn)} from them."
        )
    # the smallest legal share stands in for a split that is not drawn, and is given back
    sizes = split_sizes(len(examples), **{"validation": 0.05, "test": 0.05, **drawn})
    given_back = sum(getattr(sizes, part) for part in told)
    sizes = replace(sizes, **dict.fromkeys(told, 0), train=sizes.train + given_back)
    for part, share in drawn.items():
        if getattr(sizes, part) == 0:
            raise ConfigurationError(
                f"{part} is {share}, which is not one of {len(examples)} {what}. Raise it."
            )
    try:
        rows = draw_split(len(examples), classes=classes, sizes=sizes, seed=seed)
    except ConfigurationError as error:
        raise ConfigurationError([text.removeprefix("data.") for text in error.faults]) from error
    return {**{part: [examples[row] for row in of] for part, of in rows.items()}, **told}
