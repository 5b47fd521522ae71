"""Are prepared arrays made in memory, or in files, and is there room for them?

Arrays that together take more than a share of the memory that can be had are made in files of the
node's cache, which the system writes to the disk when memory is short: they may be larger than
memory. Nobody else sees such a file, and it is gone when its array is.
"""

from __future__ import annotations

import math
import mmap
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, Protocol

from raysearch.data.memory import check_memory, free_bytes, gibibytes
from raysearch.errors import ConfigurationError
from raysearch.scratch import cache_folder

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

SHARE = "RAYSEARCH_DATA_MEMORY"
"""The variable that says which share of the memory prepared arrays may take as they are made."""

_DEFAULT_SHARE = 0.5


class Allocate(Protocol):
    """Makes arrays of zeros, which may be written to."""

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array.

        Raises:
            ConfigurationError: The disk has no room for it.
        """
        ...


def room_for(n_bytes: int, *, what: str, remedy: str) -> Allocate:
    """Return what makes arrays of this size together; refuse those for which there is no room.

    Args:
        n_bytes: Of the arrays of all splits together.
        what: Of what they are, as in `memory.check_memory`.
        remedy: What to do, as a sentence without its full stop.

    Raises:
        ConfigurationError: They fit neither into memory nor twice onto the disk of the cache: as
            they are made, and as they are kept.
    """
    import numpy as np

    if n_bytes <= memory_bytes(n_bytes):
        return np.zeros
    room = disk_bytes()
    if room is not None and 2 * n_bytes <= room:
        return _in_file
    folder = cache_folder() / "data"
    there = "" if room is None else f", and there are {gibibytes(room)}"
    check_memory(
        n_bytes,
        what=what,
        remedy=f"In {folder} they need {gibibytes(2 * n_bytes)} of room{there}: set "
        f"RAYSEARCH_CACHE_DIR to a folder on this machine with more. {remedy}",
    )
    return np.zeros


def memory_bytes(wanted: int) -> int:
    """Return how much memory prepared arrays may take: a share of what can be had.

    Args:
        wanted: What is returned where nobody knows how much can be had.

    Raises:
        ConfigurationError: The variable says no share.
    """
    free = free_bytes()
    return wanted if free is None else int(memory_share() * free)


def memory_share() -> float:
    """Return which share of the memory that can be had prepared arrays may take.

    Raises:
        ConfigurationError: The variable says no share.
    """
    said = os.environ.get(SHARE) or str(_DEFAULT_SHARE)
    try:
        share = float(said)
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise ConfigurationError(
            f"The environment variable {SHARE} is {said!r}. It must be a share of the memory that "
            f"can be had, from 0 to 1, such as {_DEFAULT_SHARE}. Correct it, or unset it."
        )
    return share


def disk_bytes() -> int | None:
    """Return the room on the disk of the cache, None where nobody knows."""
    folder = cache_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _in_file(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    import numpy as np

    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if not n_bytes:
        return np.zeros(shape, dtype)
    folder = cache_folder() / "data"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # a disk that is full ends the process when a page is written that it has not
            os.posix_fallocate(file.fileno(), 0, n_bytes)
            pages = mmap.mmap(file.fileno(), n_bytes)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} does not take {gibibytes(n_bytes)} of prepared data "
            f"({error.strerror or error}). Make room there, or set RAYSEARCH_CACHE_DIR to a folder "
            "on this machine that has room."
        ) from error
    return np.frombuffer(pages, dtype=dtype).reshape(shape)
