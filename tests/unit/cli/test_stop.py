"""`stop` from another terminal; the driver is a thread that does what a driver would."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from raysearch.run_dir import RunDir
from raysearch.run_dir.lease import SEARCHING
from raysearch.trial import SearchStatus
from tests.recorded import Recorded


@pytest.fixture
def running(folder):
    """A search that has begun, in runs/small-1."""
    search = Recorded(folder / "runs" / "small-1")
    search.trial(0.5)
    search.begin(0.4)
    return search


@contextmanager
def at_work(search):
    """Hold the lease, as a driver does."""
    lease = search.run_dir.lease()
    lease.acquire()
    try:
        yield lease
    finally:
        lease.release()


@contextmanager
def in_thread(drive, *, run_dir):
    """Run a driver beside the test: it yields once it is at work, and goes on when asked to end."""

    def run():
        for _ in drive():
            ready.set()
            while not run_dir.is_stop_requested():
                time.sleep(0.01)

    ready = threading.Event()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert ready.wait(5)
        yield
    finally:
        thread.join(5)
        if thread.is_alive():  # the test failed, and asked for no end
            run_dir.storage.put("stop", b"")
            thread.join()


@contextmanager
def driver_of(search):
    """Hold the lease until somebody asks for the end, and end the search then."""

    def drive():
        with at_work(search):
            yield
            search.engine.end(SearchStatus.STOPPED, reason="`stop` asked for it")
            search.journal.close()

    with in_thread(drive, run_dir=search.run_dir):
        yield


def test_it_waits_until_the_driver_has_ended_and_says_how_to_go_on(cli, running):
    with driver_of(running):
        outcome = cli("stop small-1")
        assert (outcome.status, outcome.err) == (0, "")
        lines = outcome.out.splitlines()
        assert lines[0].startswith("Waiting for process ")
        assert lines[2] == "runs/small-1: stopped: `stop` asked for it"
        assert lines[3].endswith("1 interrupted, 1 completed") or "1 completed" in lines[3]
        assert "go on      python -m raysearch resume runs/small-1" in lines
        assert (
            "hand over  python -m raysearch refit runs/small-1  # trial 0000, the best so far"
        ) in lines


def test_without_a_driver_there_is_nothing_to_stop(cli, search):
    outcome = cli("stop small-1")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("runs/small-1 is not at work, so there is nothing to stop.\n")
    assert "runs/small-1: finished: budget of 8 trials used" in outcome.out
    assert "go on      python -m raysearch resume runs/small-1 budget.trials=" in outcome.out
    assert not search.run_dir.is_stop_requested()


def test_it_need_not_wait(cli, running):
    with at_work(running):
        outcome = cli("stop small-1 --no-wait")
        assert outcome.status == 0
        assert "was asked to save all trials of runs/small-1 and to end" in outcome.out
        assert running.run_dir.is_stop_requested()


def test_it_does_not_wait_for_ever(cli, running):
    with at_work(running):
        began_at = time.monotonic()
        outcome = cli("stop small-1 --timeout 1")
        assert outcome.status == 1
        assert 1 <= time.monotonic() - began_at < 5
        assert "is still at work after 1 s." in outcome.out


def test_a_winner_that_is_being_handed_over_is_left_alone(cli, search):
    with at_work(search):
        outcome = cli("stop small-1")
        assert outcome.status == 0
        assert "The search in runs/small-1 has ended; process " in outcome.out
        assert "refits or tests its winner" in outcome.out
        assert not search.run_dir.is_stop_requested()


@contextmanager
def starting(path, *, then=lambda run_dir: None):
    """Hold the lease as a driver session does while Ray starts, until somebody asks for the end."""

    def drive():
        with RunDir(path).writing(doing=SEARCHING):
            yield
            then(RunDir(path))

    with in_thread(drive, run_dir=RunDir(path)):
        yield


@pytest.mark.parametrize("name", ["runs/new-1", "new-1"])
def test_a_search_that_is_about_to_begin_is_asked_too(cli, folder, name):
    with starting(folder / "runs" / "new-1"):
        outcome = cli(f"stop {name}")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("Waiting for process ")
    assert outcome.out.endswith("ended before its search began; nothing is in runs/new-1.\n")
    assert not (folder / "runs" / "new-1").exists()


def test_one_that_began_meanwhile_says_how_to_go_on(cli, folder):
    def begin_and_end(run_dir):
        search = Recorded(run_dir.path)
        search.engine.end(SearchStatus.STOPPED, reason="`stop` asked for it")
        search.journal.close()

    with starting(folder / "runs" / "new-1", then=begin_and_end):
        outcome = cli("stop new-1")
    assert "runs/new-1: stopped: `stop` asked for it" in outcome.out
    assert "go on    python -m raysearch resume runs/new-1" in outcome.out


def test_a_finished_search_that_is_about_to_go_on_is_asked_and_one_that_is_handed_over_is_not(
    cli, search
):
    with starting(search.run_dir.path):
        assert cli("stop small-1").out.startswith("Waiting for process ")
    with search.run_dir.writing():
        assert "refits or tests its winner, which `stop` does not" in cli("stop small-1").out


def test_a_folder_without_a_search_and_without_a_driver_is_no_run(cli, folder):
    (folder / "runs" / "new-1").mkdir(parents=True)
    outcome = cli("stop new-1")
    assert outcome.status == 2
    assert "is not a run directory" in outcome.err
