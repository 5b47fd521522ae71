"""Where does a lease lie, and how is it taken by one alone?

On a file system under a lock, between reading it and writing it. In an object store by a put that
holds only for the version that was read.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from raysearch.run_dir.remote.client import NOTHING
from raysearch.run_dir.remote.mirror import Mirror
from raysearch.run_dir.remote.mirrors import mirror_at
from raysearch.run_dir.storage import LocalStorage

KEY = "lease.json"


class LeasePlace(Protocol):
    """The bytes of one lease."""

    name: str
    """Of the lease, for people."""

    def prepare(self) -> None:
        """Make the run directory, if it must exist for a lease to lie in."""
        ...

    def is_there(self) -> bool:
        """Return whether the run directory still exists."""
        ...

    def guard(self) -> AbstractContextManager[None]:
        """Hold others off from reading the lease until it is written."""
        ...

    def read(self) -> bytes:
        """Return the lease; FileNotFoundError where there is none."""
        ...

    def write(self, data: bytes) -> None:
        """Write the lease in place of the one that was last read, or of none.

        Raises:
            FileExistsError: Another one is there by now.
        """
        ...

    def delete(self) -> None:
        """Remove the lease."""
        ...


class LocalPlace:
    """A lease on a file system, also over NFS.

    Args:
        root: The run directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._storage = LocalStorage(root)
        self.name = str(root / KEY)

    def prepare(self) -> None:
        """Make the folder."""
        self._root.mkdir(parents=True, exist_ok=True)

    def is_there(self) -> bool:
        """Return whether the folder still exists."""
        return self._root.is_dir()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Hold others off that share the file system, by a lock of the folder."""
        descriptor = os.open(self._root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        """Return the lease; see `LeasePlace`."""
        return self._storage.read(KEY)

    def write(self, data: bytes) -> None:
        """Write the lease; the guard is held."""
        self._storage.put(KEY, data)

    def delete(self) -> None:
        """Remove the lease."""
        self._storage.delete(KEY)


class RemotePlace:
    """A lease in an object store.

    Args:
        mirror: Of the run directory.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._lock = threading.Lock()
        self._objects = mirror.remote.objects
        self._seen = NOTHING
        self.name = str(mirror.address.below(KEY))

    def prepare(self) -> None:
        """Do nothing: a store has no folders."""

    def is_there(self) -> bool:
        """Return True: a store has no folders that could go."""
        return True

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Hold other threads off; of processes, what was read is what is replaced, or it is not."""
        with self._lock:
            yield

    def read(self) -> bytes:
        """Return the lease, and note which version it is."""
        try:
            data, self._seen = self._objects.get(KEY)
        except FileNotFoundError:
            self._seen = NOTHING
            raise
        return data

    def write(self, data: bytes) -> None:
        """Write the lease in place of the version that was last seen; see `LeasePlace`."""
        self._seen = self._objects.put(KEY, data, replaces=self._seen)

    def delete(self) -> None:
        """Remove the lease."""
        self._objects.delete([KEY])
        self._seen = NOTHING


def place_for_lease(root: Path) -> LeasePlace:
    """Return where the lease of a run directory lies."""
    mirror = mirror_at(root)
    return LocalPlace(root) if mirror is None else RemotePlace(mirror)
