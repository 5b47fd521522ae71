"""A paused trial keeps what it goes on from, and goes on or ends as the scheduler says."""

from __future__ import annotations

import threading
import time

from raysearch.engine.ahead import AT_ONCE_S, InThread
from raysearch.run_dir import events as ev
from raysearch.schedulers import Scheduler, Verdict
from raysearch.searchers import WAIT
from raysearch.trial import Decision, DecisionKind, SearchStatus, TrialStatus
from tests.lab import Counting, Lab, StopBelow


class Told(Scheduler):
    """Pauses every trial after its first epoch, and then does what it is told."""

    def __init__(self) -> None:
        self.verdicts: list[tuple[str, DecisionKind]] = []
        self.asked: list[tuple[list[str], int, bool]] = []
        self.ended: list[str] = []
        self.admits = True

    def on_measurement(self, trial, measurement):
        kind = DecisionKind.PAUSE if measurement.epoch in (1, 2) else DecisionKind.CONTINUE
        return Decision(kind=kind, reason=f"epoch {measurement.epoch}")

    def on_end(self, trial):
        self.ended.append(trial.id)

    def pauses_at(self, trial):
        return (1, 2)

    def begins(self, number):
        return self.admits

    def decide_paused(self, paused, *, n_begun, more_to_come):
        self.asked.append((list(paused), n_begun, more_to_come))
        if not self.verdicts or self.verdicts[0][0] not in paused:
            return None
        trial, kind = self.verdicts.pop(0)
        return Verdict(trial=trial, decision=Decision(kind=kind, reason=f"told to {kind}"))


def paused_lab(n_trials=3, **plan):
    """Return a lab in which all trials but the default are paused after an epoch."""
    lab = Lab(scheduler=Told(), **{"max_trials": 8, "max_epochs": 9, **plan}).start()
    for number in range(n_trials):
        lab.report(lab.new_trial(), 1, 0.5 - 0.1 * number)
    return lab


def test_the_default_is_not_paused_and_the_others_are():
    lab = paused_lab()
    assert list(lab.state.paused) == ["0001", "0002"]
    assert lab.state.trials["0000"].status is TrialStatus.RUNNING
    assert lab.state.trials["0000"].reason == (
        "epoch 1; goes on, as the default that all are compared with"
    )


def test_the_default_waits_for_no_decision():
    lab = paused_lab(2)
    waits = {id: lab.engine.waits_at(trial) for id, trial in lab.state.trials.items()}
    assert waits == {"0000": (), "0001": (1, 2)}
    assert lab.engine.pauses_at(lab.state.trials["0000"]) == (1, 2)


def test_a_paused_trial_goes_before_a_new_one_and_the_journal_says_why():
    lab = paused_lab()
    lab.scheduler.verdicts = [("0002", DecisionKind.CONTINUE)]
    trial = lab.engine.next_up()
    assert (trial.id, trial.status, trial.reason) == (
        "0002",
        TrialStatus.PENDING,
        "told to continue",
    )
    assert lab.journal.events[-1] == ev.Decided(
        at=lab.clock.now, trial="0002", epoch=1, kind="continue", reason="told to continue"
    )
    assert lab.engine.next_up().id == "0003"
    assert lab.scheduler.asked == [(["0001", "0002"], 3, True), (["0001"], 3, True)]
    lab.engine.attempt_started("0002", worker="here:2")
    assert lab.state.restarts == 0
    assert lab.state.trials["0002"].attempts == 2


def test_trials_that_are_given_up_are_stopped_first():
    lab = paused_lab()
    lab.scheduler.verdicts = [("0001", DecisionKind.STOP), ("0002", DecisionKind.CONTINUE)]
    assert lab.engine.next_up().id == "0002"
    ended = lab.state.trials["0001"]
    assert (ended.status, ended.reason) == (TrialStatus.STOPPED, "told to stop")
    assert lab.scheduler.ended == ["0001"]
    told = [(trial.id, trial.status) for trial in lab.searcher.observed]
    assert told == [
        ("0001", TrialStatus.PAUSED),
        ("0002", TrialStatus.PAUSED),
        ("0001", TrialStatus.STOPPED),
    ]


def test_one_whose_worker_is_not_free_yet_is_not_offered():
    lab = paused_lab()
    lab.scheduler.verdicts = [("0001", DecisionKind.CONTINUE)]
    assert lab.engine.next_up(held=["0001"]).id == "0003"
    assert lab.scheduler.asked == [(["0002"], 3, True)]


def test_when_only_paused_trials_are_left_at_the_end_they_stay_paused():
    lab = paused_lab(max_trials=3)
    assert lab.engine.next_up() is None
    assert list(lab.state.paused) == ["0001", "0002"]  # the default is in training
    lab.engine.finished("0000", reason="training ended early")
    assert lab.engine.next_up(held=["0001"]) is None
    assert list(lab.state.paused) == ["0001", "0002"]  # one of them is about to be free
    assert lab.engine.next_up() is None
    assert lab.scheduler.asked[-1] == (["0001", "0002"], 3, False)
    assert not lab.engine.goes_on
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    assert list(lab.state.paused) == list(lab.state.live) == ["0001", "0002"]


def resumed(lab, **plan):
    """Return a lab whose search goes on where another one ended."""
    again = Lab(scheduler=plan.pop("scheduler", None) or Told(), max_epochs=9, **plan)
    again.engine.replay(lab.journal.events)
    again.unfinished = again.engine.resume(settings={})
    return again


def test_with_a_larger_budget_paused_trials_go_on():
    lab = paused_lab(max_trials=3)
    lab.engine.finished("0000", reason="training ended early")
    lab.engine.next_up()
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    longer = resumed(lab, max_trials=4)
    assert longer.unfinished == []
    longer.scheduler.verdicts = [("0002", DecisionKind.CONTINUE)]
    assert longer.engine.next_up().id == "0002"
    assert longer.engine.next_up().id == "0003"


def test_a_limit_leaves_paused_trials_as_they_are():
    lab = paused_lab(max_trials=None, max_total_epochs=3)
    assert lab.engine.is_over
    assert lab.engine.next_up() is None
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    *_, last = lab.state.trials.values()
    assert (last.status, last.reason) == (TrialStatus.PAUSED, "epoch 1")
    assert lab.state.trials["0000"].status is TrialStatus.INTERRUPTED
    assert lab.state.trials["0000"].reason == "budget of 3 epochs used"


class GivesUpAtTheEnd(Told):
    """Stops the worse one, but only once no further trial is to come."""

    def decide_paused(self, paused, *, n_begun, more_to_come):
        super().decide_paused(paused, n_begun=n_begun, more_to_come=more_to_come)
        if more_to_come or "0002" not in paused:
            return None
        return Verdict(trial="0002", decision=Decision(kind=DecisionKind.STOP, reason="worse"))


def test_who_is_given_up_only_for_want_of_further_trials_stays_paused():
    lab = Lab(scheduler=GivesUpAtTheEnd(), max_trials=3, max_epochs=9).start()
    for number in range(3):
        lab.report(lab.new_trial(), 1, 0.5 - 0.1 * number)
    lab.engine.finished("0000", reason="training ended early")
    assert lab.engine.next_up() is None
    assert list(lab.state.paused) == ["0001", "0002"]
    assert resumed(lab, max_trials=9).engine.next_up().id == "0003"


class Promotes(Told):
    """Lets trial 0001 go on whenever it is paused."""

    def decide_paused(self, paused, *, n_begun, more_to_come):
        if "0001" not in paused:
            return None
        return Verdict(trial="0001", decision=Decision(kind=DecisionKind.CONTINUE, reason="good"))


class Blocked(Counting):
    """Does not answer before the test lets it, and then that it waits for something to end."""

    def __init__(self):
        super().__init__()
        self.may_answer = threading.Event()
        self.n_asked = 0

    def suggest(self, *, number, pending):
        self.n_asked += 1
        ended = [trial for trial in self.observed if trial.status.is_ended]
        if number == 1 or len(ended) > 1:
            return super().suggest(number=number, pending=pending)
        assert self.may_answer.wait(10.0)
        time.sleep(2 * AT_ONCE_S)
        return WAIT


def lab_with_one_paused(scheduler):
    """Return a lab whose searcher is known to be slow: trial 0000 has ended, 0001 is paused."""
    helper = InThread(wait_s=0.01)
    helper.seconds = 10.0
    lab = Lab(scheduler=scheduler, searcher=Blocked(), helper=helper, max_trials=9).start()
    lab.engine.finished(lab.new_trial(), reason="nothing measured")
    lab.report(lab.new_trial(), 1, 0.5)
    assert list(lab.state.live) == list(lab.state.paused) == ["0001"]
    return lab


def test_a_paused_trial_that_can_go_on_is_an_answer_that_is_ready():
    """Else a worker would be kept for a suggestion that nobody will ask for."""
    lab = lab_with_one_paused(Promotes())
    assert lab.engine.is_next_ready()
    assert lab.searcher.n_asked == 1
    assert not lab.engine.is_next_ready(held=["0001"])
    lab.searcher.may_answer.set()


def test_a_slow_searcher_that_waits_while_all_are_paused_keeps_no_worker_for_ever():
    """The answer was taken by one question, and begun anew by the other, in turns."""
    lab = lab_with_one_paused(Told())
    lab.searcher.may_answer.set()
    until = time.monotonic() + 10.0
    while not lab.engine.is_next_ready(held=["0001"]):
        assert lab.engine.next_up(held=["0001"], beside=True) is None
        assert time.monotonic() < until
    assert lab.engine.next_up(held=["0001"], beside=True) is None
    assert lab.searcher.n_asked == 2  # nothing has been told since, so the answer is known
    assert lab.engine.next_up(beside=True).id == "0002"  # after the end of the one that was paused
    assert lab.state.trials["0001"].reason == (
        "epoch 1; never promoted: no other trial was left to train"
    )


def test_the_searcher_is_told_of_a_pause_as_of_an_end_and_again_when_more_is_known():
    lab = paused_lab(n_trials=2)
    lab.scheduler.verdicts = [("0001", DecisionKind.CONTINUE)]
    lab.engine.next_up()
    lab.engine.attempt_started("0001", worker="here:2")
    lab.report("0001", 2, 0.7)
    lab.new_trial()
    told = [(trial.id, trial.status, trial.epochs) for trial in lab.searcher.observed]
    assert told == [("0001", TrialStatus.PAUSED, 1), ("0001", TrialStatus.PAUSED, 2)]
    assert lab.searcher.pending == [["0000"], ["0000"]]  # of what it was told, it is told no more
    created = [e.n_observed for e in lab.journal.events if isinstance(e, ev.TrialCreated)]
    assert created == [None, 0, 1]
    again = resumed(lab, max_trials=8)
    assert again.searcher.observed == lab.searcher.observed


def test_one_that_goes_on_after_a_pause_is_not_pending_for_the_searcher():
    lab = paused_lab(n_trials=2)
    lab.scheduler.verdicts = [("0001", DecisionKind.CONTINUE)]
    lab.engine.next_up()
    lab.engine.attempt_started("0001", worker="here:2")
    lab.new_trial()
    assert lab.searcher.pending[-1] == ["0000"]


def test_another_scheduler_lets_those_go_on_that_it_would_not_have_paused():
    lab = paused_lab()
    lab.engine.end(SearchStatus.INTERRUPTED)
    again = resumed(lab, scheduler=StopBelow(), max_trials=8)
    assert [trial.id for trial in again.unfinished] == ["0000", "0001", "0002"]
    assert again.state.trials["0002"].reason == (
        "goes on, as the scheduler now does not pause it at this epoch"
    )


def test_another_scheduler_stops_those_that_it_would_have_stopped():
    lab = paused_lab()
    lab.engine.end(SearchStatus.INTERRUPTED)
    again = resumed(lab, scheduler=StopBelow(0.35), max_trials=8)
    assert [trial.id for trial in again.unfinished] == ["0000", "0001"]
    stopped = again.state.trials["0002"]
    assert (stopped.status, stopped.reason) == (
        TrialStatus.STOPPED,
        "paused, and then stopped by another scheduler: below 0.35",
    )


def test_a_trial_that_the_scheduler_does_not_admit_waits():
    lab = paused_lab()
    lab.scheduler.admits = False
    assert lab.engine.next_up() is None
    assert lab.engine.stop_reason == ""
    lab.engine.finished("0000", reason="training ended early")
    assert lab.engine.next_up() is None
    assert lab.state.live == {}  # what was paused is stopped
    assert lab.engine.stop_reason == "the scheduler lets no further trial begin"
    assert lab.engine.n_trials_left == 0


def test_one_that_is_admitted_once_the_paused_have_ended_begins():
    lab = paused_lab()
    lab.scheduler.admits = False
    lab.engine.finished("0000", reason="training ended early")
    lab.scheduler.begins = lambda number: not lab.state.paused
    assert lab.engine.next_up().id == "0003"
    assert lab.engine.stop_reason == ""


def test_a_paused_trial_keeps_its_last_and_its_best_checkpoint_whatever_the_budget():
    lab = paused_lab(n_trials=2, checkpoint_budget_bytes=5)
    lab.scheduler.verdicts = [("0001", DecisionKind.CONTINUE)]
    lab.engine.next_up()
    lab.engine.attempt_started("0001", worker="here:1")
    lab.report("0001", 2, 0.3)  # worse
    other = lab.new_trial()
    lab.engine.failed(other, cause="exception", error="no")  # the budget is looked at
    assert lab.state.trials["0001"].status is TrialStatus.PAUSED
    assert [c.epoch for c in lab.state.trials["0001"].checkpoints] == [1, 2]
    lab.engine.end(SearchStatus.FINISHED)
    assert [c.epoch for c in lab.state.trials["0001"].checkpoints] == [1, 2]


def test_a_paused_trial_cannot_be_lost_or_fail():
    lab = paused_lab()
    n_events = len(lab.journal.events)
    assert not lab.engine.worker_lost("0001", error="gone")
    assert not lab.engine.failed("0001", cause="exception", error="no")
    lab.engine.finished("0001", reason="ended")
    assert len(lab.journal.events) == n_events
    assert lab.state.trials["0001"].status is TrialStatus.PAUSED


def test_an_interrupted_search_leaves_paused_trials_as_they_are():
    lab = paused_lab()
    lab.engine.end(SearchStatus.INTERRUPTED)
    again = Lab(scheduler=Told(), max_trials=8, max_epochs=9)
    again.engine.replay(lab.journal.events)
    assert [trial.id for trial in again.engine.resume(settings={})] == ["0000"]
    assert list(again.state.paused) == ["0001", "0002"]
    again.scheduler.verdicts = [("0002", DecisionKind.CONTINUE)]
    assert again.engine.next_up().id == "0002"


def test_one_that_was_let_go_on_is_unfinished_after_the_death_of_the_driver():
    lab = paused_lab()
    lab.scheduler.verdicts = [("0002", DecisionKind.CONTINUE)]
    lab.engine.next_up()
    again = Lab(scheduler=Told(), max_trials=8, max_epochs=9)
    again.engine.replay(lab.journal.events)
    assert [trial.id for trial in again.engine.resume(settings={})] == ["0000", "0002"]
    assert list(again.state.paused) == ["0001"]


def test_a_pause_that_the_driver_did_not_live_to_write_is_written_at_resume():
    lab = paused_lab(n_trials=2)
    events = [e for e in lab.journal.events if not isinstance(e, ev.Decided)]
    again = Lab(scheduler=Told(), max_trials=8, max_epochs=9)
    again.engine.replay(events)
    assert [trial.id for trial in again.engine.resume(settings={})] == ["0000"]
    assert list(again.state.paused) == ["0001"]


def test_the_scheduler_is_told_of_ends_in_a_replay():
    lab = paused_lab()
    lab.scheduler.verdicts = [("0001", DecisionKind.STOP)]
    lab.engine.next_up()
    again = Lab(scheduler=Told(), max_trials=8, max_epochs=9)
    again.engine.replay(lab.journal.events)
    assert again.scheduler.ended == lab.scheduler.ended == ["0001"]


def test_for_patience_a_trial_ends_when_it_is_paused_first():
    lab = paused_lab(n_trials=3, max_trials=None, patience=4)
    assert lab.state.spent.best_trial == "0000"
    lab.engine.finished("0000", reason="training ended early")
    for _ in range(3):
        lab.report(lab.new_trial(), 1, 0.1)
    assert lab.state.spent.trials_without_gain == 3
    lab.scheduler.verdicts = [("0004", DecisionKind.STOP)]
    lab.engine.next_up()  # it ended for the second time
    assert lab.state.spent.trials_without_gain == 3
    lab.report(lab.new_trial(), 1, 0.9)  # the best, and paused
    assert lab.state.spent.trials_without_gain == 0
    for _ in range(4):
        lab.report(lab.new_trial(), 1, 0.1)
    assert lab.engine.stop_reason == "no better trial among the last 4"
