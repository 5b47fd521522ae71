"""Events that are gathered are written together, in order, and what follows waits for them."""

from __future__ import annotations

import threading

import pytest

from raysearch.run_dir.group_commit import GroupCommit
from raysearch.run_dir.journal import MemoryJournal


class Slow(MemoryJournal):
    """Writes when it is let, and notes each write."""

    def __init__(self, *, is_open=False):
        super().__init__()
        self.gate = threading.Event()
        self.writes: list[list[object]] = []
        self.fault: Exception | None = None
        if is_open:
            self.gate.set()

    def append(self, events):
        assert self.gate.wait(20)
        if self.fault is not None:
            raise self.fault
        self.writes.append(list(events))
        super().append(events)


def test_what_is_gathered_is_one_write_and_the_next_one_waits_for_it():
    journal = Slow()
    commit = GroupCommit(journal)
    with commit.gathered():
        commit.append(["a"])
        commit.append(["b", "c"])
        assert journal.events == []
    assert not commit.is_settled
    journal.gate.set()
    commit.append(["d"])
    assert commit.is_settled
    assert journal.writes == [["a", "b", "c"], ["d"]]


def test_what_is_to_follow_is_done_when_all_is_written():
    journal, done = Slow(), []
    commit = GroupCommit(journal)
    commit.afterwards(lambda: done.append("at once"))
    with commit.gathered():
        commit.append(["a"])
        commit.afterwards(lambda: done.append("removed"))
    assert done == ["at once"]
    commit.afterwards(lambda: done.append("and this"))
    journal.gate.set()
    commit.settle()
    assert done == ["at once", "removed", "and this"]
    with commit.gathered():  # of which nothing comes
        commit.afterwards(lambda: done.append("nothing to wait for"))
    assert done[-1] == "nothing to wait for"
    assert commit.is_settled


def test_nothing_follows_a_write_that_fails():
    journal, done = Slow(is_open=True), []
    journal.fault = OSError("the disk is full")
    commit = GroupCommit(journal)
    with commit.gathered():
        commit.append(["a"])
        commit.afterwards(lambda: done.append("removed"))
    commit.wait()
    assert commit.is_settled
    with pytest.raises(OSError, match="disk is full"):
        commit.settle()
    journal.fault = None
    with pytest.raises(OSError, match="disk is full"):
        commit.append(["b"])  # what it would follow is not there
    assert journal.events == []
    assert done == []


def test_what_was_gathered_before_an_error_is_written():
    journal = Slow(is_open=True)
    commit = GroupCommit(journal)

    def fails():
        with commit.gathered():
            commit.append(["a"])
            raise ValueError("of the engine")

    with pytest.raises(ValueError, match="of the engine"):
        fails()
    commit.settle()
    assert journal.events == ["a"]
