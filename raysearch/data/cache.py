"""How is a data set prepared once per node, however many processes want it?

The first process builds the arrays and leaves them in a file in a folder of this node; the others
wait for it under a lock and read the file. The file is an uncompressed .npz: it holds nothing but
arrays, reading it never unpickles, and its checksums tell when bytes were damaged.

What cannot be kept, since the disk is full or the lock is not let go, is built for this process
alone. A file is written to a temporary name and renamed, so no other process ever reads a part.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from raysearch.data.memory import check_memory

if TYPE_CHECKING:
    from filelock import BaseFileLock
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

_FORMAT = 1
"""Raised when what the files hold changes its meaning; older files are then built anew."""

_KEY = "raysearch_key"
"""Name of the entry that says what a file was built from."""

_LOCK_TIMEOUT_S = 600.0

_logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder of this node for prepared data, which need not exist yet.

    `RAYSEARCH_CACHE_DIR` if set, else `raysearch` under `XDG_CACHE_HOME` or `~/.cache`; without a
    home directory, a folder of this user's for temporary files.
    """
    chosen = os.environ.get("RAYSEARCH_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    xdg = os.environ.get("XDG_CACHE_HOME")
    if xdg:
        return Path(xdg).absolute() / "raysearch"
    try:
        return Path.home() / ".cache" / "raysearch"
    except RuntimeError:  # no home: a container with a user id of its own
        return Path(tempfile.gettempdir()) / f"raysearch-{os.getuid()}"


def cached_arrays(
    name: str, *, arguments: Mapping[str, Any], build: Callable[[], Arrays]
) -> Arrays:
    """Return the arrays of a prepared data set, from the node's cache or built now.

    Args:
        name: The data set's name, fit to be part of a file name.
        arguments: Everything that the arrays depend on, as plain JSON.
        build: Makes the arrays, none of them of Python objects.

    Raises:
        ConfigurationError: There is a file, whose arrays do not fit into memory.

    Side effects:
        Writes one file under `cache_folder()`, atomically, and a lock file beside it. Safe to call
        from many processes at once. A file that is damaged, or was built from something else, is
        replaced. If the folder cannot be written, the arrays are built without it, with a warning.
    """
    key = json.dumps({"format": _FORMAT, "name": name, "arguments": arguments}, sort_keys=True)
    path = cache_folder() / "data" / f"{name}-{zlib.crc32(key.encode()):08x}.npz"
    arrays = _read(path, key=key)
    if arrays is not None:
        return arrays
    lock = held_lock(path, timeout_s=_LOCK_TIMEOUT_S)
    if isinstance(lock, str):
        _warn(path, name=name, reason=lock)
        return build()
    try:
        arrays = _read(path, key=key)  # another process may have written it meanwhile
        if arrays is None:
            arrays = build()
            try:
                _write(path, arrays, key=key)
            except OSError as error:
                _warn(path, name=name, reason=reason_of(error))
    finally:
        lock.release()
    return arrays


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
        lock.acquire(timeout=timeout_s)
        for left in path.parent.glob(f"{path.stem}-*.tmp"):
            left.unlink(missing_ok=True)
    except Timeout:
        return f"another process has held {path.with_suffix('.lock')} for {timeout_s:g} s"
    except (OSError, NotImplementedError) as error:  # filelock: no locks on this file system
        return reason_of(error)
    return lock


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


def _read(path: Path, *, key: str) -> Arrays | None:
    """Return the arrays in the file, or None if it is missing, damaged or of another key.

    Raises:
        ConfigurationError: They do not fit into memory.
    """
    import numpy as np

    with suppress(OSError):  # there is none yet, or it cannot be read
        n_bytes = path.stat().st_size
        check_memory(
            n_bytes,
            what=f"what was prepared in {path}, whose arrays",
            remedy="End what else takes memory here, or take less of the data",
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            if str(entries[_KEY]) != key:
                return None
            return {name: entries[name] for name in entries.files if name != _KEY}
    except FileNotFoundError:
        return None
    except (OSError, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError):
        return None  # not an .npz of arrays: NumPy says so in one of these ways
    except (zipfile.BadZipFile, zlib.error, NotImplementedError):
        return None  # damaged: a checksum or a header is wrong


def _write(path: Path, arrays: Arrays, *, key: str) -> None:
    import numpy as np

    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **{_KEY: np.array(key)}, **arrays)
