"""How does one process ask another one, which is at work on a run directory, to end? By a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.remote.mirrored import MirroredStorage
from raysearch.run_dir.remote.session import Seldom
from raysearch.run_dir.storage import LocalStorage
from raysearch.run_dir.writable import unwritable

STOP = "stop"
"""Its name."""


class StopFile:
    """The file in a run directory that asks its driver to end.

    Args:
        storage: Of the run directory.
        path: The run directory, for messages.
        is_slow: Whether to look for it takes a while, as in an object store.
    """

    def __init__(
        self, storage: LocalStorage | MirroredStorage, *, path: Path, is_slow: bool
    ) -> None:
        self._storage = storage
        self._path = path
        self._is_slow = is_slow
        self._look = self._new_look()

    def write(self) -> None:
        """Ask for the end; safe to repeat.

        Raises:
            RunDirectoryError: The run directory cannot be written.
        """
        try:
            self._storage.put(STOP, b"")
        except OSError as error:
            raise unwritable(self._path, error) from error

    def is_there(self) -> bool:
        """Return whether somebody asks for the end; quick, and in a store a few seconds late."""
        return self._look()

    def remove(self) -> None:
        """Withdraw the request, if there is one.

        Raises:
            RunDirectoryError: It cannot be removed.
        """
        try:
            self._storage.delete(STOP)
        except IsADirectoryError as error:
            raise RunDirectoryError(
                f"{self._path / STOP} is a folder, where raysearch keeps the request to stop as a "
                "file. Move it elsewhere; then try again."
            ) from error
        except OSError as error:
            raise unwritable(self._path, error) from error
        self._look = self._new_look()  # what was seen before is over

    def _new_look(self) -> Callable[[], bool]:
        return Seldom(self._is_seen) if self._is_slow else self._is_seen

    def _is_seen(self) -> bool:
        return self._storage.exists(STOP)
