"""Trials that report at once share a write, and Ray hears of nothing before it is written."""

from __future__ import annotations

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import events as ev
from raysearch.run_dir.group_commit import GroupCommit
from raysearch.trial import TrialStatus
from raysearch.tuning import session
from tests.unit.run_dir.test_group_commit import Slow
from tests.unit.tuning.test_adapter import Controller, House

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune

N_TRIALS = 4


class Acting(Controller):
    """A controller that goes on with a trial when it is told to, as Ray's does."""

    def __init__(self, scheduler):
        super().__init__(scheduler)
        self.acted = []

    def _execute_action(self, trial, decision):
        self.acted.append((trial.trial_id, decision))


class Crowd(House):
    """A house with room for many trials, of which four train."""

    def __init__(self):
        self.slow = Slow(is_open=True)
        commit = GroupCommit(self.slow)
        super().__init__(journal=commit)
        self.session.commit = commit
        self.controller = Acting(self.scheduler)
        self.trials = [self.begin() for _ in range(N_TRIALS)]
        self.slow.writes.clear()

    def written(self):
        """Let the write that is under way end, and Ray's controller take a step."""
        self.slow.gate.set()
        self.session.commit.wait()
        self.slow.gate.clear()
        self.step()


@pytest.fixture
def crowd(monkeypatch):
    """As many trials as share writes."""
    crowd = Crowd()
    monkeypatch.setattr(session, "ALONE_UP_TO", N_TRIALS - 1)
    return crowd


def test_what_comes_during_a_write_shares_the_next_one(crowd):
    crowd.slow.gate.clear()
    answers = [crowd.report(trial, 1, 0.9) for trial in crowd.trials]
    assert answers == 4 * ["NOOP"]
    crowd.step()
    assert crowd.controller.acted == []  # nothing is written
    crowd.written()
    assert crowd.controller.acted == [("0000", "CONTINUE")]
    crowd.written()
    assert crowd.controller.acted[1:] == [(f"000{n}", "CONTINUE") for n in (1, 2, 3)]
    measured = [
        [event.trial for event in write if isinstance(event, ev.Measured)]
        for write in crowd.slow.writes
    ]
    assert measured == [["0000"], ["0001", "0002", "0003"]]


def test_listeners_hear_of_what_is_written_and_of_nothing_else(crowd):
    def heard():
        return [event.trial for event in crowd.lab.heard if isinstance(event, ev.Measured)]

    crowd.slow.gate.clear()
    for trial in crowd.trials[:2]:
        crowd.report(trial, 1, 0.9)
    assert crowd.lab.state.trials["0000"].epochs == 1  # as the engine knows
    assert heard() == []
    crowd.written()
    assert heard() == ["0000"]
    crowd.slow.fault = RunDirectoryError("the disk is full")
    crowd.written()
    assert heard() == ["0000"]


def test_one_that_is_stopped_is_freed_when_that_is_written(crowd):
    crowd.slow.gate.clear()
    crowd.report(crowd.trials[1], 1, 0.1)
    assert crowd.lab.state.trials["0001"].status is TrialStatus.STOPPED  # as the engine knows
    crowd.step()
    assert crowd.controller.stopped == []
    crowd.written()
    assert crowd.controller.stopped == ["0001"]


def test_of_a_lost_worker_what_it_has_said_counts_and_nothing_is_carried_out(crowd):
    crowd.slow.gate.clear()
    first, second, *_ = crowd.trials
    for trial in (first, second):
        crowd.report(trial, 1, 0.9)
    for trial in (first, second):  # of one the decision is held, of the other one the message
        crowd.slow.gate.set()
        trial.status = "ERROR"
        crowd.scheduler.on_trial_error(crowd.controller, trial)
    crowd.written()
    crowd.written()
    assert crowd.controller.acted == []
    trials = crowd.lab.state.trials
    assert (len(trials["0000"].measurements), len(trials["0001"].measurements)) == (1, 1)
    assert {trials[f"000{n}"].status for n in range(2)} == {TrialStatus.INTERRUPTED}


def test_a_write_that_fails_stops_the_session_and_nothing_is_carried_out(crowd):
    crowd.slow.fault = RunDirectoryError("the journal could not be written")
    crowd.report(crowd.trials[0], 1, 0.9)
    crowd.written()
    assert crowd.session.error is crowd.slow.fault
    assert crowd.controller.acted == []
    assert crowd.report(crowd.trials[1], 1, 0.9) == "NOOP"


def test_with_few_workers_the_answer_is_there_at_once():
    crowd = Crowd()
    assert crowd.report(crowd.trials[0], 1, 0.9) == "CONTINUE"
    assert crowd.report(crowd.trials[1], 1, 0.1) == "STOP"
