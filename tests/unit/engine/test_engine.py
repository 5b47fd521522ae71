"""The engine journals before anything takes effect, keeps budgets, and resumes where it was."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.errors import SearchAborted
from raysearch.run_dir import events as ev
from raysearch.run_dir.journal import MemoryJournal
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers import WAIT
from raysearch.searchers.ranking import rank
from raysearch.trial import DecisionKind, Measurement, SearchStatus, Suggestion, TrialStatus
from tests.lab import ACCURACY, Counting, Lab, StopBelow

STEADY = NoScheduler(objective=ACCURACY, max_epochs=3)


def kinds(events):
    return [type(event).__name__ for event in events]


def test_the_first_trial_is_the_default_configuration(lab):
    first, second = lab.engine.next_trial(), lab.engine.next_trial()
    assert (first.id, first.configuration, first.origin) == (
        "0000",
        {"width": 50},
        {"kind": "default"},
    )
    assert (second.id, second.configuration) == ("0001", {"width": 1})
    assert lab.searcher.pending == [["0000"]]


def test_a_trial_that_is_never_stopped_is_completed_at_the_last_epoch(lab):
    trial = lab.new_trial()
    decisions = [lab.report(trial, epoch, 0.5).kind for epoch in (1, 2, 3)]
    assert decisions == [DecisionKind.CONTINUE, DecisionKind.CONTINUE, DecisionKind.STOP]
    ended = lab.state.trials[trial]
    assert (ended.status, ended.reason) == (TrialStatus.COMPLETED, "trained all 3 epochs")
    assert ended.epochs == 3
    assert [t.id for t in lab.searcher.observed] == [trial]


def test_a_stopped_trial_keeps_the_schedulers_reason():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    _default, trial = lab.new_trial(), lab.new_trial()
    decision = lab.report(trial, 1, 0.3)
    assert (decision.kind, decision.reason) == (DecisionKind.STOP, "below 0.4")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.reason, ended.epochs) == (TrialStatus.STOPPED, "below 0.4", 1)


def test_the_default_is_not_stopped_since_all_are_compared_with_it():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    default = lab.new_trial()
    decision = lab.report(default, 1, 0.3)
    assert decision.kind is DecisionKind.CONTINUE
    assert decision.reason == "below 0.4; goes on, as the default that all are compared with"
    assert lab.report(default, 2, None).kind is DecisionKind.STOP


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


def test_a_missing_metric_aborts_and_names_what_was_reported(lab):
    trial = lab.new_trial()
    wrong = Measurement(epoch=1, step=1, values={"val_acc": 0.5, "val/loss": 1.0}, seconds=1.0)
    with pytest.raises(SearchAborted, match=r'"val/accuracy".*val/loss, val_acc.*Set objective'):
        lab.engine.measured(trial, wrong)
    assert lab.state.trials[trial].measurements == ()


def test_a_value_that_is_not_finite_is_kept_and_is_the_worst(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, None)
    lab.report(trial, 2, 0.1)
    assert lab.state.trials[trial].best(lab.engine.plan.objective).epoch == 2


def test_a_trial_that_is_not_finite_at_its_end_has_failed_and_keeps_its_best():
    lab = Lab(scheduler=STEADY, max_trials=9).start()
    completed, early, recovered = (lab.new_trial() for _ in range(3))
    for epoch, value in enumerate((0.5, 0.6, None), start=1):
        lab.report(completed, epoch, value)
    lab.report(early, 1, None)
    lab.engine.finished(early, reason="training ended early")
    for epoch, value in enumerate((None, 0.5), start=1):
        lab.report(recovered, epoch, value)
    lab.engine.finished(recovered, reason="training ended early")
    trials = lab.state.trials
    for trial, reason in ((completed, "trained all 3 epochs"), (early, "training ended early")):
        ended = trials[trial]
        assert (ended.status, ended.cause) == (TrialStatus.FAILED, "not finite")
        assert (ended.error, ended.reason) == ("not finite: val/accuracy", reason)
    assert trials[completed].best(ACCURACY).epoch == 2
    assert [c.epoch for c in trials[completed].checkpoints] == [2]
    assert trials[recovered].status is TrialStatus.COMPLETED
    told = {t.id: rank(t, objective=ACCURACY) for t in lab.searcher.observed}
    assert sorted(told, key=told.get) == [recovered, completed, early]


def test_first_trials_that_are_not_finite_abort_like_any_failure():
    lab = Lab(scheduler=STEADY, abort_after=3, max_trials=20).start()
    running = lab.new_trial()
    lab.report(running, 1, None)
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    lab.engine.finished(diverged(lab), reason="training ended early")
    with pytest.raises(SearchAborted, match=r"first 3 trials all failed.*not finite: val/accuracy"):
        lab.engine.finished(diverged(lab), reason="training ended early")
    assert lab.state.is_failing
    assert lab.state.live.keys() == {running}


def test_trials_that_were_good_before_they_diverged_do_not_abort():
    lab = Lab(scheduler=STEADY, abort_after=2, max_trials=20).start()
    for _ in range(4):
        lab.engine.finished(diverged(lab, 0.5), reason="training ended early")
    assert not lab.state.is_failing
    assert {t.status for t in lab.state.trials.values()} == {TrialStatus.FAILED}


def diverged(lab, *values):
    """Return a new trial that has reported these values, and then one that is not finite."""
    trial = lab.new_trial()
    for epoch, value in enumerate((*values, None), start=1):
        lab.report(trial, epoch, value)
    return trial


def test_the_trial_budget_ends_the_suggestions(lab):
    assert [lab.new_trial() for _ in range(4)] == ["0000", "0001", "0002", "0003"]
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "budget of 4 trials used"


def test_the_time_budget_stops_what_runs():
    lab = Lab(max_trials=None, max_seconds=120.0).start()
    trial = lab.new_trial()
    lab.clock.now += 119
    assert lab.report(trial, 1, 0.5).kind is DecisionKind.CONTINUE
    lab.clock.now += 2
    decision = lab.report(trial, 2, 0.6)
    assert (decision.kind, decision.reason) == (DecisionKind.STOP, "budget of 2 minutes used")
    assert lab.state.trials[trial].status is TrialStatus.STOPPED
    assert lab.engine.next_trial() is None


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


def test_an_exhausted_searcher_ends_the_suggestions():
    lab = Lab(searcher=Counting(last=1)).start()
    assert [lab.new_trial() for _ in range(2)] == ["0000", "0001"]
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "the searcher has nothing left to suggest"


def test_waiting_is_not_the_end_while_a_trial_is_pending():
    class Waiting(Counting):
        def suggest(self, *, number, pending):
            return WAIT

    lab = Lab(searcher=Waiting()).start()
    trial = lab.new_trial()
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == ""
    lab.engine.failed(trial, cause="exception", error="E")
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "the searcher has nothing left to suggest"


def test_a_suggestion_outside_the_space_is_the_searchers_fault(lab):
    lab.new_trial()
    lab.searcher.suggest = lambda **_: Suggestion(configuration={"width": 1000})
    with pytest.raises(SearchAborted, match=r"Counting suggested.*1000.*0001"):
        lab.engine.next_trial()


def test_a_failure_is_a_result_and_the_search_goes_on(lab):
    good, bad = lab.new_trial(), lab.new_trial()
    lab.report(good, 1, 0.5)
    lab.engine.failed(bad, cause="exception", error="ValueError: x (net.py, line 3)")
    ended = lab.state.trials[bad]
    assert (ended.status, ended.cause) == (TrialStatus.FAILED, "exception")
    assert ended.error == "ValueError: x (net.py, line 3)"
    assert [t.id for t in lab.searcher.observed] == [bad]
    assert lab.new_trial() == "0002"


def test_the_search_aborts_when_all_of_the_first_trials_fail():
    lab = Lab(abort_after=3, max_trials=10).start()
    for _ in range(2):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    last = lab.new_trial()
    with pytest.raises(SearchAborted, match=r"first 3 trials all failed.*KeyError: 'x'"):
        lab.engine.failed(last, cause="exception", error="KeyError: 'x'")


def test_a_full_disk_ends_the_search_and_is_no_evidence_against_the_trial():
    lab = Lab(abort_after=3, max_trials=10, max_epochs=9).start()
    first, second = lab.new_trial(), lab.new_trial()
    lab.report(first, 1, 0.9)
    lab.report(first, 2, 0.8)
    with pytest.raises(SearchAborted, match=r"(?s)disk is full: trial 0000.*Errno 28.*kept.*room"
                       r".*resume.*0000 from epoch 2, its last") as aborted:  # fmt: skip
        lab.engine.failed(first, cause="disk full", error="OSError: [Errno 28] No space left")
    lab.engine.end(SearchStatus.FAILED, reason=str(aborted.value))
    assert lab.searcher.observed == []
    state = fold(lab.journal.events)
    assert state == lab.state
    assert {t.status for t in state.trials.values()} == {TrialStatus.INTERRUPTED}
    assert (state.trials[first].cause, state.trials[second].cause) == ("disk full", "interrupted")
    again = Lab(journal=lab.journal, abort_after=3, max_trials=10, max_epochs=9)
    again.engine.replay(list(lab.journal.events))
    assert [t.id for t in again.engine.resume(settings={})] == [first, second]


def test_a_full_disk_before_the_first_checkpoint_says_so(lab):
    with pytest.raises(SearchAborted, match=r"trial 0000 from its start"):
        lab.engine.failed(lab.new_trial(), cause="disk full", error="OSError: full")


def test_one_success_among_the_first_trials_prevents_the_abort():
    lab = Lab(abort_after=3, max_trials=20, max_epochs=1).start()
    lab.report(lab.new_trial(), 1, 0.5)
    for _ in range(10):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert len(lab.state.ended) == 11


def test_a_lost_worker_is_tried_again_three_times(lab):
    trial = lab.new_trial()
    assert lab.engine.worker_lost(trial, error="gone")
    assert lab.engine.attempt_started(trial, worker="b:2") == 2
    assert lab.state.restarts == 1
    assert lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="c:3")
    assert not lab.engine.worker_lost(trial, error="gone")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.cause) == (TrialStatus.FAILED, "worker lost")
    assert ended.error == "gone, 3 times"


def test_a_failure_is_tried_again_where_asked_and_counts_like_a_loss():
    lab = Lab(retry_exceptions=True).start()
    trial = lab.new_trial()
    assert lab.engine.failed(trial, cause="exception", error="E")
    assert lab.state.trials[trial].status is TrialStatus.INTERRUPTED
    lab.engine.attempt_started(trial, worker="b:2")
    assert lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="c:3")
    assert not lab.engine.failed(trial, cause="out of memory", error="M")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.cause, ended.error) == (TrialStatus.FAILED, "out of memory", "M")
    assert (lab.state.losses, lab.state.failures) == ({trial: 1}, {})


@pytest.mark.parametrize("retry_exceptions", [False, True])
def test_what_would_happen_again_is_not_tried_again(retry_exceptions):
    lab = Lab(retry_exceptions=retry_exceptions).start()
    trial = lab.new_trial()
    lab.engine.finished(trial, reason="training ended early")
    assert lab.state.trials[trial].cause == "not measured"
    other = lab.new_trial()
    assert lab.engine.failed(other, cause="exception", error="E") is retry_exceptions


def test_a_resume_is_not_a_loss(lab):
    trial = lab.new_trial()
    for _ in range(5):
        lab.engine.end(SearchStatus.INTERRUPTED)
        lab.engine.resume(settings={})
        lab.engine.attempt_started(trial, worker="a:1")
    assert lab.engine.worker_lost(trial, error="gone")
    assert lab.state.losses == {trial: 1}


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


def test_damaged_checkpoints_are_given_up_and_the_trial_goes_back():
    lab = Lab(max_epochs=9).start()
    trial = lab.new_trial()
    for epoch, value in enumerate([0.9, 0.8, 0.7], start=1):
        lab.report(trial, epoch, value)
    assert [c.epoch for c in lab.state.trials[trial].checkpoints] == [1, 3]
    last, removed = f"trials/{trial}/3.ckpt", list(lab.removed)
    lab.engine.worker_lost(trial, error="gone")
    damaged = {last: "3.ckpt is missing", "trials/9999/1.ckpt": "of another trial"}
    lab.engine.attempt_started(trial, worker="here:2", damaged=damaged)
    started = lab.journal.events[-1]
    assert (started.attempt, started.from_epoch) == (2, 1)
    assert started.reason == "went back to epoch 1, since 3.ckpt is missing"
    assert lab.removed == removed  # the next attempt may have written it anew by now
    for epoch in (2, 3, 4):
        lab.report(trial, epoch, 0.1)
    known = lab.state.trials[trial]
    assert [m.values["val/accuracy"] for m in known.measurements] == [0.9, 0.8, 0.7, 0.1]
    assert [c.epoch for c in known.checkpoints] == [1, 4]
    assert fold(lab.journal.events) == lab.state


def test_without_any_whole_checkpoint_it_begins_again(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.9)
    lab.engine.attempt_started(
        trial, worker="here:2", damaged={f"trials/{trial}/1.ckpt": "1.ckpt is 0 bytes"}
    )
    started = lab.journal.events[-1]
    assert started.from_epoch == 0
    assert started.reason == "went back to the start, since 1.ckpt is 0 bytes"
    assert lab.state.trials[trial].checkpoints == ()


def test_training_that_ends_early_is_completed(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.finished(trial, reason="training ended early")
    assert lab.state.trials[trial].status is TrialStatus.COMPLETED
    lab.engine.finished(trial, reason="again")
    assert lab.state.trials[trial].reason == "training ended early"


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


def test_replay_brings_searcher_and_scheduler_to_where_they_were():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    for value in (0.5, 0.3):
        lab.report(lab.new_trial(), 1, value)
    again = Lab(scheduler=StopBelow(0.4))
    again.engine.replay(lab.journal.events)
    assert again.scheduler.seen == lab.scheduler.seen
    assert again.searcher.observed == lab.searcher.observed
    assert again.journal.events == []
    unfinished = again.engine.resume(settings={})
    assert [trial.id for trial in unfinished] == ["0000"]
    assert again.engine.next_trial().id == "0002"


@pytest.mark.parametrize("kept", ["Measured", "Decided"])
def test_an_end_that_the_driver_did_not_live_to_write_is_written_at_resume(kept):
    lab = Lab(scheduler=StopBelow(0.4)).start()
    completed, stopped = lab.new_trial(), lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(completed, epoch, 0.9)
    lab.report(stopped, 1, 0.3)
    events = [e for e in lab.journal.events if not isinstance(e, ev.TrialEnded)]
    if kept == "Measured":
        events = [e for e in events if not isinstance(e, ev.Decided)]
    again = Lab(scheduler=StopBelow(0.4))
    again.engine.replay(events)
    assert again.engine.resume(settings={}) == []
    trials = again.state.trials
    assert (trials[stopped].status, trials[stopped].reason) == (TrialStatus.STOPPED, "below 0.4")
    assert trials[completed].status is TrialStatus.COMPLETED
    assert {t.id for t in again.searcher.observed} == {stopped, completed}


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


def test_failures_beside_a_trial_that_does_well_do_not_abort():
    lab = Lab(abort_after=3, max_trials=20, max_epochs=9).start()
    lab.report(lab.new_trial(), 1, 0.5)
    for _ in range(5):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert lab.state.is_failing


def test_a_repeated_epoch_does_not_outlast_the_time_budget():
    lab = Lab(max_trials=None, max_seconds=60.0).start()
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="b:2")
    lab.clock.now += 61
    assert lab.report(trial, 1, 0.5).kind is DecisionKind.STOP
    assert lab.state.trials[trial].reason == "budget of 1 minutes used"
