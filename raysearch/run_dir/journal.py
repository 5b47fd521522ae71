"""What has happened so far, in order, whatever was killed on the way?

The journal is a folder of segments, one per driver session: `journal/000001.jsonl`. A segment only
grows, one flushed write at a time. A write that was cut short leaves a last line without its line
break; it was never acted on, and reading leaves it out. Each line has a checksum that begins with
that of the line before: see `checksums`. What is damaged otherwise: see `damage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import checksums
from raysearch.run_dir.damage import Damage, JournalDamaged
from raysearch.run_dir.events import SCHEMA_VERSION, Event, SearchStarted, TrialCreated
from raysearch.run_dir.lines import from_line, to_line
from raysearch.run_dir.storage import Appender, Storage

FOLDER = "journal"


class Journal:
    """The open journal of one driver session.

    Args:
        storage: Where the run directory lies. The caller holds its lease.
        is_ours: Whether the lease is still held; asked before each write.
        before: Given the events of each write in front of it: brings what they speak of to disk.

    Side effects:
        The first write opens a new segment; nothing is written before. After a write that failed
        nothing more is written: the segment may end in a part of a line, where only the next
        session, with its own segment, can go on.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        is_ours: Callable[[], bool] = lambda: True,
        before: Callable[[Sequence[Event]], None] = lambda events: None,
    ) -> None:
        self._storage = storage
        self._is_ours = is_ours
        self._before = before
        self._segment: Appender | None = None
        self._checksum = checksums.START
        self._fault: OSError | None = None

    def append(self, events: Iterable[Event]) -> None:
        """Write the events with one flush; when this returns they are on disk.

        Raises:
            RunDirectoryError: They could not be written, for instance because the disk is full;
                or an earlier write failed; or another process took the run directory over.
        """
        if self._fault is not None:
            raise RunDirectoryError(
                f"an earlier write to the journal failed ({self._fault}), so nothing more is "
                "written to it from here. What was journalled before is kept. Make room or mend "
                "the disk; then `resume` goes on from there."
            ) from self._fault
        events = list(events)
        lines = [to_line(event).encode() for event in events]
        try:
            self._refuse_if_taken()
            self._before(events)
            self._write(lines)
        except RunDirectoryError:
            raise  # refused before anything was written
        except OSError as error:
            self._fault = error
            with suppress(OSError):
                self.close()
            raise RunDirectoryError(
                f"the journal could not be written: {error}. What was measured before is kept. "
                "Make room or mend the disk; then `resume` goes on from there."
            ) from error

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do it: all events so far are written."""
        action()

    def _refuse_if_taken(self) -> None:
        if not self._is_ours():
            raise RunDirectoryError(
                "another process took the run directory over, or its lease.json was removed, so "
                "nothing more is written to it from here. What was journalled is kept. Wait until "
                "the other one ends; then try again."
            )

    def _write(self, lines: Sequence[bytes]) -> None:
        if self._segment is None:
            self._checksum = _last_checksum(self._storage)
            self._segment = self._storage.appender(_key(self._next_number()))
        data, checksum = bytearray(), self._checksum
        for line in lines:
            written, checksum = checksums.sealed(line, before=checksum)
            data += written + b"\n"
        self._segment.append(bytes(data))
        self._checksum = checksum

    def close(self) -> None:
        """Close the segment; a later append opens the next one."""
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _next_number(self) -> int:
        numbers = [_number(key) for key in self._storage.keys(FOLDER)]
        return max(numbers, default=0) + 1


def _last_checksum(storage: Storage) -> int:
    """Return what the last whole line of a journal leaves to the line that will follow it."""
    for key in sorted(storage.keys(FOLDER), key=_number, reverse=True):
        lines = _whole_lines(storage.read(key))
        if lines:
            return checksums.left_by(lines[-1])
    return checksums.START


class EventSink(Protocol):
    """What the engine writes to: a `Journal`, or a `MemoryJournal` in simulation."""

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events."""
        ...

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do something once all events so far are kept: now, or later."""
        ...


class MemoryJournal:
    """A journal that is a list, for simulation and for tests of search logic."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events."""
        self.events.extend(events)

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do it."""
        action()


def read_journal(storage: Storage) -> Iterator[Event]:
    """Yield all events of a run directory in order.

    Raises:
        JournalDamaged: Here the journal is damaged; all events before were yielded.
        RunDirectoryError: There is no journal or no event in it, its first line cannot be read,
            or its version is newer than this raysearch reads.
    """
    segments = sorted(storage.keys(FOLDER), key=_number)
    if not segments:
        raise RunDirectoryError(
            "there is no journal, so this is not a run directory, or its search never started. "
            "`list runs` shows the run directories here."
        )
    reading = _Reading(segments)
    for position, key in enumerate(segments):
        reading.check_number(position)
        lines = _whole_lines(storage.read(key))
        for number, line in enumerate(lines, start=1):
            try:
                event = reading.event(line, key=key)
            except (ValueError, RecursionError) as error:
                raise _damaged(
                    Damage(
                        key=key,
                        line=number,
                        fault=str(error),
                        intact=reading.intact,
                        lines_after=len(lines) - number,
                        segments_after=tuple(segments[position + 1 :]),
                    )
                ) from error
            yield event
    if not reading.intact:
        raise RunDirectoryError(
            "its search never started (no event in the journal is complete): it was ended as it "
            "began, or the disk was full. Nothing of it is lost; delete the folder and run again."
        )


class _Reading:
    """What is known while segments are read in order."""

    def __init__(self, segments: Sequence[str]) -> None:
        self.intact = 0
        """Events so far."""
        self._segments = segments
        self._checksum = checksums.START
        self._trials: set[str] = set()

    def check_number(self, position: int) -> None:
        """Raise if a segment is missing between one and the one before it."""
        before, key = self._segments[max(position - 1, 0)], self._segments[position]
        if self.intact and _number(key) != _number(before) + 1:
            raise JournalDamaged(
                Damage(
                    key=_key(_number(before) + 1),
                    line=0,
                    fault="missing",
                    intact=self.intact,
                    segments_after=tuple(self._segments[position:]),
                )
            )

    def event(self, line: bytes, *, key: str) -> Event:
        """Return the event of the next line.

        Raises:
            ValueError: The line was changed, holds none, one of a trial that was never created, or
                a beginning of what has begun.
        """
        if not self.intact:
            _check_start(from_line(line.decode()), key)
        self._checksum = checksums.checked(line, before=self._checksum)
        event = from_line(line.decode())
        if self.intact and isinstance(event, SearchStarted):
            raise ValueError("it starts the search, and a line before it does")
        trial: str | None = getattr(event, "trial", None)
        if isinstance(event, TrialCreated):
            if trial in self._trials:
                raise ValueError(f"it creates trial {trial}, and a line before it does")
            self._trials.add(event.trial)
        elif trial is not None and trial not in self._trials:
            raise ValueError(f"it is about trial {trial}, and no line before it creates that one")
        self.intact += 1
        return event


def _whole_lines(data: bytes) -> list[bytes]:
    """Return the lines that were written to their end.

    What follows the last line break is a write that was cut short and never acted on. After a power
    cut it may be zeros: the file has grown, and what was to fill it never came to disk.
    """
    return data.rstrip(b"\0").split(b"\n")[:-1]


def _damaged(damage: Damage) -> RunDirectoryError:
    if damage.intact:
        return JournalDamaged(damage)
    return RunDirectoryError(
        f"{damage.key}, line {damage.line} cannot be read: {damage.fault}. The disk or another "
        "program changed it, and nothing stands before it. Restore the file from a copy. "
        "experiment.yaml, if it is there, runs the same experiment again."
    )


def _check_start(event: Event, key: str) -> None:
    if not isinstance(event, SearchStarted):
        raise RunDirectoryError(
            f"{key} does not begin with the start of a search, so a segment before it is missing. "
            "Restore the journal folder from a copy."
        )
    if event.schema_version > SCHEMA_VERSION:
        raise RunDirectoryError(
            f"the journal has version {event.schema_version}; this raysearch reads up to "
            f"{SCHEMA_VERSION}. Open it with a newer version."
        )


def _key(number: int) -> str:
    return f"{FOLDER}/{number:06d}.jsonl"


def _number(key: str) -> int:
    stem = key.rsplit("/", 1)[-1].removesuffix(".jsonl")
    if not stem.isdigit():
        raise RunDirectoryError(
            f"{key} is not a segment of the journal, whose names are numbers. Move it elsewhere."
        )
    return int(stem)
