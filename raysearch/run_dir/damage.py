"""What if the journal is damaged in the middle, and how does a search go on from what is intact?

A write that was cut short is no damage: see `journal`. Damage is a line that another program or the
disk changed, or a segment that is gone. All before it is intact and can be looked at. Nothing is
written after it, unless a person asks for that: then the rest is set aside, and kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.events import CheckpointRemoved, CheckpointWritten, Event
from raysearch.run_dir.storage import Storage

ASIDE = "set-aside-{}"
"""Folder in the run directory for what is set aside, with a number from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Where a journal stops being readable."""

    key: str
    """The segment: "journal/000002.jsonl"."""
    line: int
    """Counted from 1; 0 if the segment is missing."""
    fault: str
    """What is wrong with it, as far as one can see."""
    intact: int
    """How many events before it are intact."""
    lines_after: int = 0
    """Whole lines behind it in its segment."""
    segments_after: tuple[str, ...] = ()
    """Segments behind it, in order."""

    def __str__(self) -> str:
        what = f"{self.key}, line {self.line} cannot be read: {self.fault}"
        if self.line == 0:
            what = f"{self.key} is missing, and later segments are there"
        return (
            f"{what}. The disk or another program changed it. The {_counted(self.intact, 'event')} "
            f"before it can be read; left out: {self._left_out()}."
        )

    def _left_out(self) -> str:
        parts = ["this line"] if self.line else []
        if self.lines_after:
            parts.append(f"{_counted(self.lines_after, 'line')} after it")
        if self.segments_after:
            parts.append(f"all of {', '.join(self.segments_after)}")
        return ", ".join(parts)


class JournalDamaged(RunDirectoryError):
    """A journal can be read up to a place only.

    Args:
        damage: Where that is.
        run: Path of the run directory, where it is known.
    """

    def __init__(self, damage: Damage, *, run: str = "RUN") -> None:
        self.damage = damage
        self.run = run
        super().__init__(
            f"{run}: {damage} Restore the file from a copy. Or, to go on from what is intact, with "
            f"the rest kept aside: `resume {run} --from-intact`."
        )


def set_aside(storage: Storage, *, events: Iterable[Event]) -> str | None:
    """Cut a journal where its damage begins, and keep the rest beside it.

    The caller holds the lease.

    Args:
        storage: Of the run directory.
        events: Of its journal, up to the damage.

    Returns:
        The folder in which it is now: "set-aside-1"; None if the journal is not damaged.

    Side effects:
        Moves the damaged segment, those behind it, and the checkpoints that only they speak of.
        If it is interrupted, the journal stays damaged in the same place, and it can be repeated.
    """
    kept: set[str] = set()
    try:
        for event in events:
            if isinstance(event, CheckpointWritten):
                kept.add(event.path)
            elif isinstance(event, CheckpointRemoved):
                kept.discard(event.path)
    except JournalDamaged as error:
        damage = error.damage
    else:
        return None
    folder = _new_folder(storage)
    for key in reversed(damage.segments_after):
        storage.move(key, f"{folder}/{key}")
    for key in [k for k in storage.keys("trials") if k.endswith(".ckpt") and k not in kept]:
        storage.move(key, f"{folder}/{key}")
    if damage.line:
        data = storage.read(damage.key)
        storage.put(f"{folder}/{damage.key}", data)
        storage.put(damage.key, b"".join(_lines(data)[: damage.line - 1]))
    return folder


def _lines(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")]


def _new_folder(storage: Storage) -> str:
    folders = map(ASIDE.format, itertools.count(1))
    return next(f for f in folders if next(iter(storage.keys(f)), None) is None)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
