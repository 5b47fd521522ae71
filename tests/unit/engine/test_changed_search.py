"""After a resume with another space, searcher or scheduler: who is told what, and what is kept."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.schedulers.asha import ASHA
from raysearch.space import Int, Space
from raysearch.trial import SearchStatus, TrialStatus
from tests.lab import ACCURACY, SPACE, Counting, Lab, StopBelow

WIDE = Space({"width": Int(1, 200, default=50)})
NARROW = Space({"width": Int(2, 40, default=20)})


def changed(lab, **parts):
    """The search taken up with other parts, on a journal of its own."""
    again = Lab(**parts)
    again.journal.append(lab.journal.events)
    again.engine.replay(lab.journal.events)
    again.engine.resume(settings=lab.settings, changed=["space.width"])
    return again


@pytest.fixture
def begun(lab):
    """Widths 50 (the default), 1 and 2 have ended; 3 is in training."""
    for value in (0.5, 0.6, 0.7):
        trial = lab.new_trial()
        for epoch in (1, 2, 3):
            lab.report(trial, epoch, value)
    lab.report(lab.new_trial(), 1, 0.8)
    return lab


def resumed_event(lab):
    [event] = [e for e in lab.journal.events if isinstance(e, ev.SearchResumed)]
    return event


def test_another_space_is_in_the_journal_and_one_that_stays_is_not(begun):
    assert resumed_event(changed(begun)).space is None
    again = changed(begun, space=NARROW)
    assert resumed_event(again).space == NARROW.to_json()
    assert begun.state.space == SPACE.to_json()
    assert again.state.space == fold(again.journal.events).space == NARROW.to_json()


def test_the_space_of_the_last_change_stays(begun):
    narrow = changed(begun, space=NARROW)
    third = changed(narrow, space=NARROW)
    assert [e.space for e in third.journal.events if isinstance(e, ev.SearchResumed)] == [
        NARROW.to_json(),
        None,
    ]
    assert third.state.space == NARROW.to_json()


def test_the_searcher_is_told_of_what_lies_in_the_space(begun):
    again = changed(begun, space=NARROW, max_trials=9)
    assert [t.configuration["width"] for t in again.searcher.observed] == [2]
    assert again.engine.next_trial().configuration == {"width": 4}
    assert again.searcher.pending == [["0003"]]
    assert len(again.state.trials) == 5


def test_trials_outside_go_on_and_stay_in_the_record(lab):
    trial = lab.new_trial()  # the default, 50
    lab.report(trial, 1, 0.9)
    again = changed(lab, space=Space({"width": Int(1, 40)}), max_trials=2)
    assert [t.id for t in again.state.live.values()] == [trial]
    again.engine.attempt_started(trial, worker="b:1")
    assert again.engine.next_trial() is not None
    assert again.searcher.pending == [[]]
    for epoch in (2, 3):
        again.report(trial, epoch, 0.9)
    assert again.state.trials[trial].status is TrialStatus.COMPLETED
    assert again.searcher.observed == []
    assert again.state.spent.best_trial == trial


def test_what_was_outside_is_told_when_it_lies_inside_again(begun):
    narrow = changed(begun, space=NARROW)
    narrow.engine.end(SearchStatus.INTERRUPTED)
    again = changed(narrow, space=WIDE)
    assert [t.configuration["width"] for t in again.searcher.observed] == [50, 1, 2]


def test_another_searcher_is_told_of_all_that_ended(begun):
    again = changed(begun, searcher=Counting(last=3))
    assert [t.id for t in again.searcher.observed] == ["0000", "0001", "0002"]
    assert again.engine.next_trial() is None  # this one has nothing left for number 4


def test_the_next_point_is_the_one_that_nobody_tried(lab):
    points = [{"width": 7}, {"width": 9}]
    first = Lab(points=points, max_trials=9).start()
    widths = [first.engine.next_trial().configuration["width"] for _ in range(2)]
    assert widths == [50, 7]
    again = changed(first, space=NARROW, points=points[1:], max_trials=9)
    assert again.engine.next_trial().configuration == {"width": 9}
    assert again.engine.next_trial().origin == {"kind": "counting"}


def test_another_default_is_not_tried_in_the_middle_of_a_search(begun):
    again = changed(begun, space=NARROW, max_trials=9)
    assert again.engine.next_trial().origin == {"kind": "counting"}


# ---- schedulers


def test_another_scheduler_sees_all_measurements_and_ends_nothing_that_has_ended(begun):
    again = changed(begun, scheduler=StopBelow(0.65))
    assert again.scheduler.seen == begun.scheduler.seen
    assert [t.status for t in again.state.ended] == [TrialStatus.COMPLETED] * 3
    assert [t.id for t in again.state.live.values()] == ["0003"]


def test_it_judges_a_trial_in_training_by_its_last_measurement(begun):
    again = changed(begun, scheduler=StopBelow(0.85))
    [_, ended] = again.journal.events[len(begun.journal.events) :]
    assert (ended.trial, ended.status, ended.reason) == ("0003", "stopped", "below 0.85")
    assert again.engine.resume(settings={}) == []


def test_a_decision_that_is_in_the_journal_is_not_taken_again():
    former = Lab(scheduler=ASHA(objective=ACCURACY, max_epochs=3), max_trials=2).start()
    for value in (0.5, 0.8):
        assert former.report(former.new_trial(), 1, value).reason.startswith("rung 1: rank 1")
    again = changed(former, scheduler=StopBelow(0.9))
    assert again.scheduler.seen == [("0000", 1), ("0001", 1)]
    assert [t.id for t in again.state.live.values()] == ["0000", "0001"]


def test_its_rungs_are_filled_with_what_was_measured(begun):
    asha = ASHA(objective=ACCURACY, max_epochs=3, reduction_factor=2)
    again = changed(begun, scheduler=asha, max_trials=9)
    decision = again.report(again.new_trial(), 1, 0.65)
    assert decision.reason == "rung 1: rank 3 of 5, cutoff 0.7"
