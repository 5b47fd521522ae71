"""Which file of a run directory lies where?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import FOLDER as JOURNAL
from raysearch.run_dir.journal import Journal, read_journal
from raysearch.run_dir.lease import Lease
from raysearch.run_dir.storage import LocalStorage


class RunDir:
    """The paths of one run directory, and its doors: storage, journal, lease.

    Args:
        path: The run directory, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.storage = LocalStorage(path.absolute())

    @property
    def experiment_file(self) -> Path:
        """The resolved settings."""
        return self.path / "experiment.yaml"

    @property
    def tensorboard(self) -> Path:
        """Event files, a folder for each trial."""
        return self.path / "tensorboard"

    @property
    def winner(self) -> Path:
        """The winning model and all that belongs to it."""
        return self.path / "winner"

    def trial(self, trial: str) -> Path:
        """Checkpoints, log and error of one trial."""
        return self.path / "trials" / trial

    def has_search(self) -> bool:
        """Return whether a search was started here."""
        return (self.path / JOURNAL).is_dir()

    def journal(self) -> Journal:
        """Return a journal to write to; the caller holds the lease."""
        return Journal(self.storage)

    @contextmanager
    def writing(self) -> Iterator[Journal]:
        """Hold the lease, and yield the journal to write to.

        Raises:
            RunDirectoryError: Another process is at work here, or the folder cannot be written.

        Side effects:
            Opens a new segment of the journal with the first event.
        """
        lease = self.lease()
        try:
            lease.acquire()
        except PermissionError as error:
            raise RunDirectoryError(
                f"{self.path} cannot be written: {error.strerror}. Reading it needs no more than "
                "it has; for anything else work on a copy, or ask for the right to write."
            ) from error
        journal = Journal(self.storage, is_ours=lambda: not lease.is_lost)
        try:
            yield journal
        finally:
            journal.close()
            lease.release()

    def lease(self) -> Lease:
        """Return a lease, not yet acquired."""
        return Lease(self.path.absolute())

    def events(self) -> Iterator[Event]:
        """Yield everything that happened here, in order.

        Raises:
            RunDirectoryError: There is no search here, or its journal cannot be read.
        """
        if not self.path.is_dir():
            raise RunDirectoryError(
                f"{self.path} does not exist. Give the path of a run directory; "
                "`list runs` shows those here."
            )
        try:
            yield from read_journal(self.storage)
        except RunDirectoryError as error:
            raise RunDirectoryError(f"{self.path}: {error}") from error
