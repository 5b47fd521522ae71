"""How are the bytes of a mirrored run directory kept? In the store, with copies for their paths."""

from __future__ import annotations

from collections.abc import Iterator

from raysearch.run_dir.remote.growing import GrowingFile
from raysearch.run_dir.remote.mirror import Mirror


class MirroredStorage:
    """The `Storage` of a mirrored run directory: in the store, with files beside for their paths.

    Args:
        mirror: The folder and the store.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self.root = mirror.path

    def read(self, key: str) -> bytes:
        """Return the bytes of a key."""
        return self._mirror.remote.read(key)

    def exists(self, key: str) -> bool:
        """Return whether there is such a key."""
        return self._mirror.remote.exists(key)

    def put(self, key: str, data: bytes) -> None:
        """Write the bytes to the store, then here."""
        version = self._mirror.remote.put_bytes(key, data)
        self._mirror.local.put(key, data)
        self._mirror.note_copy(key, version)

    def appender(self, key: str) -> GrowingFile:
        """Open a new file that grows, in the store alone."""
        return self._mirror.remote.appender(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder, sorted."""
        return self._mirror.remote.keys(prefix)

    def move(self, key: str, to: str) -> None:
        """Give a key another name; one that was written here alone comes to the store by it."""
        mirror = self._mirror
        is_there = mirror.remote.exists(key)
        if is_there:
            mirror.remote.move(key, to)
        if (self.root / key).exists():
            mirror.local.move(key, to)
            mirror.forget(key)
            if not is_there:
                mirror.push(to)

    def delete(self, key: str) -> None:
        """Remove a key, there and here."""
        self._mirror.remote.delete(key)
        self._mirror.forget(key)

    def holds(self, key: str) -> bool:
        """Return whether a key stays inside."""
        return self._mirror.local.holds(key)
