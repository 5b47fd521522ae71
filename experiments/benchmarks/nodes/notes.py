"""What do the notes of sleeping trials say of who had work, and when?

A note says what a process does from a time on: it "begins" a trial, "works" on an epoch, "rests"
from its end on, until it is told to go on or gets another trial, and "ends" the trial.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple, TypedDict


class Note(TypedDict):
    """A line that a process has written."""

    what: str
    node: str
    pid: int
    at: float
    """Unix time in seconds."""


class Gap(NamedTuple):
    """A time in which a node had nothing to do while trials waited."""

    node: str
    seconds: float
    is_new: bool
    """Whether another process went on after it, which had to start."""


def last_begin(notes: Sequence[Note]) -> float:
    """Return when the last trial began: until then trials waited."""
    return max(note["at"] for note in notes if note["what"] == "begins")


def gaps(notes: Sequence[Note], *, until: dict[str, float] | None = None) -> list[Gap]:
    """Return the times without work of each node, from its first measurement on.

    Each from the end of an epoch to the beginning of the next one on that node, whichever trial it
    is of; as long as trials wait, so up to the beginning of the last one.

    Args:
        notes: In order of time.
        until: When a node was removed, by its name.
    """
    found, end = [], last_begin(notes)
    for node in dict.fromkeys(note["node"] for note in notes):
        last = min(end, (until or {}).get(node, end))
        mine = [n for n in notes if n["node"] == node and n["what"] in ("works", "rests")]
        for before, after in itertools.pairwise([*mine, None]):
            if before is None or before["what"] != "rests" or before["at"] > last:
                continue
            is_new = after is not None and after["pid"] != before["pid"]
            resumed_at = last if after is None else min(last, after["at"])
            found.append(Gap(node=node, seconds=resumed_at - before["at"], is_new=is_new))
    return found


def rate(notes: Sequence[Note]) -> float | None:
    """Return epochs per second of all nodes, while all had begun and trials waited.

    Returns:
        None where the last trial began before some node had measured one.
    """
    ends = [note for note in notes if note["what"] == "rests"]
    firsts: dict[str, float] = {}
    for note in ends:
        firsts.setdefault(note["node"], note["at"])
    begin, end = max(firsts.values()), last_begin(notes)
    if end <= begin:
        return None
    return sum(begin < note["at"] <= end for note in ends) / (end - begin)
