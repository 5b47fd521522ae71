"""Which checkpoints does a machine keep of run directories that lie in object stores?

Each is a copy, which came here as it was written or as it was needed, and the store has it. So all
of them together, of whatever search, are kept within a limit, and what was used longest ago goes
first. What somebody may be about to read stays beyond the limit, and so does what has not come to
the store.

When a file was last used is the time of its last access. It is set here, since many file systems
leave it as it is when a file is read.
"""

from __future__ import annotations

import fcntl
import logging
import math
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from raysearch.errors import ConfigurationError
from raysearch.run_dir.remote.copies import Copies

LIMIT = "RAYSEARCH_CACHE_GB"
"""The variable that says how much checkpoints may take on this machine, in GB."""

DEFAULT_GB = 20.0
"""The same where it says nothing; half of the disk's room where that is less."""

RUNS = "runs"
"""The folder of the cache that has a folder for each run directory."""

READ_S = 3600.0
"""How long a checkpoint stays that was asked for, in seconds: whoever did may not have read it yet,
or reads it again and again."""

WRITTEN_S = 60.0
"""How long one stays that was only written, in seconds."""

LOOK_EVERY_S = 60.0
"""How often a process looks at all of them, in seconds."""

_log = logging.getLogger(__name__)
_looked_at = -math.inf


def is_checkpoint(key: str) -> bool:
    """Return whether it is a trial's checkpoint, which is never rewritten."""
    return key.startswith("trials/") and key.endswith(".ckpt")


def use(path: Path) -> bool:
    """Note that a file is used now; return whether there is one."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return False
        with suppress(PermissionError):  # somebody else's, who will see to it
            os.utime(path, ns=(time.time_ns(), found.st_mtime_ns))
    except OSError:
        return False
    return True


def limit_bytes() -> float | None:
    """Return how much checkpoints may take on this machine; None where nobody says.

    Raises:
        ConfigurationError: The variable says no size.
    """
    said = os.environ.get(LIMIT)
    if not said:
        return None
    try:
        size_gb = float(said)
    except ValueError:
        size_gb = math.nan
    if not 0.0 <= size_gb < math.inf:
        raise ConfigurationError(
            f"The environment variable {LIMIT} is {said!r}. It must be a number of gigabytes of at "
            f"least 0, such as {DEFAULT_GB:g}: what checkpoints in an object store may take in the "
            "cache of a machine. Correct it, or unset it."
        )
    return size_gb * 1e9


def keep_within_limit(root: Path) -> None:
    """Remove what is beyond the limit from the cache in which a run directory's folder is.

    Called as a checkpoint has come to it; looks every `LOOK_EVERY_S` only.

    Args:
        root: The folder; one that is in no cache is left as it is.

    Side effects:
        Deletes files, never the only one of its kind. Where that fails, they stay.
    """
    global _looked_at
    runs = root.parent.parent  # the driver's, where it has told the workers beside it
    if runs.name != RUNS or time.monotonic() - _looked_at < LOOK_EVERY_S:
        return
    _looked_at = time.monotonic()
    try:
        limit = limit_bytes()
    except ConfigurationError as error:  # of a node: the driver's was looked at
        _log.warning("%s Meanwhile it is %g here.", error, DEFAULT_GB)
        limit = None
    with suppress(OSError):
        evict(runs, limit_bytes=limit, now=time.time())


def evict(runs: Path, *, limit_bytes: float | None, now: float) -> list[Path]:
    """Remove the checkpoints that were used longest ago, until the others are within a limit.

    Where another process is at it, nothing is done.

    Args:
        runs: The folder with a folder for each run directory.
        limit_bytes: What all checkpoints there may take; None for `DEFAULT_GB`, or half of the room
            that the disk has for them where that is less.
        now: Unix time in seconds.

    Returns:
        Those that were removed.

    Raises:
        OSError: The folder cannot be read.
    """
    with _alone(runs) as is_alone:
        if not is_alone:
            return []
        found = sorted(_checkpoints(runs), key=lambda file: file.used_at)
        taken = sum(file.size_bytes for file in found)
        if limit_bytes is None:
            room = shutil.disk_usage(runs).free + taken
            limit_bytes = min(DEFAULT_GB * 1e9, room / 2)
        removed = []
        for file in found:
            if taken <= limit_bytes:
                break
            if not file.is_wanted(now) and _is_removed(file):
                taken -= file.size_bytes
                removed.append(file.path)
        return removed


class _File(NamedTuple):
    """A checkpoint in the cache."""

    path: Path
    size_bytes: int
    read_at: float
    """When it was last asked for, in Unix time; before it was written if never."""
    written_at: float

    @property
    def used_at(self) -> float:
        return max(self.read_at, self.written_at)

    def is_wanted(self, now: float) -> bool:
        """Return whether somebody may be about to read it."""
        was_asked_for = self.read_at > self.written_at
        return now - self.used_at < (READ_S if was_asked_for else WRITTEN_S)


def _checkpoints(runs: Path) -> Iterator[_File]:
    for path in runs.glob("*/*/trials/*/*.ckpt"):
        with suppress(OSError):  # removed meanwhile
            yield _file(path)


def _file(path: Path) -> _File:
    found = path.stat()
    return _File(path, found.st_size, found.st_atime, found.st_mtime)


def _is_removed(file: _File) -> bool:
    """Remove a checkpoint unless it was used meanwhile, or the store has none; return whether."""
    root = file.path.parents[2]
    copies, key = Copies(root), file.path.relative_to(root).as_posix()
    try:
        if not copies.holds(key) or _file(file.path) != file:
            return False
        file.path.unlink()
        copies.forget(key)
    except OSError:
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Yield whether no other process is at it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # a file system without locks: what another one removes is left out
            pass
        yield True
    finally:
        os.close(descriptor)
