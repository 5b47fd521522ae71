"""Whose is a temporary folder, may it be cleared away, and where does lie what is kept for later?

A process that is killed leaves its temporary folders behind. Ours say in a file of their own who
made them, and are locked for as long as they are needed, so that a later process clears away those
of the dead and nothing else, whatever other folders are called.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from raysearch.processes import UNKNOWN, birth

PREFIX = "raysearch-"
"""Begins the name of a temporary folder, for people who look at it."""

OWNER = ".raysearch-owner.json"
"""The file in a temporary folder that says which process made it."""


@contextmanager
def scratch_folder(use: str) -> Iterator[Path]:
    """Yield a new temporary folder, which nobody clears away while this process lives.

    Args:
        use: What it is for, for people who look at it.

    Raises:
        OSError: There is no room for it, or no folder for temporary files.

    Side effects:
        The folder is locked where the file system has locks, and removed at the end with all that
        is in it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{use}-"))
    try:
        me = {"host": socket.gethostname(), "pid": os.getpid(), "birth": birth(os.getpid())}
        (folder / OWNER).write_text(json.dumps(me))
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def abandoned_folders() -> Iterator[Path]:
    """Yield the temporary folders of processes of this user, on this machine, that are dead."""
    try:
        folders = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    except OSError:
        return  # there is no folder for temporary files; whoever needs one says so
    yield from filter(_is_abandoned, folders)


def _is_abandoned(folder: Path) -> bool:
    """Return whether the process that made the folder is dead.

    The process id alone does not tell: a folder may be shared with a container, which numbers its
    processes by itself. So a folder that is locked has an owner.
    """
    try:
        if folder.is_symlink() or folder.lstat().st_uid != os.getuid():
            return False
        owner = json.loads((folder / OWNER).read_text())
        if owner["host"] != socket.gethostname():
            return False
        born = birth(owner["pid"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False  # none of ours, or one that is being made
    is_same = born is not None and (UNKNOWN in (born, owner["birth"]) or born == owner["birth"])
    return not is_same and not _is_locked(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: host, process and birth have to do
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _is_locked(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return True  # somebody is at it
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(descriptor)
    return False


def cache_folder() -> Path:
    """Return the folder of this node for what can be had again; it need not exist yet.

    For prepared data, and for copies of run directories in object stores. `RAYSEARCH_CACHE_DIR` if
    set, else `raysearch` under `XDG_CACHE_HOME` or `~/.cache`; without a home directory, a folder
    of this user's for temporary files.
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
