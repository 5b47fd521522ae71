"""Where do the pixels of all images lie, so that all processes of a node share them?

In one .npy file in the node's cache, 8 bits a number: mapped, so that only the pages of a batch are
read, or read into memory where that is asked for and they fit. Written to a temporary name and
renamed. Where there is no room for it, or the lock is not let go, the pixels are kept in the memory
of this process alone if they fit, else refused with the room that they need.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.cache import LOCK_TIMEOUT_S, held_lock, reason_of, replacing
from raysearch.data.memory import free_bytes, gibibytes
from raysearch.errors import ConfigurationError
from raysearch.scratch import cache_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Chunks = Iterator[NDArray[np.uint8]]
    Stored = tuple[NDArray[np.uint8], dict[int, str]]

_FORMAT = 1
"""Raised when the same files would now become other numbers."""

_logger = logging.getLogger(__name__)


class _NotKept(Exception):
    """Why pixels cannot be kept in the cache."""


def stored_pixels(
    key: Mapping[str, Any],
    *,
    shape: tuple[int, ...],
    decode: Callable[[dict[int, str]], Chunks],
    memory_gb: float,
    what: str = "the images",
) -> Stored:
    """Return the pixels of all examples, and why some of them could not be read.

    Args:
        key: Everything that the pixels depend on, as plain JSON.
        shape: Of all pixels together, (N, C, H, W) or (N, C, D, H, W).
        decode: Called with an empty mapping; yields the examples in their order, many at a time,
            and puts into the mapping why some could not be read, whose pixels are 0.
        memory_gb: What is larger is mapped, not read, as is what is larger than the memory that
            can be had.
        what: The images for a message, behind the argument that names them.

    Side effects:
        Writes two files under `cache_folder()`, each atomically, and a lock file beside them. Safe
        to call from many processes at once. If they cannot be written, the pixels are kept in
        memory alone, with a warning.

    Raises:
        ConfigurationError: They can be kept neither in the cache nor in memory.
    """
    text = json.dumps({**key, "format": _FORMAT, "shape": shape}, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache_folder() / "data" / f"images-{name}.npy"
    n_bytes, free = math.prod(shape), free_bytes()
    is_mapped = n_bytes > memory_gb * 1e9 or (free is not None and n_bytes > free)
    found = _read(path, shape=shape, is_mapped=is_mapped)
    if found is not None:
        return found
    try:
        return _read_or_decode(path, shape=shape, decode=decode, is_mapped=is_mapped)
    except _NotKept as error:
        reason = str(error)
    if free is not None and n_bytes > free:
        raise ConfigurationError(
            f"{what} take {gibibytes(n_bytes)}. They cannot be kept in {path.parent} ({reason}), "
            f"nor in memory, of which {gibibytes(free)} can be had. Make room there, set "
            f"RAYSEARCH_CACHE_DIR to a folder on this machine with {gibibytes(n_bytes)} of room, "
            "or set a smaller size."
        )
    _logger.warning(
        "%s cannot be used to keep prepared images (%s), so each process prepares them by itself, "
        "and takes %s of memory for them. Set RAYSEARCH_CACHE_DIR to a folder on this machine that "
        "can be written and has %s of room.",
        path.parent,
        reason,
        gibibytes(n_bytes),
        gibibytes(n_bytes),
    )
    return _in_memory(shape, decode)


def _read_or_decode(
    path: Path,
    *,
    shape: tuple[int, ...],
    decode: Callable[[dict[int, str]], Chunks],
    is_mapped: bool,
) -> Stored:
    """Return the pixels from the cache, decoded into it first if they are not there.

    Raises:
        _NotKept: They cannot be.
    """
    lock = held_lock(path, timeout_s=LOCK_TIMEOUT_S)
    if isinstance(lock, str):
        raise _NotKept(lock)
    try:
        found = _read(path, shape=shape, is_mapped=is_mapped)  # another may have written it
        if found is None:
            _check_room(path.parent, n_bytes=math.prod(shape))
            _write(path, shape=shape, decode=decode)
            found = _read(path, shape=shape, is_mapped=is_mapped)
    finally:
        lock.release()
    if found is None:
        raise _NotKept(f"{path} was written, but cannot be read")
    return found


def _check_room(folder: Path, *, n_bytes: int) -> None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _NotKept(reason_of(error)) from error
    if n_bytes > free:
        raise _NotKept(f"it has {gibibytes(free)} of room")


def _read(path: Path, *, shape: tuple[int, ...], is_mapped: bool) -> Stored | None:
    """Return what was written, or None if it is missing or damaged."""
    import numpy as np

    try:
        failures = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        # one that copies on write would count as memory, and there may not be as much
        pixels = np.load(path, mmap_mode="r" if is_mapped else None, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError):
        return None  # no .npy, or a part of one: NumPy says so in one of these ways
    if pixels.shape != shape or pixels.dtype != np.uint8:
        return None
    return pixels, {int(row): reason for row, reason in failures.items()}


def _write(
    path: Path, *, shape: tuple[int, ...], decode: Callable[[dict[int, str]], Chunks]
) -> None:
    """Write the pixels, and beside them why some could not be read.

    Raises:
        _NotKept: The disk does not take them.
    """
    import numpy as np

    failures: dict[int, str] = {}
    chunks = decode(failures)
    layout = {"descr": "|u1", "fortran_order": False, "shape": shape}
    try:
        with replacing(path) as file:
            np.lib.format.write_array_header_1_0(file, layout)
            for chunk in chunks:
                file.write(np.ascontiguousarray(chunk).tobytes())
            # what is read of an image that fails is known once all are decoded
            with replacing(path.with_suffix(".json")) as failed:
                failed.write(json.dumps(failures).encode())
    except OSError as error:  # images that cannot be read are no `OSError`
        raise _NotKept(reason_of(error)) from error


def _in_memory(shape: tuple[int, ...], decode: Callable[[dict[int, str]], Chunks]) -> Stored:
    import numpy as np

    failures: dict[int, str] = {}
    pixels, start = np.zeros(shape, dtype=np.uint8), 0
    for chunk in decode(failures):
        pixels[start : start + len(chunk)] = chunk
        start += len(chunk)
    return pixels, failures
