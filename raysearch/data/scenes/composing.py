"""How is a scene of digits laid out, and what does its caption say?

Torch-free. All scenes of a split are made of the scans of that split, so that no scan of the test
is ever seen in training.

Shapes:
    scans: (S, 8, 8) float32, ink from 0 to 1
    scenes: (N, 1, E, E) float32, the same
    captions: (N, L) int64, numbers of words, `END` behind the last and `PADDING` behind that
    S scans, N scenes, E height and width of a scene, L words of the longest caption
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from raysearch.data.scenes.space import (
    ABOVE,
    DIGIT_SIZE,
    DIGITS,
    FEWEST_DIGITS,
    LEFT,
    OF,
    VOCABULARY,
    most_digits,
)
from raysearch.data_spec import END, UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.room import Allocate

    Images = NDArray[np.float32]
    Integers = NDArray[np.int64]

_WIDEST_GAP = 4
"""Pixels between a digit and the next one, at most."""


class Layout(NamedTuple):
    """Where the digits of a scene are."""

    is_right: NDArray[np.bool_]
    """(D - 1,) whether the next digit is right of this one; else it is below."""
    corners: Integers
    """(D, 2) row and column of each digit's upper left pixel."""


def compose(
    scans: Images,
    digits: Integers,
    *,
    n_scenes: int,
    canvas: int,
    target_length: int,
    rng: np.random.Generator,
    allocate: Allocate | None = None,
) -> tuple[Images, Integers]:
    """Return scenes with their captions.

    Every number of digits is as likely as any other, as is every scan, and "above" as "left of".

    Args:
        scans: (S, 8, 8) what the scenes are made of.
        digits: (S,) which digit each scan is.
        n_scenes: How many scenes to make.
        canvas: Height and width of a scene in pixels.
        target_length: Words of the longest caption, `END` counted.
        rng: Draws all that is random.
        allocate: Makes the array of scenes; None for one in memory.
    """
    import numpy as np

    scenes = (allocate or np.zeros)((n_scenes, 1, canvas, canvas), np.float32)
    captions = np.zeros((n_scenes, target_length), dtype=np.int64)
    for scene, target in zip(scenes, captions, strict=True):
        n_digits = int(rng.integers(FEWEST_DIGITS, most_digits(canvas) + 1))
        chosen = rng.integers(len(scans), size=n_digits)
        placed = layout(n_digits, canvas=canvas, rng=rng)
        for scan, (row, column) in zip(scans[chosen], placed.corners, strict=True):
            there = scene[0, row : row + DIGIT_SIZE, column : column + DIGIT_SIZE]
            np.maximum(there, scan, out=there)  # the corners of two boxes may share a pixel
        symbols = encoded(caption_words(digits[chosen].tolist(), placed.is_right.tolist()))
        target[: len(symbols)] = symbols
    return scenes, captions


def layout(n_digits: int, *, canvas: int, rng: np.random.Generator) -> Layout:
    """Return where the digits of a scene lie, anywhere on the canvas.

    Each is up to 4 pixels from the last one, as far as there is room, and out of line with it by
    one pixel at most.
    """
    import numpy as np

    is_right = rng.random(n_digits - 1) < 0.5
    n_right = int(is_right.sum())
    # (D - 1, 2) rows and columns from each digit to the next
    steps = rng.integers(-1, 2, size=(n_digits - 1, 2))
    for axis, n_moves in enumerate((n_digits - 1 - n_right, n_right)):
        n_across = n_digits - 1 - n_moves
        room = canvas - DIGIT_SIZE * (n_moves + 1) - n_across
        widest = min(_WIDEST_GAP, room // max(1, n_moves))
        is_moved = is_right == bool(axis)
        steps[is_moved, axis] = DIGIT_SIZE + rng.integers(widest + 1, size=n_moves)
    corners = np.concatenate([np.zeros((1, 2), dtype=np.int64), steps.cumsum(0)])
    corners -= corners.min(0)
    start = rng.integers(canvas - DIGIT_SIZE - corners.max(0) + 1)
    return Layout(is_right, corners + start)


def caption_words(digits: Iterable[int], is_right: Iterable[bool]) -> list[str]:
    """Return the words of a caption.

    Args:
        digits: The digits, from the upper left to the lower right.
        is_right: For each but the last, whether the next one is right of it, not below.

    Example:
        >>> " ".join(caption_words([3, 7, 1], [False, True]))
        'three above seven left of one'
    """
    first, *others = digits
    words = [DIGITS[first]]
    for digit, next_is_right in zip(others, is_right, strict=True):
        words += [LEFT, OF] if next_is_right else [ABOVE]
        words.append(DIGITS[digit])
    return words


def encoded(words: Iterable[str]) -> list[int]:
    """Return the numbers of words, with `END` behind them.

    Example:
        >>> encoded(["one", "above", "two"])
        [5, 14, 6, 2]
    """
    return [*(VOCABULARY.index(word) for word in words), END]


def decoded(symbols: Iterable[int]) -> str:
    """Return the caption that a target or an answer of a network stands for, as far as its `END`.

    Example:
        >>> decoded([5, 14, 6, 2, 0])
        'one above two'
    """
    words = []
    for symbol in symbols:
        if symbol == END:
            break
        words.append(VOCABULARY[symbol if symbol < len(VOCABULARY) else UNKNOWN])
    return " ".join(words)
