"""Which files in a folder of this machine are copies of what lies in a store, and of which version?

What is known of each file lies in a small file of its own, in a folder beside them. A file that was
changed since, or of which nothing is known, is no copy: it was written here.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from raysearch.run_dir.storage import TEMPORARY

COPIES = ".raysearch-copies"
"""The folder that knows of each file which version it is."""


class Copy(NamedTuple):
    """What is known of a file that is as it is in the store."""

    version: str
    size_bytes: int
    changed_ns: int


class Copies:
    """What is known of the files in a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def known(self, key: str) -> Copy | None:
        """Return what is known of a file, which may have changed since; None for nothing."""
        try:
            version, size_bytes, changed_ns = json.loads(self._path(key).read_bytes())
        except (OSError, ValueError, TypeError):
            return None
        return Copy(str(version), int(size_bytes), int(changed_ns))

    def holds(self, key: str) -> bool:
        """Return whether a file is a copy, or was one and is not there any more."""
        known = self.known(key)
        if known is None:
            return False
        try:
            now = (self._root / key).stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) == known[1:]

    def note(self, key: str, version: str, *, status: os.stat_result | None = None) -> None:
        """Note that a file is as it is in the store.

        Args:
            key: Its name.
            version: That of the store.
            status: What the file was as it went to the store; as it is now by default.
        """
        now = (self._root / key).stat() if status is None else status
        path = self._path(key)
        with self._lock, suppress(OSError):  # unknown, it is compared with the store again
            path.parent.mkdir(exist_ok=True)
            beside = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
            beside.write_text(json.dumps([version, now.st_size, now.st_mtime_ns]))
            beside.replace(path)

    def forget(self, key: str) -> None:
        """Know nothing of a file any more."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._root / COPIES / quote(key, safe="")
