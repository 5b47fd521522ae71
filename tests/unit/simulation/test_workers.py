"""Simulated workers start, are lost, pause and resume as real ones do, always in the same order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from raysearch.errors import ConfigurationError
from raysearch.run_dir import events as ev
from raysearch.schedulers import Scheduler, Verdict
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers import WAIT
from raysearch.simulation import Conditions
from raysearch.trial import Decision, DecisionKind, Measurement, Trial, TrialStatus
from tests.lab import ACCURACY, Counting
from tests.unit.simulation.worlds import MAX_EPOCHS, epochs, search, table

STEADY = NoScheduler(objective=ACCURACY, max_epochs=MAX_EPOCHS)


def by_width(width, epoch):
    return width / 100


class PauseAt3(Scheduler):
    """Pauses trials after 3 epochs, and lets the latest go on once `n` of them wait.

    The default is spared by the engine.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.offered: list[list[str]] = []

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        kind = DecisionKind.PAUSE if measurement.epoch == 3 else DecisionKind.CONTINUE
        return Decision(kind=kind, reason="three epochs" if measurement.epoch == 3 else "")

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        return (3,)

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        self.offered.append(list(paused))
        if len(paused) < self.n:
            return None
        decision = Decision(kind=DecisionKind.CONTINUE, reason=f"the last of {len(paused)}")
        return Verdict(trial=list(paused)[-1], decision=decision)


def of_type(simulation, kind):
    return [event for event in simulation.events if isinstance(event, kind)]


# ---- order and time


def test_starting_takes_time_that_is_not_training_time():
    conditions = Conditions(start_seconds=10.0)
    simulation = search(
        table(by_width), scheduler=STEADY, max_trials=2, n_workers=1, conditions=conditions
    )
    assert simulation.state.seconds == 2 * (10.0 + 27.0)
    assert [t.seconds for t in simulation.state.trials.values()] == [27.0, 27.0]
    first = of_type(simulation, ev.Measured)[0]
    assert (first.at, first.seconds) == (11.0, 1.0)


def test_what_happens_at_the_same_time_happens_in_the_order_of_its_beginning():
    simulation = search(table(by_width), scheduler=STEADY, max_trials=6, n_workers=3)
    order = [(event.at, event.trial) for event in of_type(simulation, ev.Measured)]
    assert order == sorted(order)
    workers = [(e.trial, e.worker) for e in of_type(simulation, ev.AttemptStarted)]
    assert workers == [(f"000{n}", f"simulated:{n % 3}") for n in range(6)]


def test_times_do_not_drift():
    simulation = search(
        table(by_width, seconds_of=lambda width: 0.1), scheduler=STEADY, max_trials=1
    )
    assert [e.at for e in of_type(simulation, ev.Measured)] == [e * 0.1 for e in range(1, 28)]


def test_more_workers_than_trials_are_no_harm():
    simulation = search(table(by_width), scheduler=STEADY, max_trials=3, n_workers=100)
    assert epochs(simulation) == [27, 27, 27]
    assert simulation.state.seconds == 27.0


# ---- losses


def test_a_lost_trial_begins_again_and_reports_the_same():
    conditions = Conditions(mean_seconds_to_loss=30.0)
    calm = search(table(by_width), scheduler=STEADY)
    rough = search(table(by_width), scheduler=STEADY, max_attempts=50, conditions=conditions)
    assert epochs(rough) == epochs(calm)
    assert rough.state.restarts == sum(rough.state.losses.values()) > 3
    assert {e.from_epoch for e in of_type(rough, ev.AttemptStarted)} == {0}
    values = [[m.values for m in t.measurements] for t in rough.state.trials.values()]
    assert values == [[m.values for m in t.measurements] for t in calm.state.trials.values()]
    assert rough.state.seconds > calm.state.seconds


def test_with_checkpoints_less_is_trained_again():
    def seconds(every):
        conditions = Conditions(mean_seconds_to_loss=30.0, checkpoint_every=every, seed=3)
        return search(table(by_width), scheduler=STEADY, max_attempts=50, conditions=conditions)

    none, every_epoch, every_9 = seconds(None), seconds(1), seconds(9)
    assert every_epoch.state.seconds < every_9.state.seconds < none.state.seconds
    assert {e.epoch for e in of_type(every_9, ev.CheckpointWritten)} == {9, 18, 27}
    assert {e.from_epoch for e in of_type(every_9, ev.AttemptStarted)} == {0, 9, 18}


def test_a_trial_that_is_lost_too_often_has_failed():
    conditions = Conditions(mean_seconds_to_loss=2.0)
    simulation = search(
        table(by_width), scheduler=STEADY, max_attempts=2, abort_after=None, conditions=conditions
    )
    failed = [t for t in simulation.state.trials.values() if t.status is TrialStatus.FAILED]
    assert {(t.cause, t.error, t.attempts) for t in failed} == {
        ("worker lost", "its simulated worker was lost, 2 times", 2)
    }


def test_losses_come_at_the_rate_that_is_set():
    """4 standard deviations of the mean of about 270 exponential times: 1 in 16,000 seeds fails."""
    mean = 10.0
    conditions = Conditions(mean_seconds_to_loss=mean, checkpoint_every=1)
    simulation = search(
        table(by_width),
        scheduler=STEADY,
        max_trials=100,
        max_attempts=10**6,
        n_workers=10,
        conditions=conditions,
    )
    losses = sum(simulation.state.losses.values())
    began = {}
    busy = 0.0
    for event in simulation.events:
        if isinstance(event, ev.AttemptStarted):
            began[event.trial] = event.at
        elif isinstance(event, ev.AttemptEnded | ev.TrialEnded):
            busy += event.at - began.pop(event.trial)
    assert losses > 200
    assert busy / losses == pytest.approx(mean, rel=4 / losses**0.5)


# ---- pauses


def test_a_paused_trial_gives_its_worker_away_and_goes_on_from_its_checkpoint():
    scheduler = PauseAt3(n=4)
    simulation = search(table(by_width), scheduler=scheduler, max_trials=8)
    ended = [event.trial for event in of_type(simulation, ev.TrialEnded)]
    assert ended == ["0000", "0004", "0005", "0006", "0007"]
    assert list(simulation.state.paused) == ["0001", "0002", "0003"]
    resumed = [e for e in of_type(simulation, ev.AttemptStarted) if e.attempt == 2]
    assert {e.from_epoch for e in resumed} == {3}
    finished = simulation.state.trials["0004"]
    assert (finished.epochs, finished.attempts, finished.seconds) == (27, 2, 27.0)
    assert [m.epoch for m in finished.measurements] == list(range(1, 28))
    assert simulation.state.restarts == 0  # a pause is no loss
    decided = [(e.kind, e.reason) for e in of_type(simulation, ev.Decided) if e.trial == "0004"]
    assert decided == [("pause", "three epochs"), ("continue", "the last of 4")]


def test_only_paused_trials_are_offered():
    scheduler = PauseAt3(n=4)
    search(table(by_width), scheduler=scheduler, max_trials=8, n_workers=2)
    assert all(1 <= len(offered) <= 5 for offered in scheduler.offered)
    assert all(len(set(offered)) == len(offered) for offered in scheduler.offered)


def test_trials_that_never_go_on_stay_paused():
    simulation = search(table(by_width), scheduler=PauseAt3(n=99), max_trials=4)
    default, *others = simulation.state.trials.values()
    assert default.status is TrialStatus.COMPLETED
    assert {(t.status, t.reason) for t in others} == {(TrialStatus.PAUSED, "three epochs")}
    assert simulation.state.reason == "budget of 4 trials used"
    assert simulation.state.seconds == 27.0 + 3 * 3.0


def test_paused_trials_stay_paused_when_the_search_goes_on():
    short = search(table(by_width), scheduler=PauseAt3(n=99), max_trials=4)
    longer = search(
        table(by_width),
        scheduler=PauseAt3(n=99),
        searcher=Counting(),
        max_trials=5,
        events=short.events,
    )
    started = of_type(longer, ev.AttemptStarted)[4:]
    assert [event.trial for event in started] == ["0004"]
    assert epochs(longer) == [27, 3, 3, 3, 3]
    assert {t.status for t in longer.state.trials.values() if t.number} == {TrialStatus.PAUSED}


def test_a_trial_that_was_let_go_on_goes_first_if_the_driver_dies_before_it_begins():
    whole = search(table(by_width), scheduler=PauseAt3(n=2), max_trials=4)
    goes_on = next(
        i for i, e in enumerate(whole.events) if isinstance(e, ev.Decided) and e.kind == "continue"
    )
    again = search(
        table(by_width), scheduler=PauseAt3(n=2), max_trials=4, events=whole.events[: goes_on + 1]
    )
    first = next(e for e in again.events[goes_on + 1 :] if isinstance(e, ev.AttemptStarted))
    assert (first.trial, first.from_epoch) == (whole.events[goes_on].trial, 3)
    assert epochs(again) == epochs(whole)


def test_a_pause_at_a_checkpoint_needs_no_second_one():
    conditions = Conditions(checkpoint_every=3)
    simulation = search(
        table(by_width), scheduler=PauseAt3(n=99), max_trials=2, conditions=conditions
    )
    written = [e for e in of_type(simulation, ev.CheckpointWritten) if e.trial != "0000"]
    assert [(e.trial, e.epoch) for e in written] == [("0001", 3)]


def test_a_searcher_that_waits_for_paused_trials_gets_their_ends():
    class InPairs(Counting):
        def suggest(self, *, number, pending):
            n_ended = sum(trial.status.is_ended for trial in self.observed)
            waits = n_ended < number - 2  # the default, and all but the one before
            return WAIT if waits else super().suggest(number=number, pending=pending)

    simulation = search(table(by_width), scheduler=PauseAt3(n=99), searcher=InPairs(), max_trials=6)
    assert epochs(simulation) == [27, 3, 3, 3, 3, 3]
    early = simulation.state.trials["0001"]
    assert early.reason == "three epochs; never promoted: no other trial was left to train"
    assert early.ended_at < simulation.state.last_at


def test_a_policy_that_lets_no_trial_begin_ends_the_search():
    class AtMost2(PauseAt3):
        def begins(self, number):
            return number < 2

    simulation = search(table(by_width), scheduler=AtMost2(n=99))
    assert len(simulation.state.trials) == 2
    assert simulation.state.reason == "the scheduler lets no further trial begin"


# ---- settings


def test_wrong_conditions_are_named_at_once():
    with pytest.raises(ConfigurationError) as caught:
        Conditions(
            start_seconds=-1.0,
            mean_seconds_to_loss=0.0,
            checkpoint_every=0,
            seed=-1,
        )
    assert len(caught.value.faults) == 4
    assert "mean_seconds_to_loss is 0.0. It must be a number of at least 0.001." in str(
        caught.value
    )
