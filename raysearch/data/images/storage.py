"""Where do the pixels of all images lie, so that all processes of a node share them?

In one .npy file in the node's cache, 8 bits a number: read into memory where they fit, else mapped,
so that only the pages of a batch are read. Written to a temporary name and renamed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from raysearch.data.cache import cache_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Chunks = Iterator[NDArray[np.uint8]]

_FORMAT = 1
"""Raised when the same files would now become other numbers."""

_LOCK_TIMEOUT_S = 3600.0

_logger = logging.getLogger(__name__)


def stored_pixels(
    key: Mapping[str, Any],
    *,
    shape: tuple[int, ...],
    decode: Callable[[dict[int, str]], Chunks],
    memory_gb: float,
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Return the pixels of all examples, and why some of them could not be read.

    Args:
        key: Everything that the pixels depend on, as plain JSON.
        shape: Of all pixels together, (N, C, H, W) or (N, C, D, H, W).
        decode: Called with an empty mapping; yields the examples in their order, many at a time,
            and puts into the mapping why some could not be read, whose pixels are 0.
        memory_gb: What is larger is mapped, not read.

    Side effects:
        Writes two files under `cache_folder()`, each atomically, and a lock file beside them. Safe
        to call from many processes at once. If they cannot be written, the pixels are kept in
        memory alone, with a warning.
    """
    text = json.dumps({**key, "format": _FORMAT, "shape": shape}, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache_folder() / "data" / f"images-{name}.npy"
    is_mapped = math.prod(shape) > memory_gb * 1e9
    found = _read(path, shape=shape, is_mapped=is_mapped)
    if found is not None:
        return found
    try:
        return _read_or_decode(path, shape=shape, decode=decode, is_mapped=is_mapped)
    except (OSError, NotImplementedError) as error:  # filelock: no locks on this file system
        _logger.warning(
            "%s cannot be used to keep prepared images (%s), so each process prepares them by "
            "itself, in memory. Set RAYSEARCH_CACHE_DIR to a folder on this machine that can be "
            "written.",
            path.parent,
            error,
        )
        return _in_memory(shape, decode)


def _read_or_decode(
    path: Path,
    *,
    shape: tuple[int, ...],
    decode: Callable[[dict[int, str]], Chunks],
    is_mapped: bool,
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    from filelock import FileLock

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S):
        found = _read(path, shape=shape, is_mapped=is_mapped)  # another may have written it
        if found is None:
            failures: dict[int, str] = {}
            with _replacing(path) as file:
                _write(file, shape=shape, chunks=decode(failures))
                with _replacing(path.with_suffix(".json")) as failed:
                    failed.write(json.dumps(failures).encode())
            found = _read(path, shape=shape, is_mapped=is_mapped)
    if found is None:
        raise OSError(f"{path} was written, but cannot be read")
    return found


def _read(
    path: Path, *, shape: tuple[int, ...], is_mapped: bool
) -> tuple[NDArray[np.uint8], dict[int, str]] | None:
    """Return what was written, or None if it is missing or damaged."""
    import numpy as np

    try:
        failures = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        # c: copies on write, so that torch gets an array that may be written, and the file stays
        pixels = np.load(path, mmap_mode="c" if is_mapped else None, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError):
        return None  # no .npy, or a part of one: NumPy says so in one of these ways
    if pixels.shape != shape or pixels.dtype != np.uint8:
        return None
    return pixels, {int(row): reason for row, reason in failures.items()}


def _write(file: IO[bytes], *, shape: tuple[int, ...], chunks: Chunks) -> None:
    import numpy as np

    layout = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, layout)
    for chunk in chunks:
        file.write(np.ascontiguousarray(chunk).tobytes())


def _in_memory(
    shape: tuple[int, ...], decode: Callable[[dict[int, str]], Chunks]
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    import numpy as np

    failures: dict[int, str] = {}
    pixels, start = np.zeros(shape, dtype=np.uint8), 0
    for chunk in decode(failures):
        pixels[start : start + len(chunk)] = chunk
        start += len(chunk)
    return pixels, failures


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file under a temporary name, which is renamed when all was written."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - both are plain paths here
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
