"""Who may write to a run directory right now?

One driver at a time: it holds `lease.json`, renews it every few seconds, and gives it back at the
end. A lease whose owner is gone is taken over: on this machine once its process has ended, however
long it slept before; from another machine once it was not renewed for `EXPIRES_AFTER_S`.

Machines are told apart by their host names. Containers that share a run directory need different
ones: process ids of one mean nothing in another, so a live driver there would be taken for dead.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from raysearch.errors import RunDirectoryError
from raysearch.processes import UNKNOWN, birth
from raysearch.run_dir.lease_places import LeasePlace, place_for_lease
from raysearch.run_dir.remote.mirrors import place_of

RENEW_EVERY_S = 5.0
EXPIRES_AFTER_S = 30.0
SEARCHING = "searching"
"""What a driver session holds the lease for, from its start on."""


class Lease:
    """The right to write to a run directory, held from `acquire` to `release`.

    Args:
        root: The run directory.
        clock: Unix time in seconds; given by tests.
        doing: What it is held for, for others to read; `SEARCHING` while a search runs.

    Side effects:
        Writes `lease.json` atomically, and renews it from a daemon thread.
    """

    def __init__(
        self, root: Path, *, clock: Callable[[], float] = time.time, doing: str = ""
    ) -> None:
        self._place = place_for_lease(root)
        self._root = root
        self._clock = clock
        self._doing = doing
        self._token = uuid.uuid4().hex
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_held = False
        self._acquired_at = self._renewed_at = 0.0

    def acquire(self) -> None:
        """Take the lease.

        Raises:
            RunDirectoryError: A live driver holds it.
            OSError: The run directory cannot be written.
        """
        self._place.prepare()
        with self._place.guard():
            while not self._is_held:
                self._refuse_if_held(self._place)
                self._acquired_at = self._clock()
                with suppress(FileExistsError):  # somebody was quicker: see who
                    self._write()
                    self._is_held = True
        self._thread = threading.Thread(target=self._renew, name="raysearch-lease", daemon=True)
        self._thread.start()

    def is_held(self) -> bool:
        """Return whether this driver may still write; quick enough to ask before every write.

        False once another driver took the lease, or the lease or the whole folder was removed. If
        the last renewal is so old that others may have taken over (the process was stopped, the
        machine slept), the file is read again, and renewed, before the answer.

        Raises:
            OSError: The lease is too old to be sure, and cannot be read.
        """
        age_s = abs(self._clock() - self._renewed_at)  # a clock set back says nothing, either
        if self._is_held and age_s > EXPIRES_AFTER_S:
            self._renew_once()
        return self._is_held

    def release(self) -> None:
        """Give the lease back; safe to repeat.

        Where that fails (the disk or the folder is gone), it ends with this process.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._is_held = False
        with suppress(OSError), self._place.guard():
            if _read(self._place).get("token") == self._token:
                self._place.delete()

    @classmethod
    def refuse_if_held(cls, root: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Raise if a live driver holds the lease; takes nothing.

        Raises:
            RunDirectoryError: A live driver holds it.
        """
        holder = cls.holder(root, clock=clock)
        if holder is not None:
            raise _in_use(root, holder, clock=clock)

    def _refuse_if_held(self, place: LeasePlace) -> None:
        holder = _holder(place, clock=self._clock)
        if holder is not None:
            raise _in_use(self._root, holder, clock=self._clock)

    @staticmethod
    def holder(root: Path, *, clock: Callable[[], float] = time.time) -> dict[str, Any] | None:
        """Return who holds the lease of a run directory (host, pid, renewed_at, ...), or None.

        A process of this machine holds it while it lives, also when it is stopped or the machine
        slept; age decides about other machines, and where a system does not tell processes apart.

        Raises:
            RunDirectoryError: The lease cannot be read.
        """
        return _holder(place_for_lease(root), clock=clock)

    def _renew(self) -> None:
        while self._is_held and not self._stop.wait(RENEW_EVERY_S):
            with suppress(OSError):  # a slow or broken disk: the next renewal may succeed
                self._renew_once()

    def _renew_once(self) -> None:
        """Write the lease again if it is still ours, else note that it is lost."""
        if not self._place.is_there():
            self._is_held = False
            return
        with self._place.guard():
            if _read(self._place).get("token") != self._token:
                self._is_held = False
                return
            try:
                self._write()
            except FileExistsError:  # in a store: another driver was quicker, or we were, unheard
                self._is_held = _read(self._place).get("token") == self._token
            except OSError:
                pass  # a full disk: it is ours until another driver takes it

    def _write(self) -> None:
        now = self._clock()
        lease = {
            "token": self._token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "birth": birth(os.getpid()),
            "acquired_at": self._acquired_at,
            "renewed_at": now,
            "doing": self._doing,
        }
        self._place.write(json.dumps(lease).encode())
        self._renewed_at = now


def _holder(place: LeasePlace, *, clock: Callable[[], float]) -> dict[str, Any] | None:
    """Return who holds the lease that lies somewhere; see `Lease.holder`."""
    lease = _read(place)
    if not lease:
        return None
    if lease["host"] == socket.gethostname():
        born = birth(lease["pid"])
        if born is None:
            return None
        if UNKNOWN not in (born, lease["birth"]):
            return lease if born == lease["birth"] else None
    return None if _age_s(lease, clock) > EXPIRES_AFTER_S else lease


def _in_use(root: Path, holder: dict[str, Any], *, clock: Callable[[], float]) -> RunDirectoryError:
    return RunDirectoryError(
        f"{place_of(root)} is in use by process {holder['pid']} on {holder['host']}, which renewed "
        f"its lease {_age_s(holder, clock):.0f} s ago. Wait until it ends, or end it; then try "
        "again."
    )


def _read(place: LeasePlace) -> dict[str, Any]:
    try:
        lease = json.loads(place.read())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    except RunDirectoryError:
        raise  # the store says why
    except OSError as error:
        raise RunDirectoryError(
            f"{place.name} cannot be read: {error.strerror or error}, so it is not known "
            "whether another process is at work there. Ask for the right to read, or mend the "
            "disk; then try again."
        ) from error
    return lease if _is_whole(lease) else {}


def _is_whole(lease: object) -> bool:
    """Return whether it is what `Lease` writes; anything else was changed, and nobody holds it."""
    return (
        isinstance(lease, dict)
        and all(isinstance(lease.get(key), str) for key in ("token", "host", "birth"))
        and type(lease.get("pid")) is int
        and 0 < lease["pid"] < 1 << 31
        and isinstance(lease.get("renewed_at"), int | float)
    )


def _age_s(lease: dict[str, Any], clock: Callable[[], float]) -> float:
    return max(0.0, clock() - float(lease["renewed_at"]))
