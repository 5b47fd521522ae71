"""How is a data set prepared once per node, however many processes want it?

The first process builds the arrays and leaves them in a file in a folder of this node; the others
wait for it under a lock and read the file, or share it as it is mapped into their memory (see
`archive`).

What cannot be kept, since the disk is full or the lock is not let go, is built for this process
alone. A file is written to a temporary name and renamed, so no other process ever reads a part.
"""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from raysearch.data.archive import key_of, note_seen, read_archive, write_archive
from raysearch.errors import ConfigurationError
from raysearch.scratch import cache_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from raysearch.data.archive import Arrays

_FORMAT = 2
"""Raised when what the files hold changes its meaning; older files are then built anew, and those
of older formats are removed."""

LOCK_TIMEOUT_S = 6 * 3600.0
"""How long a process waits for another one that prepares data. A lock is let go of when a process
dies, so a long wait is for one that is at work."""

_QUIET_S = 60.0
"""How long it waits without a word."""

_logger = logging.getLogger(__name__)


def cached_arrays(
    name: str, *, arguments: Mapping[str, Any], build: Callable[[], Arrays]
) -> Arrays:
    """Return the arrays of a prepared data set, from the node's cache or built now.

    Args:
        name: The data set's name, fit to be part of a file name.
        arguments: Everything that the arrays depend on, as plain JSON.
        build: Makes the arrays, none of them of Python objects.

    Returns:
        The arrays, which must not be written to. Where there are examples for training and for
        validation ("train_inputs", "validation_inputs"), also both together ("refit_inputs"),
        which share their memory.

    Raises:
        ConfigurationError: There is a file that can neither be mapped nor read within the limits of
            this process.

    Side effects:
        Writes one file under `cache_folder()`, atomically, and a lock file beside it. Safe to call
        from many processes at once. A file that is damaged, or was built from something else, is
        replaced; as one is written, those of older formats are removed, which nobody reads. If the
        folder cannot be written, the arrays are built without it, with a warning.
    """
    key = json.dumps({"format": _FORMAT, "name": name, "arguments": arguments}, sort_keys=True)
    path = cache_folder() / "data" / f"{name}-{zlib.crc32(key.encode()):08x}.npz"
    arrays = read_archive(path, key=key)
    if arrays is not None:
        return arrays
    lock = held_lock(path, timeout_s=LOCK_TIMEOUT_S)
    if isinstance(lock, str):
        _warn(path, name=name, reason=lock)
        return build()
    try:
        arrays = read_archive(path, key=key)  # another process may have written it meanwhile
        if arrays is None:
            arrays = build()
            try:
                with replacing(path) as file:
                    write_archive(file, arrays, key=key)
                note_seen(path)
                with suppress(ConfigurationError):  # a limit, within which these were built
                    arrays = read_archive(path, key=key) or arrays  # whose memory is let go of
                with suppress(OSError):  # somebody else's, which do no harm
                    _remove_older(path.parent)
            except OSError as error:
                _warn(path, name=name, reason=reason_of(error))
    finally:
        lock.release()
    return arrays


def _remove_older(folder: Path) -> None:
    """Remove files of older formats, of whatever data set.

    Raises:
        OSError: The folder cannot be read.
    """
    for path in folder.glob("*.npz"):
        if _format_of(path) < _FORMAT:
            path.unlink(missing_ok=True)
            path.with_suffix(".seen").unlink(missing_ok=True)


def _format_of(path: Path) -> float:
    """Return in which format a file is written; infinity for one that says none."""
    try:
        about = json.loads(key_of(path) or "")
    except ValueError:
        return math.inf
    written = about.get("format") if isinstance(about, dict) else None
    return written if isinstance(written, int) else math.inf


def held_lock(path: Path, *, timeout_s: float) -> BaseFileLock | str:
    """Return the lock of a file of the cache, which is now held, or why it cannot be.

    What a process left that was killed while it wrote the file is cleared away.

    Args:
        path: The file; its folder is made.
        timeout_s: How long to wait for a process that holds the lock.
    """
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        _acquire(lock, path, timeout_s=timeout_s)
        for left in path.parent.glob(f"{path.stem}-*.tmp"):
            left.unlink(missing_ok=True)
    except Timeout:
        return f"another process has held {path.with_suffix('.lock')} for {timeout_s:g} s"
    except (OSError, NotImplementedError) as error:  # filelock: no locks on this file system
        return reason_of(error)
    return lock


def _acquire(lock: BaseFileLock, path: Path, *, timeout_s: float) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=min(timeout_s, _QUIET_S))
    except Timeout:
        if timeout_s <= _QUIET_S:
            raise
        _logger.warning(
            "Another process of this machine has prepared %s for a minute; this one waits for it.",
            path.name,
        )
        lock.acquire(timeout=timeout_s - _QUIET_S)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file under a temporary name, which is renamed when all was written.

    Its lock must be held. Nothing is left of a file that could not be written to its end.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - both are plain paths here
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def reason_of(error: Exception) -> str:
    """Return in a few words why a file could not be written."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _warn(path: Path, *, name: str, reason: str) -> None:
    _logger.warning(
        "%s cannot be used to keep prepared data (%s), so each process prepares %s by itself. Set "
        "RAYSEARCH_CACHE_DIR to a folder on this machine that can be written and has room.",
        path.parent,
        reason,
        name,
    )
