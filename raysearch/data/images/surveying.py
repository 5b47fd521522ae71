"""What do the headers of all images say, and to which size and channels are they brought?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from raysearch.data.images.arguments import ImagesArguments
from raysearch.data.images.decoding import Header, Plan, UnreadableImage, decode, header, quietly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LARGEST_OWN_SIDE = 128
"""Pixels up to which images of one size keep it, where none is given."""

_CHOSEN_SIDE = 64
"""Pixels of the longer side where images of several sizes, or large ones, are brought to one."""

_CHUNK = 256
"""Examples that are decoded before they are written."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the headers say."""

    headers: tuple[Header | None, ...]
    """Of each example's first image; None where it cannot be read."""
    failures: dict[int, str]
    """Example -> why it cannot be read."""


def survey(files: Sequence[Sequence[str]]) -> Survey:
    """Return what the headers of the examples say, each by its first image."""
    failures: dict[int, str] = {}
    headers = _in_threads(_header, files, failures=failures, first=0)
    return Survey(headers=tuple(headers), failures=failures)


def plan_for(found: Survey, *, arguments: ImagesArguments) -> tuple[Plan, list[str]]:
    """Return what all images are brought to, and what a person should know about it.

    Args:
        found: What the headers say; at least one could be read.
        arguments: Size and channels, where the user sets them.
    """
    import numpy as np

    known = [one for one in found.headers if one is not None]
    sides = np.array([(one.height, one.width) for one in known])
    channels = arguments.channels or (1 if all(one.is_grey for one in known) else 3)
    own = (int(sides[0, 0]), int(sides[0, 1]))
    is_one_size = bool((sides == sides[0]).all())
    notes: list[str] = []
    if arguments.size is not None:
        height, width = arguments.size
    elif is_one_size and max(own) <= _LARGEST_OWN_SIDE:
        height, width = own
    else:
        height, width = _fitting(*(float(side) for side in np.median(sides, axis=0)))
        among = "are all" if is_one_size else "have several sizes, the median is"
        notes = [
            f"size is [{height}, {width}]: the images {among} "
            f"{'x'.join(f'{side:g}' for side in np.median(sides, axis=0))} pixels. A larger size "
            "shows more and costs more."
        ]
    plan = Plan(
        height=height,
        width=width,
        channels=channels,
        resize=arguments.resize,
        frames=arguments.frames,
    )
    return plan, notes


def decoded(
    files: Sequence[Sequence[str]], plan: Plan, failures: dict[int, str]
) -> Iterator[NDArray[np.uint8]]:
    """Yield the examples, many at a time; the pixels of those that cannot be read are 0.

    Args:
        files: The files of each example.
        plan: What to bring them to.
        failures: Example -> why it cannot be read; what is found is added.
    """
    import numpy as np

    for first in range(0, len(files), _CHUNK):
        found = _in_threads(
            lambda one: decode(one, plan),
            files[first : first + _CHUNK],
            failures=failures,
            first=first,
        )
        nothing = np.zeros(plan.shape, dtype=np.uint8)
        yield np.stack([nothing if pixels is None else pixels for pixels in found])


def unreadable(
    files: Sequence[Sequence[str]], found: Survey, *, arguments: ImagesArguments
) -> dict[int, str]:
    """Return why examples cannot be read, those among them whose headers alone could be.

    Args:
        files: The files of each example.
        found: What the headers say; at least one could be read.
        arguments: Size and channels, where the user sets them.
    """
    plan, _ = plan_for(found, arguments=arguments)
    failures = dict(found.failures)
    for _ in decoded(files, plan, failures):
        pass  # only what cannot be read matters
    return failures


def _fitting(height: float, width: float) -> tuple[int, int]:
    """Return a size of about the same shape whose longer side is at most `_CHOSEN_SIDE`.

    Example:
        >>> _fitting(480.0, 640.0), _fitting(20.0, 30.0)
        ((48, 64), (20, 30))
    """
    factor = min(1.0, _CHOSEN_SIDE / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def _header(files: Sequence[str]) -> Header:
    if not files:
        raise UnreadableImage("there is no such file or folder of images")
    return header(files[0])


def _in_threads(
    do: Callable[[Sequence[str]], _T],
    files: Sequence[Sequence[str]],
    *,
    failures: dict[int, str],
    first: int,
) -> list[_T | None]:
    """Return what is done with each example, None where it cannot be read."""

    def guarded(numbered: tuple[int, Sequence[str]]) -> _T | None:
        row, one = numbered
        try:
            return do(one)
        except UnreadableImage as error:
            failures[row] = str(error)
            return None

    # pillow lets go of the interpreter while it decodes
    with quietly(), ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(guarded, enumerate(files, start=first)))
