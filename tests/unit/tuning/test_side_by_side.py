"""Much work, several pieces at once, in processes that are played by threads."""

from __future__ import annotations

import threading

import pytest

from raysearch.errors import RunDirectoryError, TrialFailed
from raysearch.tuning.side_by_side import side_by_side


class Worker:
    """Does what it is given."""

    def __init__(self, made):
        made.append(self)
        self.is_closed = threading.Event()

    def close(self):
        self.is_closed.set()


def taken(works, *, at_once):
    made = []
    found = list(side_by_side(works, make=lambda: Worker(made), at_once=at_once))
    return dict(found), made


def test_all_are_done_and_processes_are_used_again():
    found, made = taken([lambda worker, n=n: n * n for n in range(7)], at_once=2)
    assert found == {n: n * n for n in range(7)}
    assert len(made) == 2
    assert all(worker.is_closed.is_set() for worker in made)


def test_no_more_processes_than_work():
    assert len(taken([lambda worker: 1], at_once=8)[1]) == 1
    assert taken([], at_once=8) == ({}, [])


def test_several_are_at_work_at_once():
    meet = threading.Barrier(3, timeout=60)
    found, _ = taken([lambda worker: meet.wait() >= 0] * 3, at_once=3)
    assert found == {0: True, 1: True, 2: True}


def test_a_process_that_is_not_needed_any_more_makes_room_for_the_others():
    """Which may wait for what it holds, where a cluster is smaller than it was."""
    made = []

    def waits_for_room(worker):
        other = next(each for each in made if each is not worker)
        assert other.is_closed.wait(60)
        return 1

    works = [lambda worker: 0, waits_for_room]
    found = dict(side_by_side(works, make=lambda: Worker(made), at_once=2))
    assert found == {0: 0, 1: 1}


def test_what_comes_next_is_begun_before_anybody_looks_at_what_has_come():
    next_begun = threading.Event()
    works = [lambda worker: 0, lambda worker: next_begun.set()]
    found = side_by_side(works, make=lambda: Worker([]), at_once=1)
    assert next(found) == (0, 0)
    assert next_begun.wait(10.0)
    assert [place for place, _ in found] == [1]


def test_one_that_fails_says_so_and_the_others_go_on():
    def fails(worker):
        raise TrialFailed("no")

    found, _ = taken([fails, lambda worker: 2], at_once=1)
    assert str(found[0]) == "no"
    assert found[1] == 2


def test_a_full_disk_ends_all_and_what_is_still_at_work():
    made = []

    def is_full(worker):
        raise RunDirectoryError("the disk is full")

    def works_on(worker):
        worker.is_closed.wait(60)

    works = [works_on, is_full]
    with pytest.raises(RunDirectoryError, match="the disk is full"):
        list(side_by_side(works, make=lambda: Worker(made), at_once=2))
    assert all(worker.is_closed.is_set() for worker in made)


def test_whoever_stops_to_ask_ends_what_is_still_at_work():
    made = []
    works = [lambda worker: 1, lambda worker: worker.is_closed.wait(60)]
    outcomes = side_by_side(works, make=lambda: Worker(made), at_once=2)
    assert next(outcomes) == (0, 1)
    outcomes.close()
    assert all(worker.is_closed.is_set() for worker in made)
