"""What does a person want to know of a search while it runs?

`Progress` follows the events in constant time for each, however many trials there are, and gives
frozen snapshots. It may be read from one thread while the driver's thread feeds it.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from raysearch import pareto
from raysearch.engine import Plan, SearchState
from raysearch.engine.fold_curves import news_of
from raysearch.live.estimate import EndRate, EpochRate, TimeLeft, sooner, time_at, within
from raysearch.live.idle import Idle, idle_now
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Measurement, Objective, SearchStatus, Trial, TrialStatus, trial_id

N_RECENT = 60
"""How many of the latest ends are kept to be shown: more than the rows of a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What does not change in the course of a search."""

    name: str
    """The experiment's."""
    run_dir: str
    """As a person would write it."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A trial in training."""

    trial: Trial
    seconds: float
    """Training time so far, with what has passed since its last measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The best value of the objective so far."""

    trial: Trial
    epoch: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A search at one moment."""

    status: SearchStatus = SearchStatus.RUNNING
    reason: str = ""
    running: tuple[Running, ...] = ()
    recent: tuple[Trial, ...] = ()
    """The latest trials that ended, the latest first."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Trials by status, in the order of `TrialStatus`."""
    ended: int = 0
    paused: int = 0
    """Trials that wait to go on, and may never do."""
    done: int = 0
    """Trials that have ended, or were paused once: one that goes on after that is done all the
    same, so that this never falls. In a population, where all go on, those that have ended."""
    unit: str = "epoch"
    """What an epoch is called."""
    epochs: int = 0
    gpu_seconds: float = 0.0
    """Training time of all trials, times the GPUs of each."""
    trials_without_gain: int = 0
    """Trials that have ended in a row without a new best value."""
    elapsed_s: float = 0.0
    """Duration of the search, without the pauses between sessions."""
    epochs_per_s: float | None = None
    left: TimeLeft | None = None
    incumbent: Incumbent | None = None
    default: Trial | None = None
    """Trial 0000, which is the default configuration."""
    curve: tuple[tuple[float, float], ...] = ()
    """Each new best value, with the epochs of all trials that were trained until then."""
    checkpoint_bytes: int = 0
    restarts: int = 0
    front: tuple[Trial, ...] = ()
    """Of several objectives: the trials on the Pareto front, the best of the first one first."""
    idle: Idle | None = None
    """What of the machines has nothing to do."""


class Progress:
    """Follows a search.

    Args:
        plan: Objective and budgets.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self._state: SearchState | None = None
        self._live: dict[str, Trial] = {}
        self._statuses: dict[str, TrialStatus] = {}
        self._counts: Counter[TrialStatus] = Counter()
        self._set_aside: set[str] = set()  # paused before, and counted then
        self._recent: deque[Trial] = deque(maxlen=N_RECENT)
        self._attempts: dict[str, tuple[float, float]] = {}
        self._incumbent: Incumbent | None = None
        self._curve: list[tuple[float, float]] = []
        self._epoch_rate = EpochRate()
        self._end_rate: EndRate | None = None

    def update(self, event: Event, state: SearchState) -> bool:
        """Take one more event into account; return whether it brought a new best value.

        Args:
            event: What happened.
            state: The state after it. What happened before the first call is taken from it.
        """
        with self._lock:
            if self._state is None:
                self._state = state
                epochs = 0
                for trial in sorted(state.trials.values(), key=_ended_at):
                    epochs += sum(curve[-1].epoch for curve in trial.folds) or trial.epochs
                    if self._plan.n_folds in (1, trial.fold):
                        self._challenge(trial, trial.best(self._plan.objective), epochs=epochs)
                    self._keep(trial)
                if self._plan.pauses_end:
                    self._set_aside |= state.account.set_aside
            return self._follow(event, state)

    def snapshot(self, *, at: float) -> Snapshot | None:
        """Return how the search stands at a time in seconds; None before the first event."""
        with self._lock:
            state = self._state
            if state is None:
                return None
            elapsed_s = _elapsed(state, at=at)
            return Snapshot(
                status=state.status,
                reason=state.reason,
                running=self._running(at=at),
                recent=tuple(reversed(self._recent)),
                counts={status.value: self._counts[status] for status in TrialStatus},
                ended=self._ended,
                paused=self._counts[TrialStatus.PAUSED],
                done=self._done,
                unit=self._plan.unit,
                epochs=state.epochs,
                gpu_seconds=state.spent.gpu_seconds,
                trials_without_gain=state.spent.trials_without_gain,
                elapsed_s=elapsed_s,
                epochs_per_s=self._epoch_rate.per_second(at=at),
                left=self._left(state, elapsed_s=elapsed_s, at=at),
                incumbent=self._incumbent,
                default=state.trials.get(trial_id(0)),
                curve=tuple(self._curve),
                checkpoint_bytes=state.checkpoint_bytes,
                restarts=state.restarts,
                front=_front(state, self._plan.objectives),
                idle=idle_now(state, plan=self._plan, at=at),
            )

    @property
    def _ended(self) -> int:
        return sum(number for status, number in self._counts.items() if status.is_ended)

    @property
    def _done(self) -> int:
        return self._ended + sum(not self._statuses[id].is_ended for id in self._set_aside)

    def _follow(self, event: Event, state: SearchState) -> bool:
        trial = state.trials.get(getattr(event, "trial", ""))
        if trial is None:
            return False
        self._keep(trial)
        match event:
            case ev.AttemptStarted():
                self._attempts[trial.id] = (event.at, trial.seconds)
                self._end_rate = self._end_rate or EndRate(started_at=event.at)
                self._epoch_rate.add(at=event.at, epochs=state.epochs)
            case ev.Measured(repeat=0):
                self._epoch_rate.add(at=event.at, epochs=state.epochs)
            case ev.Decided(fold=None) if self._is_set_aside(trial):
                self._leaves(trial, at=event.at)
            case ev.TrialEnded():
                self._leaves(trial, at=event.at)
        plan = self._plan
        news = news_of(event, trial, objective=plan.objective, n_folds=plan.n_folds)
        return self._challenge(trial, news, epochs=state.epochs)

    def _is_set_aside(self, trial: Trial) -> bool:
        """Return whether a trial is paused, and may never go on."""
        return trial.status is TrialStatus.PAUSED and self._plan.pauses_end

    def _leaves(self, trial: Trial, *, at: float) -> None:
        """Note that a trial gives its worker away: it has ended or is paused; counted once."""
        self._attempts.pop(trial.id, None)
        if self._end_rate is not None and trial.id not in self._set_aside:
            self._end_rate.add(at=at)
        if not trial.status.is_ended:
            self._set_aside.add(trial.id)

    def _keep(self, trial: Trial) -> None:
        before = self._statuses.get(trial.id)
        if trial.status.is_ended:
            self._live.pop(trial.id, None)
        else:
            self._live[trial.id] = trial
        if trial.status is before:
            return
        self._statuses[trial.id] = trial.status
        self._counts[trial.status] += 1
        if before is not None:
            self._counts[before] -= 1
        if trial.status.is_ended:
            self._recent.append(trial)

    def _challenge(self, trial: Trial, measurement: Measurement | None, *, epochs: int) -> bool:
        objective = self._plan.objective
        value = None if measurement is None else measurement.values.get(objective.metric)
        best = None if self._incumbent is None else self._incumbent.value
        if measurement is None or value is None or not objective.is_better(value, best):
            return False
        self._incumbent = Incumbent(trial=trial, epoch=measurement.epoch, value=value)
        self._curve.append((epochs, value))
        return True

    def _running(self, *, at: float) -> tuple[Running, ...]:
        running = []
        for trial in self._live.values():
            if trial.status is TrialStatus.RUNNING:
                since, before_s = self._attempts.get(trial.id, (at, trial.seconds))
                running.append(Running(trial=trial, seconds=before_s + max(0.0, at - since)))
        return tuple(running)

    def _left(self, state: SearchState, *, elapsed_s: float, at: float) -> TimeLeft | None:
        """Return when the first of the budgets should be used up, as far as that can be told."""
        plan = self._plan
        left = None
        if plan.max_trials is not None and self._end_rate is not None:
            if plan.pauses_end:
                left = self._end_rate.time_for(max(0, plan.max_trials - self._done), at=at)
            else:
                left = self._time_for_all(state, n_trials=plan.max_trials, at=at)
        if plan.max_total_epochs is not None:
            per_second = self._epoch_rate.per_second(at=at)
            left = sooner(left, time_at(plan.max_total_epochs - state.epochs, rate=per_second))
        if plan.max_gpu_hours is not None:
            gpus = state.account.gpus * self._counts[TrialStatus.RUNNING]
            seconds = plan.max_gpu_hours * 3600 - state.spent.gpu_seconds
            left = sooner(left, time_at(seconds, rate=gpus))
        limit_s = None if plan.max_seconds is None else plan.max_seconds - elapsed_s
        left = within(left, limit_s=limit_s)
        if left is None or (plan.target is None and plan.patience is None):
            return left
        return replace(left, low_s=0.0, is_limit=True)  # either may end it at any time

    def _time_for_all(self, state: SearchState, *, n_trials: int, at: float) -> TimeLeft | None:
        """Return how long it takes to train so many trials to their last epoch, begun or not."""
        each = self._plan.max_epochs
        to_begin = max(0, n_trials - state.next_number) * each
        begun = sum(max(0, each - trial.epochs) for trial in self._live.values())
        return time_at(to_begin + begun, rate=self._epoch_rate.per_second(at=at))


def _elapsed(state: SearchState, *, at: float) -> float:
    if state.status is not SearchStatus.RUNNING:
        return state.seconds
    return state.seconds_before + max(0.0, at - state.session_started_at)


def _ended_at(trial: Trial) -> float:
    return math.inf if trial.ended_at is None else trial.ended_at


def _front(state: SearchState, objectives: Sequence[Objective]) -> tuple[Trial, ...]:
    """Return the trials on the Pareto front, the best of the first objective first."""
    if not objectives:
        return ()
    kept = [t for t in state.trials.values() if t.status is not TrialStatus.REJECTED]
    points = [trial.losses(objectives) for trial in kept]
    members = sorted(pareto.front(points), key=lambda place: tuple(points[place]))
    return tuple(kept[place] for place in members)
