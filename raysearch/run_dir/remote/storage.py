"""How are the bytes of a run directory kept in an object store?

A put is atomic there as it is; what grows is made of parts (`growing`).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.remote.addresses import Address
from raysearch.run_dir.remote.client import NOTHING, Objects, StoreClient
from raysearch.run_dir.remote.growing import (
    GrowingFile,
    Part,
    file_of,
    parts_of,
    read_growing,
)
from raysearch.run_dir.remote.retrying import Retrying
from raysearch.run_dir.storage import is_inside


class ObjectStorage:
    """A `Storage` in an object store.

    Args:
        objects: Those below the run directory's prefix.
        name: Of the run directory, for messages.
    """

    def __init__(self, objects: Objects, *, name: str) -> None:
        self.objects = objects
        self.name = name

    @classmethod
    def at(cls, address: Address) -> ObjectStorage:
        """Return the storage at an address, which outlasts a store that does not answer.

        Raises:
            RunDirectoryError: The client library is not installed.
        """
        name = f"{address.scheme}://{address.bucket}"
        return cls(Retrying(StoreClient(address), name=name), name=str(address))

    def expect(self) -> None:
        """Take it that the store is there, so that it is waited for however it answers first."""
        if isinstance(self.objects, Retrying):
            self.objects.has_answered = True

    def read(self, key: str) -> bytes:
        """Return the bytes of a key, also of one that grows."""
        try:
            return self.objects.get(self._checked(key))[0]
        except FileNotFoundError:
            if not key.endswith(GROWS):
                raise
            return read_growing(self.objects, key)

    def exists(self, key: str) -> bool:
        """Return whether there is such a key; what cannot be looked at is none."""
        if not is_inside(key):
            return False
        with suppress(OSError):
            self.objects.head(key)
            return True
        with suppress(OSError):
            return key.endswith(GROWS) and bool(parts_of(self.objects, key))
        return False

    def put(self, key: str, data: bytes) -> None:
        """Write the bytes; parts that the key had before are removed."""
        self.put_bytes(key, data)

    def put_bytes(self, key: str, data: bytes) -> str:
        """Write the bytes as `put` does, and return their version there."""
        if not isinstance(data, bytes):
            raise TypeError(f"bytes are put, and this is {type(data).__name__}")
        version = self.objects.put(self._checked(key), data)
        if key.endswith(GROWS):
            self._delete_parts(key)
        return version

    def put_file(self, key: str, path: Path, *, is_new: bool = False) -> str:
        """Write what a file holds, and return its version there.

        Args:
            key: Its name.
            path: The file.
            is_new: Whether nothing may have that name yet.

        Raises:
            FileExistsError: Something has.
        """
        return self.objects.put(self._checked(key), path, replaces=NOTHING if is_new else None)

    def appender(self, key: str) -> GrowingFile:
        """Open a new file that grows; its name ends in ".jsonl"."""
        if not key.endswith(GROWS):
            raise ValueError(f"{key} does not end in {GROWS}, as what grows does")
        if self.exists(key):
            raise FileExistsError(errno.EEXIST, f"{key} is there already")
        return GrowingFile(self.objects, self._checked(key))

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder, sorted; one that grows is one."""
        folder = self._checked(prefix).strip("/")
        found = {file_of(each.key) or each.key for each in self.objects.list(folder)}
        yield from sorted(found - {folder}, key=lambda key: key.split("/"))

    def move(self, key: str, to: str) -> None:
        """Copy an object, or all its parts, then delete the original; meanwhile both are there."""
        parts = parts_of(self.objects, self._checked(key)) if key.endswith(GROWS) else []
        pairs = {part.name(key): part.name(self._checked(to)) for part in parts}
        for old, new in (pairs or {key: self._checked(to)}).items():
            self.objects.copy(old, new)
        self.objects.delete([*pairs] or [key])

    def delete(self, key: str) -> None:
        """Remove a key, with all its parts."""
        self.objects.delete([self._checked(key)])
        if key.endswith(GROWS):
            self._delete_parts(key)

    def holds(self, key: str) -> bool:
        """Return whether a key stays inside; there are no links here."""
        return is_inside(key)

    def _delete_parts(self, key: str) -> None:
        parts: list[Part] = parts_of(self.objects, key)
        self.objects.delete([part.name(key) for part in parts])

    def _checked(self, key: str) -> str:
        if not is_inside(key):
            raise RunDirectoryError(
                f"{key!r} is not a path inside the run directory {self.name}. "
                "Paths there are relative, with forward slashes and without '..'."
            )
        return key


GROWS = ".jsonl"
"""Ends the names of what grows."""
