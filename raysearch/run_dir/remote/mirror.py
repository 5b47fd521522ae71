"""Which folder on this machine stands for a run directory in an object store?

The store has the truth. Much needs a path, though: torch writes checkpoints to files, TensorBoard
reads a folder. So each machine has a folder for each such run directory, below its cache, which
says in a file of its own what it mirrors: whoever is given a path in it finds the store. Files come
into it when they are needed, and go to the store when they are written. It can be deleted.

A file here is a copy as long as nobody writes it (`copies`): then the store's version is taken
where that is another one. One that was written here and did not come to the store yet is left
alone. What checkpoints take here, all together, has a limit: see `evicting`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.remote.addresses import Address
from raysearch.run_dir.remote.client import Stored
from raysearch.run_dir.remote.copies import Copies
from raysearch.run_dir.remote.evicting import is_checkpoint, keep_within_limit, use
from raysearch.run_dir.remote.growing import READERS
from raysearch.run_dir.remote.storage import ObjectStorage
from raysearch.run_dir.storage import LocalStorage

MARKER = ".raysearch-mirror.json"
"""The file in a folder that says which run directory it mirrors."""

_log = logging.getLogger(__name__)


class Mirror:
    """A folder that stands for a run directory in an object store.

    Args:
        path: The folder.
        address: The run directory.
    """

    def __init__(self, path: Path, address: Address) -> None:
        self.path = path
        self.address = address
        self.remote = ObjectStorage.at(address)
        self.local = LocalStorage(path)
        self._copies = Copies(path)
        self._deleting: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return f"Mirror({str(self.path)!r}, {str(self.address)!r})"

    def settle(self) -> None:
        """Make the folder; safe to repeat.

        Raises:
            RunDirectoryError: It cannot be made.
        """
        if (self.path / MARKER).is_file():
            return
        try:
            self.local.put(MARKER, json.dumps({"address": str(self.address)}).encode())
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path}, the folder of this machine for {self.address}, cannot be written: "
                f"{error.strerror or error}. Make room, or choose another place for such folders "
                "by RAYSEARCH_CACHE_DIR. Nothing was started."
            ) from error

    def fetched(self, key: str) -> Path:
        """Return the path of a file, with the store's version of it unless it was written here.

        Nothing is there where the store has no such file, either.
        """
        path = self.path / key
        try:
            stored = self.remote.objects.head(key)
        except FileNotFoundError:
            return path
        self._take(stored)
        return path

    def pull(self, prefix: str, *, up_to_bytes: int | None = None) -> None:
        """Bring the files below a folder here, as `fetched` does, but for those that are longer."""
        found = [
            stored
            for stored in self.remote.objects.list(prefix)
            if up_to_bytes is None or stored.size_bytes <= up_to_bytes
        ]
        with ThreadPoolExecutor(READERS) as readers:
            for _ in readers.map(self._take, found):
                pass

    def size_of(self, key: str) -> int | None:
        """Return how long a file is, here if it was written here; None where there is none."""
        path = self.path / key
        if path.is_file() and not self._copies.holds(key):
            return path.stat().st_size
        try:
            return self.remote.objects.head(key).size_bytes
        except FileNotFoundError:
            return None

    def push(self, key: str, *, is_new: bool = False) -> None:
        """Write a file to the store as it is here.

        Raises:
            FileExistsError: It was to be new, and there is one of that name.
        """
        path = self.path / key
        before = path.stat()
        version = self.remote.put_file(key, path, is_new=is_new)
        if is_checkpoint(key):
            with suppress(OSError):  # to send it was to read it, which nobody asked for
                os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
        self._copies.note(key, version, status=before)
        self._came(key)

    def push_changes(self) -> None:
        """Write to the store what was written here and is not there yet.

        Not checkpoints of trials, which whoever writes them brings there; nor what is about to be
        renamed.
        """
        for key in self._files():
            with suppress(FileNotFoundError):  # removed meanwhile
                self.push_if_changed(key)

    def push_if_changed(self, key: str) -> None:
        """Write a file to the store unless it is there as it is here."""
        if not self._copies.holds(key):
            self.push(key)

    def forget(self, key: str) -> None:
        """Remove a file here, with what is known of it."""
        self.local.delete(key)
        self._copies.forget(key)

    def delete_later(self, key: str) -> None:
        """Remove a file here at once, and in the store by a thread; see `finish_deletions`.

        Where the process ends before that, nothing speaks of it, and the next session removes it.
        """
        self.forget(key)
        if self._deleting is None:
            self._deleting = ThreadPoolExecutor(1, thread_name_prefix="raysearch-delete")
        self._deleting.submit(self._delete, key)

    def finish_deletions(self) -> None:
        """Wait until all that was to be deleted is."""
        deleting, self._deleting = self._deleting, None
        if deleting is not None:
            deleting.shutdown()

    def _delete(self, key: str) -> None:
        try:
            self.remote.delete(key)
        except OSError as error:
            _log.warning("%s stays until the next resume: %s", self.address.below(key), error)

    def _files(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.path):
            folders[:] = [each for each in folders if not each.startswith(".")]
            for name in names:
                key = (Path(folder) / name).relative_to(self.path).as_posix()
                is_hidden = name.startswith(".") or key in _NOT_FILES
                if not is_hidden and not is_checkpoint(key):
                    yield key

    def _take(self, stored: Stored) -> None:
        """Bring a file here if it is not, or if it is an older copy."""
        key = stored.key
        path, known = self.path / key, self._copies.known(key)
        if use(path) if is_checkpoint(key) else path.is_file():
            if not self._copies.holds(key) and not is_checkpoint(key):
                return  # written here; of a checkpoint the store's is the one that is journalled
            if known is not None and known.version == stored.version:
                return
        data, version = self.remote.objects.get(key)
        if known is not None and _grew(path, data):
            with path.open("ab") as file:  # TensorBoard goes on where it was in the file
                file.write(data[path.stat().st_size :])
        else:
            self.local.put(key, data)
        self.note_copy(key, version)
        if is_checkpoint(key):
            use(path)
        self._came(key)

    def note_copy(self, key: str, version: str) -> None:
        """Note that a file is as it is in the store."""
        self._copies.note(key, version)

    def _came(self, key: str) -> None:
        """Make room for other checkpoints, if one has come here."""
        if is_checkpoint(key):
            keep_within_limit(self.path)


_NOT_FILES = ("lease.json", "stop")


def _grew(path: Path, data: bytes) -> bool:
    """Return whether the bytes are those of a file, and more behind them; of event files only."""
    if "tfevents" not in path.name or not path.is_file():
        return False
    there = path.read_bytes()
    return len(there) < len(data) and data.startswith(there)
