"""Who trains what when, if workers cost nothing? Asynchronous workers in simulated time.

A queue holds the next occurrence of every attempt: the end of an epoch, or the loss of its worker.
Time jumps from one to the next. Occurrences at the same time happen in the order in which they were
scheduled, and the free worker with the lowest number goes first, so that every run is the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.engine import Engine
from raysearch.engine.lineage import schedule_of
from raysearch.randomness import generator
from raysearch.simulation.curves import Curve, Curves, Histories
from raysearch.simulation.suggesting import TimedHelper
from raysearch.trial import Checkpoint, DecisionKind, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What training costs beside its curves, and what befalls it.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.
    """

    start_seconds: float = 0.0
    """Time between an attempt's start and that of its first epoch, at least 0."""
    mean_seconds_to_loss: float | None = None
    """Mean time after which an attempt loses its worker, exponentially distributed, at least 0.001;
    None for no losses. Another worker takes its place at once."""
    checkpoint_every: int | None = None
    """Epochs between checkpoints, from which a trial goes on after a loss, at least 1; None for no
    checkpoints but those at epochs where the scheduler may pause it."""
    suggestion_seconds: float = 0.0
    """Time that a suggestion takes, at least 0, during which a worker waits for it unless it was
    begun before; see `suggests_ahead`."""
    suggests_ahead: bool = True
    """Whether, with several workers, a suggestion that takes long is begun before one is free."""
    seed: int = 0
    """Governs the losses, at least 0."""

    def __post_init__(self) -> None:
        faults = [
            number_fault("start_seconds", self.start_seconds, at_least=0),
            number_fault("suggestion_seconds", self.suggestion_seconds, at_least=0),
            integer_fault("seed", self.seed, at_least=0),
        ]
        if self.mean_seconds_to_loss is not None:
            mean = self.mean_seconds_to_loss
            faults.append(number_fault("mean_seconds_to_loss", mean, at_least=0.001))
        if self.checkpoint_every is not None:
            faults.append(integer_fault("checkpoint_every", self.checkpoint_every, at_least=1))
        raise_faults(*faults)


class Clock:
    """The simulated time; only `Workers` moves it."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        """Seconds since the search started."""

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """A trial in training."""

    trial: str
    worker: int
    curve: Curve
    pauses_at: tuple[int, ...]
    from_epoch: int
    began_at: float
    """When its first epoch begins."""
    lost_at: float
    epoch: int
    """The epoch in training."""

    @property
    def is_over(self) -> bool:
        """Whether there is no such epoch."""
        return self.epoch > self.curve.n_epochs and self.epoch != self.curve.raises_in

    @property
    def due_at(self) -> float:
        """When that epoch ends, if the worker lives to see it."""
        return self.began_at + (self.epoch - self.from_epoch) * self.curve.seconds


class Workers:
    """Trains what the engine hands out.

    Args:
        engine: Started or resumed, with `clock` as its clock.
        curves: What training achieves.
        n_workers: Trials that can be in training at once.
        conditions: What training costs beside.
        clock: The simulated time.
        helper: What the engine asks the searcher with, if that takes time.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        curves: Curves,
        n_workers: int,
        conditions: Conditions,
        clock: Clock,
        helper: TimedHelper | None = None,
    ) -> None:
        self._engine = engine
        self._helper = helper
        self._curves = curves
        self._conditions = conditions
        self._clock = clock
        self._free = list(range(n_workers))
        heapify(self._free)
        self._waiting: deque[Trial] = deque()
        self._agenda: list[tuple[float, int, _Attempt | None]] = []  # None: a suggestion is there
        self._n_scheduled = 0

    def run(self, unfinished: Sequence[Trial] = ()) -> None:
        """Train until no worker can do anything more.

        Args:
            unfinished: Trials of an earlier session, which go on first.

        Raises:
            SearchAborted: The engine gives up.
        """
        self._waiting.extend(unfinished)
        self._occupy()
        while self._agenda:
            self._clock.now, _, attempt = heappop(self._agenda)
            if attempt is not None:
                self._happen(attempt)
            if self._free:
                self._occupy()

    def _occupy(self) -> None:
        """Give free workers something to train, as long as there is anything."""
        while self._free:
            trial = self._next()
            if trial is None:
                self._await_suggestion()
                return
            self._begin(trial, worker=heappop(self._free))

    def _next(self) -> Trial | None:
        """Return a trial that waits, else a paused one that may go on, else a new one."""
        if self._waiting:
            return self._waiting.popleft()
        return self._engine.next_up(beside=self._helper is not None)

    def _await_suggestion(self) -> None:
        """Look again when the suggestion is there that a free worker waits for."""
        helper, now = self._helper, self._clock.now
        if helper is not None and helper.is_busy and not self._engine.stop_reason:
            at = max(helper.ready_at, now)
            if at not in (when for when, _, attempt in self._agenda if attempt is None):
                self._schedule(at, None)

    def _schedule(self, at: float, attempt: _Attempt | None) -> None:
        self._n_scheduled += 1
        heappush(self._agenda, (at, self._n_scheduled, attempt))

    def _begin(self, trial: Trial, *, worker: int) -> None:
        engine, now = self._engine, self._clock.now
        number = engine.attempt_started(trial.id, worker=f"simulated:{worker}")
        from_epoch = trial.starts[-1].epoch if trial.starts else 0
        self._go_on(
            _Attempt(
                trial=trial.id,
                worker=worker,
                curve=self._curve_of(trial),
                pauses_at=engine.pauses_at(trial),
                from_epoch=from_epoch,
                began_at=now + self._conditions.start_seconds,
                lost_at=now + self._seconds_to_loss(trial, attempt=number),
                epoch=from_epoch + 1,
            )
        )

    def _curve_of(self, trial: Trial) -> Curve:
        """Return what training achieves with the trial's configuration, from where it stands."""
        n_epochs, curves = self._engine.plan.max_epochs, self._curves
        if not trial.takeovers or not isinstance(curves, Histories):
            return curves.curve(trial.configuration, n_epochs=n_epochs)
        taken = trial.takeovers[-1].epoch
        before = schedule_of(self._engine.state.trials, trial.id, epoch=taken + 1)[:-1]
        return curves.continued(trial.configuration, before=before, n_epochs=n_epochs)

    def _seconds_to_loss(self, trial: Trial, *, attempt: int) -> float:
        mean = self._conditions.mean_seconds_to_loss
        if mean is None:
            return math.inf
        rng = generator(self._conditions.seed, role=f"loss {attempt}", number=trial.number)
        return float(rng.exponential(mean))

    def _go_on(self, attempt: _Attempt) -> None:
        """Schedule what happens next in an attempt, or end it where its curve ends."""
        if attempt.is_over:
            reason = f"training ended by itself after {attempt.curve.n_epochs} epochs"
            self._engine.finished(attempt.trial, reason=reason)
            heappush(self._free, attempt.worker)
            return
        self._schedule(min(attempt.due_at, attempt.lost_at), attempt)

    def _happen(self, attempt: _Attempt) -> None:
        """Let the engine know what has just happened in an attempt."""
        goes_on = is_tried_again = False
        if attempt.lost_at < attempt.due_at:
            error = "its simulated worker was lost"
            is_tried_again = self._engine.worker_lost(attempt.trial, error=error)
        elif attempt.epoch == attempt.curve.raises_in:
            error = f"the curve raises in epoch {attempt.epoch}"
            is_tried_again = self._engine.failed(attempt.trial, cause="exception", error=error)
        else:
            goes_on = self._report(attempt)
        if goes_on:
            attempt.epoch += 1
            self._go_on(attempt)
            return
        if is_tried_again:
            self._waiting.append(self._engine.state.trials[attempt.trial])
        heappush(self._free, attempt.worker)

    def _report(self, attempt: _Attempt) -> bool:
        """Report the epoch that has just ended, and return whether the trial goes on."""
        measurement = attempt.curve.measurement(attempt.epoch)
        every = self._conditions.checkpoint_every
        is_due = every is not None and attempt.epoch % every == 0
        may_pause = attempt.epoch in attempt.pauses_at
        checkpoint = _checkpoint(attempt) if is_due or may_pause else None
        decision = self._engine.measured(attempt.trial, measurement, checkpoint=checkpoint)
        return decision.kind is DecisionKind.CONTINUE


def _checkpoint(attempt: _Attempt) -> Checkpoint:
    path = f"trials/{attempt.trial}/epoch-{attempt.epoch:04d}.ckpt"
    return Checkpoint(epoch=attempt.epoch, path=path, size_bytes=0)
