"""What if the journal is damaged in the middle, and how does a search go on from what is intact?

A write that was cut short is no damage: see `journal`. Damage is a line that another program or the
disk changed, or a segment that is gone. All before it is intact and can be looked at. Nothing is
written after it, unless a person asks for that: then the rest is set aside, and kept.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.events import CheckpointRemoved, CheckpointWritten, Event, Refitted
from raysearch.run_dir.storage import Storage

ASIDE = "set-aside-{}"
"""Folder in the run directory for what is set aside, with a number from 1."""

WINNER = "winner"
"""Folder in the run directory for the winning model and what describes it."""

_OPENED_TEST = re.compile(rb'"event":"test(_opened|ed)"')


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
        if self.line:
            what = f"{self.key}, line {self.line} cannot be read: {self.fault}. The disk or "
            what += "another program may have changed it"
        else:
            what = f"{self.key} is missing, and later segments are there"
        return (
            f"{what}. The {_counted(self.intact, 'event')} before it can be read; left out: "
            f"{self._left_out()}."
        )

    def _left_out(self) -> str:
        parts = ["this line"] if self.line else []
        if self.lines_after:
            parts.append(f"{_counted(self.lines_after, 'line')} after it")
        if self.segments_after:
            parts.append(f"all of {', '.join(self.segments_after)}")
        return ", ".join(parts)


_RESUME = ("python", "-m", "raysearch", "resume")


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
            f"the rest kept aside: {shlex.join([*_RESUME, run, '--from-intact'])}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What was set aside."""

    folder: str
    """Where it is now, relative to the run directory: "set-aside-1"."""
    opened_test: bool
    """Whether it tells, as far as it can be read, that the test split was opened."""


def set_aside(
    storage: Storage, *, events: Iterable[Event], describes: Callable[[Refitted], bool]
) -> Aside | None:
    """Cut a journal where its damage begins, and keep the rest beside it.

    The caller holds the lease.

    Args:
        storage: Of the run directory.
        events: Of its journal, up to the damage.
        describes: Whether what is in `winner/` is the model that was handed over so.

    Returns:
        Where the rest is now; None if the journal is not damaged.

    Raises:
        RunDirectoryError: Something to be moved lies behind a link that leads out; nothing was
            moved.

    Side effects:
        Moves the damaged segment, those behind it, the checkpoints that only they speak of, and the
        winner if only they do. The journal comes last: if it is interrupted, the journal stays
        damaged in the same place, and it can be repeated.
    """
    known = _Known()
    try:
        for event in events:
            known.add(event)
    except JournalDamaged as error:
        damage = error.damage
    else:
        return None
    folder = _new_folder(storage)
    unknown = _unknown(storage, known=known, describes=describes)
    data = storage.read(damage.key) if damage.line else b""
    intact = _first_lines(data, damage.line - 1)
    rest = [data[len(intact) :], *map(storage.read, damage.segments_after)]
    for key in (*unknown, *reversed(damage.segments_after)):
        storage.move(key, f"{folder}/{key}")
    if damage.line:
        storage.put(f"{folder}/{damage.key}", data)
        storage.put(damage.key, intact)
    return Aside(folder=folder, opened_test=any(map(_OPENED_TEST.search, rest)))


class _Known:
    """The files that events speak of."""

    def __init__(self) -> None:
        self.checkpoints: set[str] = set()
        self.winner: Refitted | None = None

    def add(self, event: Event) -> None:
        """Take one more event into account."""
        if isinstance(event, CheckpointWritten):
            self.checkpoints.add(event.path)
        elif isinstance(event, CheckpointRemoved):
            self.checkpoints.discard(event.path)
        elif isinstance(event, Refitted):
            self.winner = event


def _unknown(
    storage: Storage, *, known: _Known, describes: Callable[[Refitted], bool]
) -> Sequence[str]:
    """Return the checkpoints, and the files of a winner, that no event speaks of."""
    checkpoints = (key for key in storage.keys("trials") if key.endswith(".ckpt"))
    lost = [key for key in checkpoints if key not in known.checkpoints]
    winner = list(storage.keys(WINNER))
    is_known = known.winner is not None and describes(known.winner)
    return lost if is_known else [*lost, *winner]


def _first_lines(data: bytes, n_lines: int) -> bytes:
    r"""Return the first lines of some bytes, each with its line break; all if there are fewer.

    Example:
        >>> _first_lines(b"one\ntwo\nthree", 2), _first_lines(b"one", 2), _first_lines(b"one", 0)
        (b'one\ntwo\n', b'one', b'')
    """
    end = 0
    for _ in range(n_lines):
        end = data.find(b"\n", end) + 1
        if not end:
            return data
    return data[:end]


def tells_of_test(storage: Storage) -> bool:
    """Return whether what was set aside of a journal tells that the test split was opened."""
    journals = (storage.keys(f"{ASIDE.format(n)}/journal") for n in itertools.count(1))
    aside = itertools.takewhile(bool, map(list, journals))
    keys = itertools.chain.from_iterable(aside)
    return any(_OPENED_TEST.search(storage.read(key)) for key in keys)


def _new_folder(storage: Storage) -> str:
    folders = map(ASIDE.format, itertools.count(1))
    return next(f for f in folders if next(iter(storage.keys(f)), None) is None)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
