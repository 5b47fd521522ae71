"""Who may write to a run directory right now?

One driver at a time: it holds `lease.json`, renews it every few seconds, and gives it back at the
end. A lease whose owner is gone (its process on this machine has died, or it has not been renewed
for `EXPIRES_AFTER_S`) is taken over.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.storage import LocalStorage

KEY = "lease.json"
RENEW_EVERY_S = 5.0
EXPIRES_AFTER_S = 30.0


class Lease:
    """The right to write to a run directory, held from `acquire` to `release`.

    Args:
        root: The run directory.
        clock: Unix time in seconds; given by tests.

    Side effects:
        Writes `lease.json` atomically, and renews it from a daemon thread.
    """

    def __init__(self, root: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._storage = LocalStorage(root)
        self._root = root
        self._clock = clock
        self._token = uuid.uuid4().hex
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_lost = False
        """True once another driver was found to hold the lease; then nothing may be written."""

    def acquire(self) -> None:
        """Take the lease.

        Raises:
            RunDirectoryError: A live driver holds it.
        """
        with self._guard():
            self.refuse_if_held(self._root, clock=self._clock)
            self._write()
        self._thread = threading.Thread(target=self._renew, name="raysearch-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the lease back; safe to repeat."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._guard():
            if _read(self._storage).get("token") == self._token:
                self._storage.delete(KEY)

    @classmethod
    def refuse_if_held(cls, root: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Raise if a live driver holds the lease; takes nothing.

        Raises:
            RunDirectoryError: A live driver holds it.
        """
        holder = cls.holder(root, clock=clock)
        if holder is not None:
            raise RunDirectoryError(
                f"{root} is in use by process {holder['pid']} on {holder['host']}, which renewed "
                f"its lease {clock() - holder['renewed_at']:.0f} s ago. Wait until it ends, or end "
                "it; then try again."
            )

    @staticmethod
    def holder(root: Path, *, clock: Callable[[], float] = time.time) -> dict[str, Any] | None:
        """Return who holds the lease of a run directory (host, pid, renewed_at), or None."""
        lease = _read(LocalStorage(root))
        if not lease or clock() - lease["renewed_at"] > EXPIRES_AFTER_S:
            return None
        is_here = lease["host"] == socket.gethostname()
        if is_here and _birth(lease["pid"]) != lease["birth"]:
            return None
        return lease

    def _renew(self) -> None:
        while not self._stop.wait(RENEW_EVERY_S):
            try:
                with self._guard():
                    if _read(self._storage).get("token") not in (self._token, None):
                        self.is_lost = True
                        return
                    self._write()
            except OSError:
                continue  # a full or slow disk: the next renewal may succeed, expiry decides

    def _write(self) -> None:
        lease = {
            "token": self._token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "birth": _birth(os.getpid()),
            "renewed_at": self._clock(),
        }
        self._storage.put(KEY, json.dumps(lease).encode())

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Make read-then-write atomic between processes that share the file system."""
        self._root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _read(storage: LocalStorage) -> dict[str, Any]:
    try:
        lease = json.loads(storage.read(KEY))
    except (FileNotFoundError, ValueError):
        return {}
    return lease if isinstance(lease, dict) else {}


def _birth(pid: int) -> str | None:
    """Return when a process on this machine started, or None if there is none.

    A process id alone is not enough: ids are used again. Where the system does not tell the start
    (only Linux has /proc), the answer is "alive".
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return "alive"
    state, *rest = stat.read_text().rpartition(")")[2].split()
    return None if state == "Z" else rest[18]
