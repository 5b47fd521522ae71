"""How are the bytes of a run directory kept?

Everything else in `run_dir` speaks to a `Storage`: keys with forward slashes below one root. The
file system is one; an object store is another (`remote.storage`).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from raysearch.errors import RunDirectoryError

TEMPORARY = ".writing-"
"""How the names of files begin that are being written, or were when a process was killed."""


def is_inside(key: object) -> bool:
    """Return whether it is a path that cannot lead out of the folder that it is relative to.

    Example:
        >>> is_inside("trials/0007/epoch-0009.ckpt"), is_inside("../a"), is_inside("/etc/passwd")
        (True, False, False)
    """
    if not isinstance(key, str) or key.startswith("/") or "\\" in key or "\0" in key:
        return False
    return ".." not in key or ".." not in key.split("/")


class Appender(Protocol):
    """An open segment that grows."""

    def append(self, data: bytes) -> None:
        """Add the bytes; when this returns they are durable.

        An OSError leaves the segment as it was, where the disk still allows that; otherwise a part
        of the bytes may stay at its end.
        """
        ...

    def close(self) -> None:
        """Release the segment; it stays as it is."""
        ...


class Storage(Protocol):
    """Keys and bytes. Keys are relative, with forward slashes, and never leave the root."""

    def read(self, key: str) -> bytes:
        """Return the bytes of a key; FileNotFoundError when there is none."""
        ...

    def exists(self, key: str) -> bool:
        """Return whether there is such a key, as far as can be seen; quick, and never raises."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write the bytes durably and at once: a reader sees the old or the new, never a part."""
        ...

    def appender(self, key: str) -> Appender:
        """Return an open segment under a key that does not exist yet."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder, sorted; none where there is no such folder."""
        ...

    def move(self, key: str, to: str) -> None:
        """Give a key another name, at once."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        ...

    def holds(self, key: str) -> bool:
        """Return whether a key stays inside."""
        ...


class LocalStorage:
    """A `Storage` on a file system that this machine can reach, also over NFS.

    Args:
        root: The folder that holds everything; made when the first key is written.

    Side effects:
        Writes go to a temporary name beside the target, are flushed to disk and renamed, so that
        they are atomic and safe to repeat.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, key: str) -> bytes:
        """Return the bytes of a key."""
        return self._path(key).read_bytes()

    def exists(self, key: str) -> bool:
        """Return whether there is such a file; what leads out, or cannot be looked at, is none."""
        return self.holds(key) and os.path.exists(self.root / key)  # noqa: PTH110  Path's may raise

    def put(self, key: str, data: bytes) -> None:
        """Write the bytes under a temporary name, flush, and rename."""
        path = self._path(key)
        temporary = self._write_beside(path, data)
        temporary.replace(path)
        _flush_folder(path.parent)

    def appender(self, key: str) -> Appender:
        """Open a new file for appending."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _LocalAppender(path)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the files below a folder, sorted; temporary ones are left out."""
        folder = self._path(prefix)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith(TEMPORARY):
                yield path.relative_to(self.root).as_posix()

    def move(self, key: str, to: str) -> None:
        """Rename the file, with the folders that it takes."""
        path, target = self._path(key, follows=False), self._path(to, follows=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        _flush_folder(target.parent)
        _flush_folder(path.parent)

    def delete(self, key: str) -> None:
        """Remove the file if it is there; of a link the link itself, not what it leads to."""
        self._path(key, follows=False).unlink(missing_ok=True)

    def holds(self, key: str) -> bool:
        """Return whether a key stays inside, also where it is a link or lies behind one."""
        return is_inside(key) and self._is_below(self.root / key)

    def _path(self, key: str, *, follows: bool = True) -> Path:
        """Return the path of a key that stays inside.

        Args:
            key: As it was given.
            follows: Whether what is done with the path follows it where it is a link.
        """
        if not is_inside(key):
            raise RunDirectoryError(
                f"{key!r} is not a path inside the run directory {self.root}. "
                "Paths there are relative, with forward slashes and without '..'."
            )
        path = self.root / key
        if not self._is_below(path if follows else path.parent):
            raise RunDirectoryError(
                f"{path} leads out of the run directory through a symbolic link, so it is neither "
                "read nor changed. Put the file itself there, or remove the link."
            )
        return path

    def _is_below(self, path: Path) -> bool:
        root, real = os.path.realpath(self.root), os.path.realpath(path)
        return real == root or real.startswith(os.path.join(root, ""))  # noqa: PTH118  compared as text

    @staticmethod
    def _write_beside(path: Path, data: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


class _LocalAppender:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._size_bytes = 0
        try:
            _flush_folder(path.parent)
        except BaseException:
            self.close()
            raise

    def append(self, data: bytes) -> None:
        """Add the bytes and flush them to disk; see `Appender`."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size_bytes)
            raise
        self._size_bytes += len(data)

    def close(self) -> None:
        """Close the file; see `Appender`."""
        os.close(self._descriptor)


def _flush_folder(folder: Path) -> None:
    """Make a new name in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
