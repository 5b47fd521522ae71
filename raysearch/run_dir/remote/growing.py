"""How does a file grow in a store whose objects do not?

Each append is an object of its own, `KEY/START-END`, named after the bytes of the file that it
holds and never written again. So that a long file is read quickly, neighbours are put together
into a larger object in a thread, and only then deleted: at any time the file can be read, by taking
the longest object at each place.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from raysearch.run_dir.remote.client import NOTHING, Objects, Stored

FAN = 32
"""How many neighbours are put together."""

WHOLE_BYTES = 8 << 20
"""An object of this size stays as it is."""

READERS = 16
"""Objects that are read at once."""

LOOKS = 5
"""How often a file is looked at again that is put together meanwhile."""

_PART = re.compile(r"(?P<key>.+)/(?P<start>\d{15})-(?P<end>\d{15})")


class Part(NamedTuple):
    """Bytes of a file: from `start` on, up to `end`."""

    start: int
    end: int

    def name(self, key: str) -> str:
        """Return the key of the object that holds them."""
        return f"{key}/{self.start:015d}-{self.end:015d}"


def file_of(name: str) -> str | None:
    """Return the key of the file that an object is a part of, or None.

    Example:
        >>> file_of(Part(0, 12).name("journal/000001.jsonl")), file_of("journal/000001.jsonl")
        ('journal/000001.jsonl', None)
    """
    found = _PART.fullmatch(name)
    return None if found is None else found["key"]


def parts_of(objects: Objects, key: str) -> list[Part]:
    """Return all parts of a file that there are; also those that others hold as well."""
    return [part for stored in objects.list(key) if (part := _part(stored, key)) is not None]


def _part(stored: Stored, key: str) -> Part | None:
    found = _PART.fullmatch(stored.key)
    if found is None or found["key"] != key:
        return None
    return Part(int(found["start"]), int(found["end"]))


def cover(parts: Sequence[Part], *, key: str) -> list[Part]:
    """Return the parts that make the file, in order.

    Raises:
        OSError: One is missing.

    Example:
        >>> cover([Part(0, 2), Part(2, 5), Part(0, 5), Part(5, 6)], key="file")
        [Part(start=0, end=5), Part(start=5, end=6)]
    """
    chosen: list[Part] = []
    at = 0
    for part in sorted(parts, key=lambda part: (part.start, -part.end)):
        if part.start > at:
            raise OSError(errno.EIO, f"bytes {at:,} to {part.start:,} of {key} are missing")
        if part.end > at and part.start == at:
            chosen.append(part)
            at = part.end
    return chosen


def read_growing(objects: Objects, key: str) -> bytes:
    """Return the bytes of a file that grows.

    Raises:
        FileNotFoundError: There is no part of it.
        OSError: One is missing, or cannot be read.
    """
    for look in range(LOOKS):
        parts = cover(parts_of(objects, key), key=key)
        if not parts:
            raise FileNotFoundError(errno.ENOENT, f"there is no {key}")
        with suppress(FileNotFoundError), ThreadPoolExecutor(READERS) as readers:
            return b"".join(readers.map(lambda part: objects.get(part.name(key))[0], parts))
        if look == LOOKS - 1:
            break
    raise OSError(errno.EIO, f"{key} changes faster than it can be read")


class GrowingFile:
    """An open file that grows; an `Appender`.

    Args:
        objects: Where it lies.
        key: Its name, which nothing has yet.

    Raises:
        FileExistsError: Something has.

    Side effects:
        Puts parts together in a thread; what fails there stays as it is, and can be read.
    """

    def __init__(self, objects: Objects, key: str) -> None:
        if objects.list(key):
            raise FileExistsError(errno.EEXIST, f"{key} is there already")
        self._objects = objects
        self._key = key
        self._end = 0
        self._fault: OSError | None = None
        self._levels: list[list[tuple[Part, bytes]]] = [[]]  # the thread's alone
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="raysearch-journal")

    def append(self, data: bytes) -> None:
        """Write the bytes as one object; see `Appender`."""
        if not data:
            return
        if self._fault is not None:
            raise OSError(errno.EIO, f"{self._key} may have got a part that was given up")
        part = Part(self._end, self._end + len(data))
        try:
            self._objects.put(part.name(self._key), data, replaces=NOTHING)
        except OSError as error:
            self._fault = error  # what comes to the store late must not be followed by other bytes
            raise
        self._end = part.end
        self._thread.submit(self._keep, part, data)

    def close(self) -> None:
        """Put what is left together; see `Appender`."""
        self._thread.submit(self._put_all_together)
        self._thread.shutdown()

    def _keep(self, part: Part, data: bytes, level: int = 0) -> None:
        self._levels[level].append((part, data))
        if len(self._levels[level]) < FAN:
            return
        members, self._levels[level] = self._levels[level], []
        if level + 1 == len(self._levels):
            self._levels.append([])
        whole = self._put_together(members)
        if whole is not None and len(whole[1]) < WHOLE_BYTES:
            self._keep(*whole, level=level + 1)

    def _put_all_together(self) -> None:
        rest = [member for level in reversed(self._levels) for member in level]
        self._levels = [[]]
        if len(rest) > 1:
            self._put_together(sorted(rest))

    def _put_together(self, members: Sequence[tuple[Part, bytes]]) -> tuple[Part, bytes] | None:
        """Write neighbours as one object, then delete them; None if that failed."""
        part = Part(members[0][0].start, members[-1][0].end)
        data = b"".join(data for _, data in members)
        if len(data) != part.end - part.start:
            return None  # those between them could not be put together, and stay
        try:
            self._objects.put(part.name(self._key), data)
            self._objects.delete([member.name(self._key) for member, _ in members])
        except OSError:
            return None
        return part, data
