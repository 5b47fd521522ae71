"""Who trains what when, if workers cost nothing? Asynchronous workers in simulated time.

A queue holds what happens next to every attempt and every node: the end of an epoch, the loss of a
worker or a node, a node's return. Time jumps from one to the next. Occurrences at the same time
happen in the order in which they were scheduled, and the free worker with the lowest number goes
first, so that every run is the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from raysearch.engine import Engine
from raysearch.engine.lineage import schedule_of
from raysearch.randomness import generator
from raysearch.simulation.conditions import Conditions
from raysearch.simulation.curves import Curve, Curves, Histories
from raysearch.simulation.driver import Driver
from raysearch.simulation.nodes import Nodes
from raysearch.simulation.suggesting import TimedHelper
from raysearch.trial import Checkpoint, DecisionKind, Trial


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
    is_gone: bool = False
    """Whether it was lost together with its node, so that nothing more happens to it."""

    @property
    def is_over(self) -> bool:
        """Whether there is no such epoch."""
        return self.epoch > self.curve.n_epochs and self.epoch != self.curve.raises_in

    @property
    def due_at(self) -> float:
        """When that epoch ends, if the worker lives to see it."""
        return self.began_at + (self.epoch - self.from_epoch) * self.curve.seconds


@dataclass(frozen=True, slots=True)
class _NodeLost:
    node: int


@dataclass(frozen=True, slots=True)
class _NodeBack:
    node: int


_Happening = _Attempt | _NodeLost | _NodeBack | None
"""What happens next, and to whom; None: a suggestion is there."""


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
        self.nodes = Nodes(n_workers, conditions=conditions)
        self.driver = Driver(seconds=conditions.decision_seconds)
        self._engine = engine
        self._helper = helper
        self._curves = curves
        self._conditions = conditions
        self._clock = clock
        self._attempts: dict[int, _Attempt] = {}  # by worker
        self._waiting: deque[Trial] = deque()
        self._agenda: list[tuple[float, int, _Happening]] = []
        self._suggestions_due: set[float] = set()
        self._n_scheduled = 0

    def run(self, unfinished: Sequence[Trial] = ()) -> None:
        """Train until no worker can do anything more.

        Args:
            unfinished: Trials of an earlier session, which go on first.

        Raises:
            SearchAborted: The engine gives up.
        """
        self._waiting.extend(unfinished)
        for node in range(len(self.nodes)):
            self._expect_loss(node)
        self._occupy()
        while self._agenda and self._is_under_way:
            self._clock.now, _, happening = heappop(self._agenda)
            if isinstance(happening, _Attempt):
                if not happening.is_gone:
                    del self._attempts[happening.worker]
                    self._happen(happening)
            elif isinstance(happening, _NodeLost):
                self._lose(happening.node)
            elif isinstance(happening, _NodeBack):
                self.nodes.come_back(happening.node)
                self._expect_loss(happening.node)
            else:
                self._suggestions_due.discard(self._clock.now)
            if self.nodes.has_free:
                self._occupy()

    @property
    def _is_under_way(self) -> bool:
        """Whether anything more can come of it."""
        if self._attempts or self._suggestions_due:
            return True
        is_left = bool(self._waiting) or not self._engine.stop_reason
        return is_left and not self.nodes.are_all_there

    def _expect_loss(self, node: int) -> None:
        """Schedule when a node that is there will be lost."""
        at = self.nodes.next_loss_of(node, now=self._clock.now)
        if at is not None:
            self._schedule(at, _NodeLost(node))

    def _lose(self, node: int) -> None:
        """Take a node away with all that is trained on it."""
        self._schedule(self.nodes.lose(node, now=self._clock.now), _NodeBack(node))
        for worker in self.nodes.workers_of(node):
            attempt = self._attempts.pop(worker, None)
            if attempt is not None:
                attempt.is_gone = True
                self._lost(attempt, error="its simulated node was lost")

    def _occupy(self) -> None:
        """Give free workers something to train, as long as there is anything."""
        while self.nodes.has_free:
            trial = self._next()
            if trial is None:
                self._await_suggestion()
                return
            self._begin(trial, worker=self.nodes.take())

    def _next(self) -> Trial | None:
        """Return a trial that waits, else a paused one that may go on, else a new one."""
        if self._waiting:
            return self._waiting.popleft()
        beside = self._helper is not None
        return self.driver.suggested(lambda: self._engine.next_up(beside=beside))

    def _await_suggestion(self) -> None:
        """Look again when the suggestion is there that a free worker waits for."""
        helper, now = self._helper, self._clock.now
        if helper is not None and helper.is_busy and not self._engine.stop_reason:
            at = max(helper.ready_at, now)
            if at not in self._suggestions_due:
                self._suggestions_due.add(at)
                self._schedule(at, None)

    def _schedule(self, at: float, happening: _Happening) -> None:
        self._n_scheduled += 1
        heappush(self._agenda, (at, self._n_scheduled, happening))

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
                began_at=now + self._conditions.start_seconds + self.driver.delay(now),
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
            self.nodes.release(attempt.worker)
            return
        self._attempts[attempt.worker] = attempt
        self._schedule(min(attempt.due_at, attempt.lost_at), attempt)

    def _happen(self, attempt: _Attempt) -> None:
        """Let the engine know what has just happened in an attempt."""
        if attempt.lost_at < attempt.due_at:
            self._lost(attempt, error="its simulated worker was lost")
            self.nodes.release(attempt.worker)
            return
        if attempt.epoch == attempt.curve.raises_in:
            error = f"the curve raises in epoch {attempt.epoch}"
            if self._engine.failed(attempt.trial, cause="exception", error=error):
                self._wait(attempt.trial)
        elif self._report(attempt):
            attempt.epoch += 1
            self._go_on(attempt)
            return
        self.nodes.release(attempt.worker)

    def _lost(self, attempt: _Attempt, *, error: str) -> None:
        if self._engine.worker_lost(attempt.trial, error=error):
            self._wait(attempt.trial)

    def _wait(self, trial: str) -> None:
        """Let a trial that is tried again wait for a worker."""
        self._waiting.append(self._engine.state.trials[trial])

    def _report(self, attempt: _Attempt) -> bool:
        """Report the epoch that has just ended, and return whether the trial goes on."""
        measurement = attempt.curve.measurement(attempt.epoch)
        every = self._conditions.checkpoint_every
        is_due = every is not None and attempt.epoch % every == 0
        may_pause = attempt.epoch in attempt.pauses_at
        checkpoint = _checkpoint(attempt) if is_due or may_pause else None
        decision = self.driver.decided(
            lambda: self._engine.measured(attempt.trial, measurement, checkpoint=checkpoint)
        )
        attempt.began_at += self.driver.delay(self._clock.now)
        return decision.kind is DecisionKind.CONTINUE


def _checkpoint(attempt: _Attempt) -> Checkpoint:
    path = f"trials/{attempt.trial}/epoch-{attempt.epoch:04d}.ckpt"
    return Checkpoint(epoch=attempt.epoch, path=path, size_bytes=0)
