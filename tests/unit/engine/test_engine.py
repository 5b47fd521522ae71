"""The engine journals before anything takes effect, keeps budgets, and resumes where it was."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.run_dir.journal import MemoryJournal
from raysearch.trial import DecisionKind, SearchStatus, TrialStatus
from tests.lab import Lab, StopBelow


def kinds(events):
    return [type(event).__name__ for event in events]


def test_a_trial_that_is_never_stopped_is_completed_at_the_last_epoch(lab):
    trial = lab.new_trial()
    decisions = [lab.report(trial, epoch, 0.5).kind for epoch in (1, 2, 3)]
    assert decisions == [DecisionKind.CONTINUE, DecisionKind.CONTINUE, DecisionKind.STOP]
    ended = lab.state.trials[trial]
    assert (ended.status, ended.reason) == (TrialStatus.COMPLETED, "trained all 3 epochs")
    assert ended.epochs == 3
    assert [t.id for t in lab.searcher.observed] == [trial]


def test_measurement_and_decision_are_one_write_before_the_answer():
    writes = []

    class Recording(MemoryJournal):
        def append(self, events):
            writes.append(kinds(events))
            super().append(events)

    lab = Lab(journal=Recording(), scheduler=StopBelow(0.4)).start()
    _default, trial = lab.new_trial(), lab.new_trial()
    writes.clear()
    lab.report(trial, 1, 0.3)
    assert writes[0][:4] == ["Measured", "CheckpointWritten", "Decided", "TrialEnded"]


def test_nothing_takes_effect_when_the_journal_cannot_be_written():
    class Full(MemoryJournal):
        is_full = False

        def append(self, events):
            if self.is_full:
                raise OSError("disk full")
            super().append(events)

    lab = Lab(journal=Full()).start()
    trial = lab.new_trial()
    lab.journal.is_full = True
    with pytest.raises(OSError, match="disk full"):
        lab.report(trial, 1, 0.5)
    assert lab.state.trials[trial].measurements == ()
    assert lab.removed == []


def test_a_value_that_is_not_finite_is_kept_and_is_the_worst(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, None)
    lab.report(trial, 2, 0.1)
    assert lab.state.trials[trial].best(lab.engine.plan.objective).epoch == 2


def test_the_trial_budget_ends_the_suggestions(lab):
    assert [lab.new_trial() for _ in range(4)] == ["0000", "0001", "0002", "0003"]
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "budget of 4 trials used"


def test_the_time_budget_interrupts_what_runs():
    lab = Lab(max_trials=None, max_seconds=120.0).start()
    trial = lab.new_trial()
    lab.clock.now += 119
    assert lab.report(trial, 1, 0.5).kind is DecisionKind.CONTINUE
    lab.clock.now += 2
    decision = lab.report(trial, 2, 0.6)
    assert (decision.kind, decision.reason) == (DecisionKind.STOP, "budget of 2 minutes used")
    cut_off = lab.state.trials[trial]
    assert (cut_off.status, cut_off.reason) == (TrialStatus.INTERRUPTED, decision.reason)
    assert lab.engine.next_trial() is None
    assert lab.searcher.observed == []  # it may yet go on


def test_what_a_limit_interrupted_goes_on_first_with_a_larger_budget():
    lab = Lab(max_total_epochs=2, max_trials=None).start()
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.6)
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    later = Lab(max_total_epochs=3, max_trials=None)
    later.engine.replay(lab.journal.events)
    assert [t.id for t in later.engine.resume(settings={})] == [trial]
    later.engine.attempt_started(trial, worker="b:2")
    assert later.state.trials[trial].reason is None
    later.report(trial, 3, 0.7)
    assert later.state.trials[trial].status is TrialStatus.COMPLETED


def test_pauses_between_sessions_do_not_count_as_time():
    lab = Lab(max_trials=None, max_seconds=120.0).start()
    lab.new_trial()
    lab.clock.now += 60
    lab.engine.end(SearchStatus.INTERRUPTED)
    later = Lab(max_trials=None, max_seconds=120.0)
    later.clock.now = lab.clock.now + 10_000
    later.engine.replay(lab.journal.events)
    later.engine.resume(settings={})
    later.clock.now += 59
    assert later.engine.stop_reason == ""
    later.clock.now += 2
    assert later.engine.stop_reason == "budget of 2 minutes used"


def test_refit_and_test_do_not_count_as_time(lab):
    lab.clock.now += 60
    lab.engine.end(SearchStatus.FINISHED)
    later = lab.clock.now + 100_000
    lab.engine.record(ev.TestOpened(at=later, trial="0000"))
    lab.engine.record(ev.Tested(at=later, trial="0000", values={}))
    assert lab.state.seconds == 60


def test_a_repeated_epoch_changes_nothing_but_the_checkpoint(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.6, size=None)
    lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="b:2")
    seen = len(lab.scheduler.seen)
    assert lab.report(trial, 2, 0.6).kind is DecisionKind.CONTINUE
    known = lab.state.trials[trial]
    assert [m.epoch for m in known.measurements] == [1, 2]
    assert known.checkpoints[-1].epoch == 2
    assert len(lab.scheduler.seen) == seen
    assert lab.state.epochs == 2


def test_listeners_hear_every_event_after_it_was_applied(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    assert lab.heard == lab.journal.events


def test_the_state_is_the_fold_of_the_journal():
    lab = Lab(scheduler=StopBelow(0.4), max_trials=6, checkpoint_budget_bytes=25).start()
    for value in (0.5, 0.3, 0.7, 0.1, 0.6):
        trial = lab.new_trial()
        for epoch in (1, 2, 3):
            if lab.report(trial, epoch, value + epoch / 100).kind is DecisionKind.STOP:
                break
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    lab.engine.end(SearchStatus.FINISHED, reason="done")
    assert fold(lab.journal.events) == lab.state


def test_an_interrupted_search_says_so_and_goes_on(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.end(SearchStatus.INTERRUPTED, reason="Ctrl-C")
    assert lab.state.status is SearchStatus.INTERRUPTED
    assert lab.state.trials[trial].status is TrialStatus.INTERRUPTED
    again = Lab()
    again.engine.replay(lab.journal.events)
    unfinished = again.engine.resume(settings={"name": "lab"}, changed=["budget.trials"])
    assert [t.id for t in unfinished] == [trial]
    assert again.state.status is SearchStatus.RUNNING
    again.engine.attempt_started(trial, worker="b:1")
    assert again.state.trials[trial].cause is None
    assert again.journal.events[0].changed == ("budget.trials",)


def test_a_listener_that_fails_costs_nothing_but_itself(caplog):
    lab = Lab().start()

    def broken(event, state):
        raise RuntimeError("the terminal went away")

    lab.engine._ledger._listeners.insert(0, broken)
    trial = lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(trial, epoch, 0.5)
    assert lab.state.trials[trial].status is TrialStatus.COMPLETED
    assert lab.heard == lab.journal.events
    assert [r.exc_info[1].args for r in caplog.records] == [("the terminal went away",)]


def test_what_is_told_late_of_an_attempt_does_not_revive_an_ended_trial(lab):
    trial = lab.new_trial()
    lab.engine.finished(trial, reason="early")
    ended = lab.state.trials[trial]
    lab.state.apply(ev.AttemptEnded(at=9e9, trial=trial, attempt=1, cause="interrupted"))
    lab.state.apply(ev.AttemptStarted(at=9e9, trial=trial, attempt=2))
    assert lab.state.trials[trial] == ended
    assert lab.state.live == {}


def test_a_repeated_epoch_does_not_outlast_the_time_budget():
    lab = Lab(max_trials=None, max_seconds=60.0).start()
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="b:2")
    lab.clock.now += 61
    assert lab.report(trial, 1, 0.5).kind is DecisionKind.STOP
    assert lab.state.trials[trial].reason == "budget of 1 minutes used"
