"""Which file of a run directory lies where?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.damage import WINNER, Aside, JournalDamaged, set_aside
from raysearch.run_dir.events import Event, Refitted
from raysearch.run_dir.journal import FOLDER as JOURNAL
from raysearch.run_dir.journal import Journal, read_journal
from raysearch.run_dir.lease import Lease
from raysearch.run_dir.orphans import remove_orphans
from raysearch.run_dir.remote.faults import Unreachable
from raysearch.run_dir.remote.mirrored import MirroredStorage
from raysearch.run_dir.remote.mirrors import mirror_at, mirror_for
from raysearch.run_dir.remote.session import publish, refuse_unusable, unreachable, uploading
from raysearch.run_dir.stop_file import StopFile
from raysearch.run_dir.storage import LocalStorage
from raysearch.run_dir.writable import refuse_unusable_folder, unwritable

PICTURES = f"{WINNER}/pictures"
"""Folder of what the winner draws of what it has learnt: PNG files."""


class RunDir:
    """The paths of one run directory, and its doors: storage, journal, lease.

    Args:
        place: The run directory, which need not exist yet: a path, or an address in an object store
            such as "s3://bucket/runs/digits-1". With an address, `path` is a folder of this machine
            that stands for it (see `remote.mirror`).
    """

    def __init__(self, place: str | Path) -> None:
        mirror = mirror_for(place)
        self.path = Path(place) if mirror is None else mirror.path
        self.mirror = mirror or mirror_at(self.path)
        self.storage: LocalStorage | MirroredStorage = (
            LocalStorage(self.path.absolute())
            if self.mirror is None
            else MirroredStorage(self.mirror)
        )
        self._stop = StopFile(self.storage, path=self.path, is_slow=self.mirror is not None)

    def __repr__(self) -> str:
        return f"RunDir({str(self)!r})"

    def __str__(self) -> str:
        """Return the run directory as a person writes it: its path or its address."""
        return str(self.path) if self.mirror is None else str(self.mirror.address)

    def __fspath__(self) -> str:
        return str(self.path)

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
        return self.path / WINNER

    def trial(self, trial: str) -> Path:
        """Checkpoints, log and error of one trial."""
        return self.path / "trials" / trial

    def has_search(self) -> bool:
        """Return whether a search was started here: its journal has at least one whole line.

        Cheap: looks at the first line of each segment, and at no more than 1 MB of it.

        Raises:
            RunDirectoryError: It is in a store that cannot be asked.
        """
        if self.mirror is not None:
            try:
                return any(True for _ in self.storage.keys(JOURNAL))
            except Unreachable as error:
                raise unreachable(self.mirror, error) from error
        return any(_has_line(path) for path in sorted((self.path / JOURNAL).glob("*.jsonl")))

    def refuse_if_unusable(self) -> None:
        """Raise if nothing can be written here; asked before anything is started.

        Raises:
            RunDirectoryError: The path, or a parent, is not a folder, or the folder that it would
                be written to cannot be written; or a store does not allow it.
        """
        if self.mirror is not None:
            refuse_unusable(self.mirror)
            return
        refuse_unusable_folder(self.path)

    def request_stop(self) -> None:
        """Ask the driver that is at work here to end; safe to repeat.

        It sees that within a second or so, longer on a network file system. Trials in training are
        then interrupted, and `resume` goes on with them.

        Raises:
            RunDirectoryError: No driver is at work here, or the folder cannot be written.

        Side effects:
            Writes the file `stop`, atomically; the driver removes it.
        """
        if Lease.holder(self.path.absolute()) is None:
            raise RunDirectoryError(
                f"no search is running in {self}, so there is nothing to stop. Whatever was "
                "measured there is kept, and `resume` goes on with it."
            )
        self._stop.write()

    def is_stop_requested(self) -> bool:
        """Return whether the driver at work here was asked to end; costs one look at a file.

        In a store that is looked at every few seconds, in a thread.
        """
        return self._stop.is_there()

    def journal(self) -> Journal:
        """Return a journal to write to; the caller holds the lease."""
        return Journal(self.storage)

    def fetched(self, key: str) -> Path:
        """Return the path of a file, which is brought here first if it lies in a store."""
        return self.path / key if self.mirror is None else self.mirror.fetched(key)

    def fetch_below(self, folder: str, *, up_to_bytes: int | None = None) -> None:
        """Bring the files below a folder here, but for longer ones, if they lie in a store."""
        if self.mirror is not None:
            self.mirror.pull(folder, up_to_bytes=up_to_bytes)

    def bring(self, key: str) -> None:
        """Bring a file that was written by its path to where the run directory lies."""
        if self.mirror is not None:
            self.mirror.push_if_changed(key)

    def bring_all(self) -> None:
        """Bring everything that was written by its path to where the run directory lies."""
        if self.mirror is not None:
            self.mirror.push_changes()

    def remove(self, key: str) -> None:
        """Delete a checkpoint that the journal says is removed; in a store a thread does it."""
        if self.mirror is None:
            self.storage.delete(key)
        else:
            self.mirror.delete_later(key)

    def size_of(self, key: str) -> int | None:
        """Return how many bytes a file has; None if there is none. Nothing is brought here."""
        if self.mirror is not None:
            return self.mirror.size_of(key)
        path = self.path / key
        return path.stat().st_size if path.is_file() else None

    @contextmanager
    def writing(self, *, doing: str = "") -> Iterator[Journal]:
        """Hold the lease, and yield the journal to write to.

        A request to stop is for the driver that holds the lease, and for no other: one that is left
        over is withdrawn at the beginning and at the end.

        Args:
            doing: What for, as `Lease` has it.

        Raises:
            RunDirectoryError: Another process is at work here, or the folder cannot be written:
                it is a file, the disk is full or read-only, or others own it.

        Side effects:
            Opens a new segment of the journal with the first event; removes the file `stop`. A
            folder that it had to make is removed again if nothing was written.
        """
        is_new = not self.path.exists()
        lease = self.lease(doing=doing)
        try:
            lease.acquire()
        except RunDirectoryError:
            raise
        except OSError as error:
            raise unwritable(self.path, error) from error
        mirror = self.mirror
        before = (lambda events: None) if mirror is None else partial(publish, mirror)
        journal = Journal(self.storage, is_ours=lease.is_held, before=before)
        try:
            self._stop.remove()
            with nullcontext() if mirror is None else uploading(mirror):
                yield journal
        finally:
            try:
                journal.close()
            finally:
                with suppress(OSError, RunDirectoryError):
                    if lease.is_held():  # else a request is another driver's
                        self._stop.remove()
                lease.release()
                if is_new:
                    with suppress(OSError):  # it is not empty
                        self.path.rmdir()

    def lease(self, *, doing: str = "") -> Lease:
        """Return a lease, not yet acquired."""
        return Lease(self.path.absolute(), doing=doing)

    def events(self) -> Iterator[Event]:
        """Yield everything that happened here, in order.

        Raises:
            JournalDamaged: Here the journal is damaged; all events before were yielded.
            RunDirectoryError: There is no search here, or its journal cannot be read.
        """
        if not self.path.is_dir():
            raise RunDirectoryError(
                f"{self} does not exist. Give the path of a run directory; "
                "`list runs` shows those here."
            )
        try:
            yield from read_journal(self.storage)
        except JournalDamaged as error:
            raise JournalDamaged(error.damage, run=str(self)) from error
        except RunDirectoryError as error:
            raise RunDirectoryError(f"{self}: {error}") from error
        except OSError as error:
            raise RunDirectoryError(
                f"{self}: the journal cannot be read: {error}. Ask for the right to read, or "
                "mend the disk; then try again."
            ) from error

    def set_damage_aside(self, *, describes: Callable[[Refitted], bool]) -> Aside | None:
        """Cut the journal where its damage begins, so that the search can go on from there.

        Args:
            describes: Whether what is in `winner/` is the model that was handed over so.

        Returns:
            The new folder, inside the run directory, that holds the damaged segment, those behind
            it, and the checkpoints and the winner that only they speak of; None if there is no
            damage.

        Raises:
            RunDirectoryError: Another process is at work here, the folder cannot be written, or
                something to be moved lies behind a link that leads out.

        Side effects:
            Takes the lease meanwhile; moves files, and deletes none.
        """
        with self.writing():
            try:
                return set_aside(self.storage, events=self.events(), describes=describes)
            except RunDirectoryError:
                raise
            except OSError as error:
                raise unwritable(self.path, error) from error

    def remove_orphans(self, kept: Collection[str]) -> list[str]:
        """Delete checkpoints that no event speaks of, and what killed processes left half-written.

        Only to be called under the lease, and before any worker of this session writes.

        Args:
            kept: Paths to leave, relative to the run directory, as the journal has them:
                "trials/0007/epoch-0009.ckpt".

        Returns:
            What was deleted, sorted, in the form of `kept`.

        Side effects:
            Deletes files; safe to repeat. One that cannot be deleted stays until the next time.
        """
        return remove_orphans(self.storage, kept=kept, is_in_store=self.mirror is not None)


def _has_line(segment: Path) -> bool:
    try:
        with segment.open("rb") as file:
            return file.readline(1 << 20).endswith(b"\n")
    except OSError:
        return True  # reading it will say why it cannot be read; it is nothing to write over
