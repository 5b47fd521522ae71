"""What Ray Tune is told to do, and when; Ray's controller and its trials are stood in for.

The trials that Ray makes need a running Ray; the adapters look at their id, status and
configuration only, so a record with these will do. Real runs are in tests/integration.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest
from ray.tune import PlacementGroupFactory

from raysearch.engine.ahead import InThread
from raysearch.schedulers import Scheduler, Verdict
from raysearch.training.job import Ending
from raysearch.trial import Decision, DecisionKind, TrialStatus
from raysearch.tuning import actors, session
from raysearch.tuning.adapter import EngineScheduler, SessionStopper
from raysearch.tuning.messages import message
from raysearch.tuning.session import Opening, Session, SessionEnd
from raysearch.tuning.source import TrialSource, config_for
from raysearch.tuning.worker import EXAMPLE, JOB, RULES, WorkerRules
from tests.lab import Counting, Lab, StopBelow, measurement

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune


@dataclass
class OnRay:
    """A trial as Ray holds it."""

    trial_id: str
    status: str = "PENDING"
    config: dict[str, Any] = field(default_factory=dict)
    n_left: int = 0

    def leave(self) -> None:
        self.n_left += 1

    def set_config(self, config: dict[str, Any]) -> None:
        self.config = config


class Controller:
    """Remembers which trials it was asked to stop, and tells the scheduler, as Ray's does."""

    def __init__(self, scheduler: EngineScheduler) -> None:
        self.scheduler = scheduler
        self.stopped: list[str] = []

    def stop_trial(self, trial: OnRay) -> None:
        self.stopped.append(trial.trial_id)
        trial.status = "TERMINATED"
        self.scheduler.on_trial_complete(self, trial, {})


class House:
    """A session with its scheduler, its controller and an engine."""

    def __init__(self, **plan: Any) -> None:
        plan = {"scheduler": StopBelow(0.4), "max_trials": 8, "max_epochs": 9, **plan}
        self.lab = Lab(**plan).start()
        self.said: list[str] = []
        self.looks = 0
        self.is_stop_typed = False
        self.session = Session(
            engine=self.lab.engine,
            job_for=lambda trial: f"job of {trial.id} from {len(trial.checkpoints)} checkpoints",
            slots=lambda: 2,
            unfinished=deque(),
            resources=PlacementGroupFactory([{"CPU": 1}]),
            max_losses=2,
            on_last_trials=lambda: self.said.append("last trials"),
            on_stopping=lambda: self.said.append("stopping"),
            is_stop_requested=self._look,
        )
        self.scheduler = EngineScheduler(self.session)
        self.controller = Controller(self.scheduler)

    def _look(self) -> bool:
        self.looks += 1
        return self.is_stop_typed

    def begin(self) -> OnRay:
        """Let one more trial start to train."""
        trial = self.session.next_trial()
        assert trial is not None
        on_ray = OnRay(trial.id)
        self.scheduler.on_trial_add(self.controller, on_ray)
        on_ray.status = "RUNNING"
        assert self.send(on_ray, "started", worker="here:1", damaged={}) == "CONTINUE"
        return on_ray

    def send(self, trial: OnRay, kind: str, **content: Any) -> str:
        answer = self.scheduler.on_trial_result(self.controller, trial, message(kind, **content))
        if answer == "STOP":
            trial.status = "TERMINATED"
            self.scheduler.on_trial_complete(self.controller, trial, {})
        return answer

    def report(self, trial: OnRay, epoch: int, value: float) -> str:
        return self.send(
            trial, "measured", measurement=asdict(measurement(epoch, value)), checkpoint=None
        )

    def step(self) -> OnRay | None:
        """Let Ray's controller take a step."""
        return self.scheduler.choose_trial_to_run(self.controller)


@pytest.fixture
def house():
    return House()


def test_a_trial_goes_on_until_the_engine_stops_it(house):
    _default, trial = house.begin(), house.begin()
    assert house.report(trial, 1, 0.9) == "CONTINUE"
    assert house.report(trial, 2, 0.1) == "STOP"
    assert house.lab.state.trials[trial.trial_id].status is TrialStatus.STOPPED
    assert list(house.session.on_ray) == ["0000"]


def test_an_actor_leaves_its_trial_at_once_also_where_it_is_freed_later(house):
    going_on, *others = (house.begin() for _ in range(4))
    house.report(going_on, 1, 0.9)
    assert [house.report(trial, 1, 0.1) for trial in others] == ["STOP", "NOOP", "NOOP"]
    assert [trial.n_left for trial in (going_on, *others)] == [0, 1, 1, 1]
    house.step()
    assert [trial.n_left for trial in others] == [1, 1, 1]


def test_one_actor_is_freed_in_each_step(house):
    trials = [house.begin() for _ in range(4)]
    answers = [house.report(trial, 1, 0.1) for trial in trials[1:]]
    assert answers == ["STOP", "NOOP", "NOOP"]
    house.step()
    assert house.controller.stopped == ["0002"]
    house.step()
    assert house.controller.stopped == ["0002", "0003"]


def test_no_actor_is_freed_while_another_one_starts(house):
    house.session.slots = lambda: 3
    _default, ended = house.begin(), house.begin()
    starting = OnRay("0009")
    house.scheduler.on_trial_add(house.controller, starting)
    assert house.step() is starting
    assert house.report(ended, 1, 0.1) == "NOOP"
    assert house.step() is starting
    assert house.controller.stopped == []
    starting.status = "RUNNING"
    house.step()
    assert house.controller.stopped == [ended.trial_id]


def test_a_start_that_takes_too_long_holds_nobody_back(house, monkeypatch):
    _default, ended = house.begin(), house.begin()
    house.scheduler.on_trial_add(house.controller, OnRay("0009"))
    monkeypatch.setattr(actors, "STARTING_LIMIT_S", -1.0)
    assert house.report(ended, 1, 0.1) == "STOP"


def test_a_trial_that_lost_its_worker_while_it_ran_is_requeued_by_ray(house):
    trial = house.begin()
    trial.status = "ERROR"  # what Ray sets before it queues a trial again
    house.scheduler.on_trial_error(house.controller, trial)
    assert not house.session.unfinished
    assert trial.config[JOB] == "job of 0000 from 0 checkpoints"
    assert house.lab.state.losses == {"0000": 1}


def test_one_whose_worker_was_dead_before_it_began_is_requeued_by_us(house):
    trial = house.begin()
    trial.status = "PENDING"  # Ray gives it up
    house.scheduler.on_trial_error(house.controller, trial)
    assert [t.id for t in house.session.unfinished] == ["0000"]
    assert house.lab.state.losses == {}  # it is not the trial's fault
    assert not house.session.is_done
    assert house.session.next_trial().id == "0000"


def test_a_trial_that_a_worn_worker_refused_goes_to_another_one_and_has_lost_nothing(house):
    trial = house.begin()
    trial.status = "ERROR"  # what Ray sets, and tells nobody
    house.session.take_back()
    house.session.take_back()
    assert [t.id for t in house.session.unfinished] == [trial.trial_id]
    assert house.lab.state.losses == {}
    assert house.session.next_trial().id == trial.trial_id
    assert house.step() is None


def test_a_trial_that_has_ended_does_not_begin_again(house):
    trial = house.begin()
    house.lab.engine.failed("0000", cause="exception", error="E")
    before = house.lab.state.trials["0000"]
    assert house.send(trial, "started", worker="here:2", damaged={}) == "STOP"
    assert house.lab.state.trials["0000"] == before


def test_a_failure_is_journalled_and_stops_the_trial(house):
    trial = house.begin()
    assert house.send(trial, "failed", cause="exception", error="E: x") == "STOP"
    assert house.lab.state.trials["0000"].error == "E: x"


def test_a_damaged_checkpoint_is_journalled_and_read_by_no_later_start(house):
    trial = house.begin()
    checkpoint = {"epoch": 1, "path": "epoch-0001.ckpt", "size_bytes": 9}
    measured = asdict(measurement(1, 0.9))
    house.send(trial, "measured", measurement=measured, checkpoint=checkpoint)
    assert trial.config[JOB] == "job of 0000 from 1 checkpoints"
    damaged = {"0000/epoch-0001.ckpt": "epoch-0001.ckpt is missing"}
    assert house.send(trial, "started", worker="here:2", damaged=damaged) == "CONTINUE"
    assert trial.config[JOB] == "job of 0000 from 0 checkpoints"
    assert "epoch-0001.ckpt is missing" in house.lab.journal.events[-1].reason


def test_a_full_disk_stops_all_of_them(house):
    trial, other = house.begin(), house.begin()
    answer = house.send(trial, "failed", cause="disk full", error="OSError: [Errno 28]")
    assert answer == "NOOP"
    assert SessionStopper(house.session).stop_all()
    assert "the disk is full" in str(house.session.error)
    assert house.report(other, 1, 0.9) == "NOOP"
    assert house.lab.state.trials[trial.trial_id].status is TrialStatus.INTERRUPTED


def test_a_trial_that_hung_has_failed_and_goes_on_to_end_its_process(house):
    """Stopped, its process would be kept, and the next trial would find it dead."""
    trial, other = house.begin(), house.begin()
    assert house.send(trial, "failed", cause="timeout", error="silent") == "CONTINUE"
    known = house.lab.state.trials["0000"]
    assert (known.status, known.cause) == (TrialStatus.FAILED, "timeout")
    trial.status = "ERROR"
    house.scheduler.on_trial_error(house.controller, trial)
    assert house.session.on_ray.keys() == {"0001"}
    trial.status = "PENDING"
    house.scheduler.on_trial_add(house.controller, trial)  # Ray queues it again
    waiting = OnRay("0002")
    house.lab.new_trial()
    house.scheduler.on_trial_add(house.controller, waiting)
    assert house.step() is waiting
    assert house.controller.stopped == ["0000"]
    assert house.session.on_ray.keys() == {"0001", "0002"}
    assert house.lab.state.trials["0000"] == known
    assert house.lab.state.losses == {}
    assert house.report(other, 1, 0.9) == "CONTINUE"


def test_a_trial_that_failed_is_tried_again_by_ray_where_asked():
    house = House(retry_exceptions=True)
    trial = house.begin()
    checkpoint = {"epoch": 1, "path": "epoch-0001.ckpt", "size_bytes": 9}
    house.send(trial, "measured", measurement=asdict(measurement(1, 0.9)), checkpoint=checkpoint)
    assert house.send(trial, "failed", cause="exception", error="E: x") == "CONTINUE"
    trial.status, trial.config = "ERROR", {}
    house.scheduler.on_trial_error(house.controller, trial)  # its process ended
    assert trial.config[JOB] == "job of 0000 from 1 checkpoints"
    assert (house.lab.state.failures, house.lab.state.losses) == ({"0000": 1}, {})
    house.scheduler.on_trial_error(house.controller, trial)  # and the next one without a word
    assert house.lab.state.losses == {"0000": 1}


def test_a_worker_is_told_how_long_it_may_be_silent(house):
    trial = house.begin()
    house.session.rules = WorkerRules(timeout_s=600.0)
    trial.status = "ERROR"
    house.scheduler.on_trial_error(house.controller, trial)
    assert trial.config[RULES].timeout_s == 600.0


def test_training_that_ends_early_is_completed(house):
    trial = house.begin()
    house.report(trial, 1, 0.9)
    assert house.send(trial, "ended", ending="ended early") == "STOP"
    assert house.lab.state.trials["0000"].reason == "training ended early"


def test_after_an_error_nothing_more_is_journalled(house):
    first, second = house.begin(), house.begin()
    house.lab.engine._reports = None  # any fault of ours
    assert house.report(first, 1, 0.9) == "NOOP"
    assert isinstance(house.session.error, AttributeError)
    n_events = len(house.lab.journal.events)
    assert house.report(second, 1, 0.9) == "NOOP"
    assert len(house.lab.journal.events) == n_events
    assert house.session.must_stop


class PauseOnce(Scheduler):
    """Pauses each trial after its first epoch; lets the first go on once it is told to."""

    goes_on = False

    def on_measurement(self, trial, measurement):
        kind = DecisionKind.PAUSE if measurement.epoch == 1 else DecisionKind.CONTINUE
        return Decision(kind=kind, reason="rung 1")

    def decide_paused(self, paused, *, n_begun, more_to_come):
        if not self.goes_on:
            return None
        decision = Decision(kind=DecisionKind.CONTINUE, reason="promoted from rung 1")
        return Verdict(trial=next(iter(paused)), decision=decision)


@pytest.fixture
def pausing():
    """A house with the default in training, and a trial beside it."""
    house = House(scheduler=PauseOnce())
    house.begin()
    return house


def test_a_trial_that_is_paused_gives_its_worker_away_and_goes_on_from_its_checkpoint(pausing):
    trial = pausing.begin()
    written = {"epoch": 1, "path": "epoch-0001.ckpt", "size_bytes": 10}
    answer = pausing.send(
        trial, "measured", measurement=asdict(measurement(1, 0.5)), checkpoint=written
    )
    assert answer == "STOP"  # for Ray; it keeps the actor
    assert list(pausing.session.on_ray) == ["0000"]
    assert list(pausing.lab.state.paused) == ["0001"]
    assert pausing.session.next_trial().id == "0002"
    pausing.lab.scheduler.goes_on = True
    assert pausing.session.next_trial().id == "0001"
    again = config_for(pausing.session, pausing.lab.state.trials["0001"])
    assert again[JOB] == "job of 0001 from 1 checkpoints"
    assert pausing.lab.state.trials["0001"].status is TrialStatus.PENDING


def test_one_whose_actor_is_not_free_yet_does_not_go_on(pausing):
    pausing.lab.scheduler.goes_on = True
    pausing.session.slots = lambda: 3
    trial = pausing.begin()
    starting = OnRay("0009")
    pausing.scheduler.on_trial_add(pausing.controller, starting)
    assert pausing.report(trial, 1, 0.5) == "NOOP"  # held, since another actor starts
    assert pausing.session.next_trial().id == "0002"
    starting.status = "RUNNING"
    pausing.step()
    assert pausing.controller.stopped == ["0001"]
    assert pausing.session.next_trial().id == "0001"


def test_one_that_loses_its_actor_before_that_was_freed_stays_paused(pausing):
    trial = pausing.begin()
    pausing.scheduler.on_trial_add(pausing.controller, OnRay("0009"))
    pausing.report(trial, 1, 0.5)
    trial.status = "ERROR"
    pausing.scheduler.on_trial_error(pausing.controller, trial)
    trial.status = "PENDING"  # Ray queues it again
    pausing.scheduler.on_trial_add(pausing.controller, trial)
    pausing.step()
    assert pausing.controller.stopped == ["0001"]
    assert list(pausing.lab.state.paused) == ["0001"]
    assert pausing.lab.state.losses == {}
    assert not pausing.session.unfinished


def test_what_ray_runs_of_a_paused_trial_is_stopped(pausing):
    trial = pausing.begin()
    pausing.report(trial, 1, 0.5)
    pausing.step()
    trial.status = "RUNNING"
    assert pausing.send(trial, "started", worker="here:2", damaged={}) == "STOP"
    assert pausing.lab.state.trials["0001"].attempts == 1


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_session_is_done_when_none_of_the_paused_trials_goes_on(goes_on):
    house = House(scheduler=PauseOnce(), max_trials=2)
    default, trial = house.begin(), house.begin()
    house.report(trial, 1, 0.5)
    house.step()
    house.send(default, "ended", ending=Ending.ENDED_EARLY)
    assert house.session.on_ray == {}
    house.lab.scheduler.goes_on = goes_on
    assert house.session.is_done is not goes_on
    found = house.session.next_trial()
    assert (found.id if found else None) == ("0001" if goes_on else None)
    assert house.lab.state.trials["0001"].status is (
        TrialStatus.PENDING if goes_on else TrialStatus.PAUSED
    )


def test_the_last_trials_are_announced_once_and_while_none_starts():
    house = House(max_trials=6)  # with two slots, the last four are the last ones
    first = house.begin()
    house.step()
    assert house.said == []
    second = house.begin()
    second.status = "PENDING"
    house.scheduler.on_trial_add(house.controller, second)
    house.step()
    assert house.said == []
    second.status = "RUNNING"
    house.step()
    house.step()
    assert house.said == ["last trials"]
    assert first.trial_id in house.session.on_ray


def test_a_search_that_only_time_limits_announces_nothing_before_its_end():
    house = House(max_trials=None, max_seconds=60.0)
    for _ in range(20):
        house.begin()
        house.step()
    assert house.said == []
    house.lab.clock.now += 61
    house.step()
    assert house.said == ["last trials"]


def test_a_preparation_that_fails_costs_nothing(caplog):
    house = House(max_trials=1)
    house.begin()

    def fail():
        raise RuntimeError("no room")

    house.session.on_last_trials = fail
    house.step()
    assert house.session.error is None
    assert "could not be prepared" in caplog.text


def test_a_stop_that_was_asked_for_is_said_once(house):
    house.begin()
    stopper = SessionStopper(house.session)
    assert not stopper.stop_all()
    house.session.end = SessionEnd.INTERRUPTED
    assert stopper.stop_all()
    assert stopper.stop_all()
    assert house.said == ["stopping"]


def test_the_first_step_is_told_once(house):
    house.session.on_first_step = lambda: house.said.append("first step")
    house.step()
    house.step()
    assert house.said == ["first step"]


def test_a_stop_is_a_stop_whether_or_not_it_can_be_said(house, caplog):
    def fail():
        raise RuntimeError("no terminal")

    house.session.on_stopping = fail
    house.session.end = SessionEnd.INTERRUPTED
    assert SessionStopper(house.session).stop_all()
    assert house.session.end is SessionEnd.INTERRUPTED
    assert "could not be said" in caplog.text


def test_before_everything_ends_it_is_seen_whether_ray_can_end_it(house):
    class Gone(BaseException):
        """What a cluster raises that is gone."""

    def gone():
        raise Gone

    house.session.check_cluster = gone
    assert not SessionStopper(house.session).stop_all()
    house.session.end = SessionEnd.INTERRUPTED
    with pytest.raises(Gone):
        SessionStopper(house.session).stop_all()


def test_stop_from_another_terminal_ends_the_session(house):
    trial = house.begin()
    house.is_stop_typed = True
    for _ in range(50):
        house.step()
    assert (house.looks, house.session.end) == (1, SessionEnd.STOPPED)
    assert SessionStopper(house.session).stop_all()
    assert house.said == ["stopping"]
    assert TrialSource(house.session).next_trial() is None
    assert house.report(trial, 1, 0.9) == "NOOP"  # what comes late is trained again


def test_nobody_looks_for_a_stop_more_often_than_that(house, monkeypatch):
    monkeypatch.setattr(session.time, "monotonic", lambda: house.lab.clock.now)
    house.begin()
    for _ in range(30):  # three seconds
        house.step()
        house.lab.clock.now += 0.1
    assert house.looks == 3
    assert house.session.end is SessionEnd.DONE
    house.is_stop_typed = True
    house.lab.clock.now += 1.0
    house.step()
    assert house.session.end is SessionEnd.STOPPED


def test_a_signal_that_came_first_is_what_ended_the_session(house):
    house.begin()
    house.session.end, house.is_stop_typed = SessionEnd.INTERRUPTED, True
    house.step()
    assert house.session.end is SessionEnd.INTERRUPTED


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("ended early", "training ended early"), ("completed", "trained all 9 epochs")],
)
def test_training_that_ends_by_itself_completes_the_trial(house, ending, reason):
    trial = house.begin()
    house.report(trial, 4, 0.9)
    assert house.send(trial, "ended", ending=ending) == "STOP"
    known = house.lab.state.trials[trial.trial_id]
    assert (known.status, known.reason, known.epochs) == (TrialStatus.COMPLETED, reason, 4)


@pytest.mark.parametrize("retry_exceptions", [False, True])
def test_a_trial_whose_weights_are_lost_has_failed_also_with_a_finite_value(retry_exceptions):
    house = House(retry_exceptions=retry_exceptions)
    trial = house.begin()
    house.report(trial, 4, 0.9)
    assert house.send(trial, "ended", ending=Ending.DIVERGED) == "STOP"
    known = house.lab.state.trials[trial.trial_id]
    assert (known.status, known.cause) == (TrialStatus.FAILED, "not finite")


def test_a_session_is_done_when_all_have_ended_and_none_will_come():
    house = House(max_trials=1)
    trial = house.begin()
    assert not house.session.is_done
    for epoch in range(1, 10):
        house.report(trial, epoch, 0.9)
    assert house.session.is_done


@pytest.mark.parametrize("limit", [{"target": 0.95}, {"max_total_epochs": 1}])
def test_a_limit_ends_what_runs_at_its_next_report(limit):
    house = House(max_trials=None, **limit)
    first, second = house.begin(), house.begin()
    assert house.report(first, 1, 0.95) == "STOP"
    assert house.session.next_trial() is None
    assert not house.session.is_done
    assert house.report(second, 1, 0.5) in ("STOP", "NOOP")
    house.step()
    assert house.session.is_done
    reasons = {t.reason for t in house.lab.state.trials.values()}
    assert reasons == {house.lab.engine.stop_reason}


def test_when_the_time_is_up_unfinished_trials_stay_for_a_larger_budget():
    house = House(max_trials=None, max_seconds=60.0)
    trial = house.lab.engine.next_trial()
    house.session.unfinished.append(trial)
    assert not house.session.is_done
    house.lab.clock.now += 61
    assert house.session.next_trial() is None
    assert house.session.is_done
    assert not house.lab.state.trials[trial.id].status.is_ended


class Opened:
    """An opening that comes about when it is told to."""

    def __init__(self, house, *, fault=None):
        self.is_ready, self.house, self.fault, self.opened = False, house, fault, 0
        house.session.opening = Opening(
            example="an example",
            is_ready=lambda: self.is_ready,
            check=self.check,
            open=self.open,
        )

    def check(self):
        if self.fault is not None:
            raise self.fault

    def open(self):
        self.opened += 1
        return [self.house.lab.engine.next_trial()]


class Experiment:
    """What Ray Tune makes of the Tuner's settings, as far as the source looks at it."""

    spec, storage = {"run": "worker"}, None


@pytest.fixture
def source(house, monkeypatch):
    monkeypatch.setattr(
        "raysearch.tuning.source.ScratchTrial",
        lambda run, *, config, trial_id, **_: OnRay(trial_id, config=config),
    )
    source = TrialSource(house.session)
    source.add_configurations([Experiment()])
    return source


def add(house, trial):
    house.scheduler.on_trial_add(house.controller, trial)
    trial.status = "RUNNING"
    return trial


def test_until_the_search_may_begin_workers_get_ready_one_for_each_slot(house, source):
    opened = Opened(house)
    ahead = []
    while (trial := source.next_trial()) is not None:
        ahead.append(add(house, trial))
        assert house.send(trial, "ready") == "NOOP"  # its actor waits for a trial
    assert [trial.config for trial in ahead] == [{EXAMPLE: "an example", RULES: WorkerRules()}] * 2
    house.step()
    assert (house.controller.stopped, opened.opened) == ([], 0)
    assert not house.session.is_done
    assert house.lab.state.trials == {}


def test_then_their_actors_are_freed_one_after_another_for_the_trials(house, source):
    opened = Opened(house)
    for _ in range(2):
        house.send(add(house, source.next_trial()), "ready")
    opened.is_ready = True
    for number in range(2):
        trial = source.next_trial()
        assert trial.trial_id == f"000{number}"
        house.scheduler.on_trial_add(house.controller, trial)
        assert source.next_trial() is None  # one at a time gets the actor of another one
        assert house.step() is trial
        trial.status = "RUNNING"
        assert house.controller.stopped == ["ahead-1", "ahead-2"][: number + 1]
    assert source.next_trial() is None
    assert opened.opened == 1


def test_one_that_is_lost_while_it_gets_ready_costs_nothing(house, source):
    opened = Opened(house)
    lost = add(house, source.next_trial())
    lost.status = "ERROR"
    house.scheduler.on_trial_error(house.controller, lost)
    assert house.lab.state.losses == {}
    opened.is_ready = True
    assert source.next_trial().trial_id == "0000"


def test_what_the_opening_raises_ends_the_session(house, source):
    fault = ValueError("the model cannot be trained")
    opened = Opened(house, fault=fault)
    opened.is_ready = True
    assert source.next_trial() is None
    assert house.session.error is fault
    assert SessionStopper(house.session).stop_all()
    assert source.next_trial() is None
    assert opened.opened == 0


def test_a_signal_while_it_is_checked_lets_nothing_begin(house, source):
    opened = Opened(house)
    opened.is_ready = True
    opened.check = lambda: setattr(house.session, "end", SessionEnd.INTERRUPTED)
    house.session.opening = replace(house.session.opening, check=opened.check)
    assert source.next_trial() is None
    assert opened.opened == 0


def test_one_that_is_ready_need_not_wait_for_one_that_is_not(house, source, monkeypatch):
    opened = Opened(house)
    ready, late = add(house, source.next_trial()), source.next_trial()
    house.scheduler.on_trial_add(house.controller, late)
    house.send(ready, "ready")
    assert house.step() is late
    assert house.controller.stopped == []
    opened.is_ready = True
    first = source.next_trial()
    house.scheduler.on_trial_add(house.controller, first)
    assert house.step() is first
    assert house.controller.stopped == ["ahead-1"]  # the other one may still come
    assert source.next_trial() is None
    monkeypatch.setattr(actors, "STARTING_LIMIT_S", -1.0)
    house.step()
    assert house.controller.stopped == ["ahead-1", "ahead-2"]


def full(house, n=3):
    """Let a cluster of so many slots be full, and return what trains there."""
    house.session.slots = lambda: n
    return [house.begin() for _ in range(n)]


def test_a_new_trial_gets_the_actor_of_one_that_ended_while_another_one_starts(house, source):
    """Else all workers were idle for as long as a new node's worker takes to start."""
    _default, ended, other = full(house)
    house.session.slots = lambda: 4
    starting = source.next_trial()
    house.scheduler.on_trial_add(house.controller, starting)
    assert house.step() is starting
    assert house.report(ended, 1, 0.1) == "NOOP"
    new = source.next_trial()
    house.scheduler.on_trial_add(house.controller, new)
    assert house.step() is new  # and what starts is left alone
    assert house.controller.stopped == [ended.trial_id]
    assert house.report(other, 1, 0.9) == "CONTINUE"
    assert source.next_trial() is None


def test_what_waits_for_an_actor_of_a_lost_node_gets_the_first_that_is_free(house, source):
    default, lost, other = full(house)
    lost.status = "ERROR"
    house.scheduler.on_trial_error(house.controller, lost)
    lost.status = "PENDING"
    house.session.slots = lambda: 2  # the node is gone
    house.scheduler.on_trial_add(house.controller, lost)
    assert house.step() is lost
    assert house.report(other, 1, 0.1) == "STOP"
    assert source.next_trial() is None
    assert house.step() is lost
    assert house.report(default, 1, 0.9) == "CONTINUE"


def test_those_that_wait_in_vain_get_the_next_actors(house, source, monkeypatch):
    """As where others took the room on a cluster that Ray counts as ours.

    A further trial, for which nothing can start, would hold the others back once more.
    """
    now = 100.0
    monkeypatch.setattr(actors.time, "monotonic", lambda: now)
    _default, *ended = full(house)
    house.session.slots = lambda: 5
    waiting = [source.next_trial() for _ in range(2)]
    for trial in waiting:
        house.scheduler.on_trial_add(house.controller, trial)
        house.step()
    now += actors.STARTING_LIMIT_S + 1.0
    for mine, late in zip(ended, waiting, strict=True):
        assert house.report(mine, 1, 0.1) == "STOP"
        assert source.next_trial() is None
        assert house.step() is late
        late.status = "RUNNING"
        house.send(late, "started", worker="here:1", damaged={})
    assert source.next_trial() is not None


def test_of_several_that_leave_at_once_each_is_exchanged_for_one_trial(house, source):
    """More would ask for actors of their own, for which there is no room."""
    house.session.slots = lambda: 4
    _default, *ended = (house.begin() for _ in range(4))
    for trial in ended:
        house.scheduler._end(trial)
    house.step()  # without a trial that is new one is freed, and idle
    assert house.controller.stopped == ["0001"]
    for number in range(3):
        new = source.next_trial()
        house.scheduler.on_trial_add(house.controller, new)
        assert source.next_trial() is None
        assert house.step() is new
        assert len(house.controller.stopped) == max(1, number + 1)
        new.status = "RUNNING"
    assert len(house.session.on_ray) == 4


class Held(Counting):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def suggest(self, *, number, pending):
        assert self.may_answer.wait(WITHIN_S)
        return super().suggest(number=number, pending=pending)


WITHIN_S = 10.0


def slow_house():
    """Return a house with two trials in training, whose searcher answers when the test lets it."""
    searcher, helper = Held(), InThread(wait_s=0.01)
    house = House(searcher=searcher, helper=helper)
    default, until = house.begin(), time.monotonic() + WITHIN_S
    searcher.may_answer.set()
    while (trial := house.session.next_trial()) is None:
        assert time.monotonic() < until
    searcher.may_answer.clear()
    helper.seconds = 10.0  # it is known to be slow from now on
    second = OnRay(trial.id, status="RUNNING")
    house.scheduler.on_trial_add(house.controller, second)
    house.send(second, "started", worker="here:2", damaged={})
    return house, searcher, default, second


def test_nobody_waits_for_a_suggestion_while_actors_are_kept_for_it():
    """The controller would hear of nothing meanwhile, not even of a stop."""
    house, searcher, *trials = slow_house()
    for each in trials:
        house.send(each, "failed", cause="exception", error="E")
    assert len(house.session.on_ray) == 2
    begun_at = time.monotonic()
    assert not house.session.takes_one_more()
    assert time.monotonic() - begun_at < 1.0
    searcher.may_answer.set()
    until = time.monotonic() + WITHIN_S
    while not house.session.takes_one_more():
        assert time.monotonic() < until


def test_the_last_trial_takes_the_first_actor_that_is_free():
    house = House(max_trials=3)
    house.session.slots = lambda: 3
    default, ended = house.begin(), house.begin()
    last = OnRay(house.session.next_trial().id)
    house.scheduler.on_trial_add(house.controller, last)
    assert house.step() is last
    assert house.report(ended, 1, 0.1) == "STOP"  # rather than wait for its own to start
    assert house.step() is last
    assert house.report(default, 1, 0.9) == "CONTINUE"


def test_an_idle_actor_is_taken_before_another_one_is_freed(house, source):
    """Ray keeps one."""
    _default, first, second = full(house)
    assert house.report(first, 1, 0.1) == "STOP"
    house.scheduler._end(second)
    new = source.next_trial()
    house.scheduler.on_trial_add(house.controller, new)
    assert house.step() is new
    assert house.controller.stopped == []


def test_an_actor_that_died_before_it_was_freed_is_no_room(house, source):
    _default, ended, _other = full(house)
    house.scheduler.on_trial_add(house.controller, OnRay("0009"))
    house.session.slots = lambda: 4
    assert house.report(ended, 1, 0.1) == "NOOP"
    ended.status = "ERROR"
    house.scheduler.on_trial_error(house.controller, ended)
    assert house.session.actors.next_to_leave() is None


def test_an_actor_is_kept_until_the_suggestion_of_its_next_trial_is_there():
    """Ray ends an actor that is free while no trial waits for one."""
    house, searcher, default, on_ray = slow_house()
    assert house.report(on_ray, 1, 0.1) == "NOOP"
    assert house.lab.engine.is_suggesting
    house.step()
    assert house.controller.stopped == []
    assert house.report(default, 1, 0.9) == "CONTINUE"
    searcher.may_answer.set()
    until = time.monotonic() + WITHIN_S
    while not house.controller.stopped:
        assert time.monotonic() < until
        house.step()
    assert house.controller.stopped == [on_ray.trial_id]
    assert house.session.next_trial().id == "0002"


def test_with_one_slot_the_searcher_is_asked_when_that_is_free():
    searcher = Held()
    house = House(searcher=searcher, helper=InThread(wait_s=0.01))
    house.session.slots = lambda: 1
    trial = house.begin()
    assert house.send(trial, "failed", cause="exception", error="E") == "STOP"
    assert not house.lab.engine.is_suggesting
    assert searcher.pending == []
