"""What happens next in a search?

The engine turns what workers report into events, writes them ahead of every consequence, and asks
the searcher and the scheduler. This is its front, the list of all that can happen in a search; what
is done then stands in `sessions`, `replay`, `queue`, `reports` and `attempts`. Whoever runs the
trials (Ray, or a simulation) calls it from one thread:

    engine.start(settings=..., space=..., versions=...)       # or engine.replay(events)
    trial = engine.next_up()                          # journalled before it is returned
    engine.attempt_started(trial.id, worker="host:pid")
    decision = engine.measured(trial.id, measurement) # journalled before it is returned
    engine.failed(trial.id, cause=..., error=...)     # or worker_lost, or finished
    engine.end(SearchStatus.FINISHED)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from raysearch.engine.ahead import Helper
from raysearch.engine.attempts import Attempts
from raysearch.engine.decisions import Decisions
from raysearch.engine.folds import Folds
from raysearch.engine.gauging import Gauging
from raysearch.engine.ledger import Ledger
from raysearch.engine.pauses import Pauses
from raysearch.engine.plan import Plan
from raysearch.engine.queue import Queue
from raysearch.engine.replay import Replay
from raysearch.engine.reports import Reports
from raysearch.engine.sessions import Sessions
from raysearch.engine.state import Listener, SearchState
from raysearch.engine.suggestions import Suggestions
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import EventSink
from raysearch.schedulers import Scheduler
from raysearch.searchers import Searcher
from raysearch.space import Space
from raysearch.trial import (
    Checkpoint,
    Configuration,
    Decision,
    Measurement,
    SearchStatus,
    Trial,
    TrialStatus,
)


class Engine:
    """Decides, and remembers, for one search.

    Args:
        plan: Objective, budgets and limits.
        space: The search space; every suggestion is checked against it.
        searcher: Suggests configurations.
        scheduler: Decides about trials that report.
        journal: Where events are kept before they have any effect.
        remove_checkpoint: Deletes a checkpoint, given its path relative to the run directory;
            called after the journal says so.
        clock: Unix time in seconds; a simulation gives its own.
        points: Whole configurations of the space to try first, after the default.
        listeners: Called after each event was journalled and applied.
        helper: Asks the searcher beside what goes on, where that is allowed; None for a thread.

    Raises:
        ConfigurationError: A point does not lie in the space.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        space: Space,
        searcher: Searcher,
        scheduler: Scheduler,
        journal: EventSink,
        remove_checkpoint: Callable[[str], None] = lambda path: None,
        clock: Callable[[], float] = time.time,
        points: Sequence[Configuration] = (),
        listeners: Sequence[Listener] = (),
        helper: Helper | None = None,
    ) -> None:
        self.plan, self._scheduler = plan, scheduler
        suggestions = Suggestions(space=space, searcher=searcher, points=points, helper=helper)
        self._suggestions = suggestions
        self._ledger = ledger = Ledger(
            plan=plan,
            journal=journal,
            on_trial_ended=self._ended,
            on_trial_paused=suggestions.observe,
            on_event=suggestions.heard,
            keeps=scheduler.keeps,
            remove_checkpoint=remove_checkpoint,
            clock=clock,
            listeners=listeners,
        )
        self._decisions = decisions = Decisions(plan=plan, ledger=ledger, scheduler=scheduler)
        pauses = Pauses(ledger=ledger, scheduler=scheduler)
        judges: dict[str, Any] = {"decisions": decisions, "folds": Folds(plan=plan, ledger=ledger)}
        self._attempts = attempts = Attempts(plan=plan, ledger=ledger, **judges)
        shared: dict[str, Any] = {"plan": plan, "ledger": ledger, "suggestions": suggestions}
        self._reports = Reports(plan=plan, ledger=ledger, attempts=attempts, **judges)
        self._gauging = Gauging(plan=plan, ledger=ledger)
        self._queue = Queue(**shared, **judges, pauses=pauses)
        self._replay = Replay(**shared, **judges, space=space)
        self._sessions = Sessions(**shared, space=space)
        self.has_begun = False
        """Whether the start of this session is journalled, so that its end is to be as well."""

    @property
    def state(self) -> SearchState:
        """What is known about the search."""
        return self._ledger.state

    def know_capacity(self, capacity: Callable[[], Mapping[str, float]]) -> None:
        """Ask this what Ray has, before each write; see `events.AttemptStarted`."""
        self._ledger.capacity = capacity

    def start(
        self,
        *,
        settings: Mapping[str, Any],
        space: Mapping[str, Any],
        versions: Mapping[str, str],
        fingerprints: Mapping[str, str] | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        """Journal the start of a new search; the arguments are fields of `SearchStarted`."""
        self._sessions.start(
            settings=settings,
            space=space,
            versions=versions,
            fingerprints=fingerprints or {},
            evidence=evidence or {},
        )
        self.has_begun = True

    def replay(self, events: Iterable[Event]) -> None:
        """Bring state, searcher and scheduler to where the journal ends; nothing is written."""
        self._replay.of(events)

    def resume(
        self,
        *,
        settings: Mapping[str, Any],
        changed: Sequence[str] = (),
        fingerprints: Mapping[str, str] | None = None,
    ) -> list[Trial]:
        """Journal that the search goes on, after `replay`, and in which space if in another one.

        A driver may have died between a measurement and the end of the trial that followed from
        it; such ends are carried out now.

        Returns:
            The trials that have neither ended nor paused, in order of their numbers: they go on
            first. Paused ones wait until the scheduler lets them go on.
        """
        self._sessions.resume(settings=settings, changed=changed, fingerprints=fingerprints or {})
        self.has_begun = True
        self._gauging.settle()
        self._replay.settle()
        return [t for t in self.state.live.values() if t.status is not TrialStatus.PAUSED]

    def end(self, status: SearchStatus, *, reason: str = "") -> None:
        """Journal the end of this session, and what the searcher would hand over, if it is asked.

        Trials in training are interrupted. The searcher is not asked if the search failed.
        """
        self._sessions.end(status, reason=reason)

    def record(self, *events: ev.Handed | ev.Measured) -> None:
        """Journal what is done with leaders and winner once the search has ended."""
        self._ledger.emit(*events)

    @property
    def stop_reason(self) -> str:
        """Why no further trial will be created, for a person; empty while more will be."""
        return self._queue.stop_reason

    @property
    def n_trials_left(self) -> float:
        """How many further trials will be created at most; infinity if no number limits them."""
        return self._queue.n_trials_left

    @property
    def is_over(self) -> bool:
        """Whether a limit is reached, so that trials in training stop as well; see `Plan`."""
        return self._decisions.is_over

    @property
    def is_suggesting(self) -> bool:
        """Whether a suggestion is under way; see `next_trial`."""
        return self._suggestions.is_under_way

    @property
    def goes_on(self) -> bool:
        """Whether a paused trial goes on, or is stopped for good, once a worker is free."""
        return self._queue.goes_on

    def is_next_ready(self, *, held: Collection[str] = ()) -> bool:
        """Return whether `next_up` would answer at once; if not, a suggestion is begun beside."""
        return self._queue.is_next_ready(held=held)

    def next_up(self, *, held: Collection[str] = (), beside: bool = False) -> Trial | None:
        """Return what a free worker trains next, journalled; None for nothing now, or never again.

        A paused trial that the scheduler lets go on, and else a new one; see `Queue.next_up`.

        Args:
            held: Paused trials whose workers are not free yet: they cannot go on now.
            beside: See `next_trial`.

        Raises:
            SearchAborted: The searcher failed, or suggested a configuration outside the space.
        """
        return self._queue.next_up(held=held, beside=beside)

    def next_trial(self, *, beside: bool = False) -> Trial | None:
        """Return a new trial, journalled, or None when there is none yet, now, or never again.

        Args:
            beside: Whether the searcher may be asked beside what goes on, and a slow one ahead for
                the trial after this one. A suggestion that is under way when the search ends is
                dropped.

        Raises:
            SearchAborted: The searcher failed, or suggested a configuration outside the space.
        """
        return self._queue.next_trial(beside=beside)

    def attempt_started(
        self, trial: str, *, worker: str, damaged: Mapping[str, str] | None = None
    ) -> int:
        """Journal that a worker began to train the trial; return the attempt, from 1.

        Args:
            trial: Its id.
            worker: Host and process.
            damaged: Checkpoints that the worker could not read, by path, with what is wrong with
                each; it went back to the one before them, or to the start. They are given up.
        """
        return self._attempts.started(trial, worker=worker, damaged=damaged or {})

    def gauged(self, trial: str, values: Mapping[str, float], *, seconds: float = 0.0) -> Decision:
        """Journal what a trial's model costs, before its first epoch; return whether it is trained.

        Args:
            trial: Its id.
            values: By name: see `raysearch.measure.MEASURES`.
            seconds: How long it took to measure them.
        """
        return self._gauging.measured(trial, values, seconds=seconds)

    def measured(
        self, trial: str, measurement: Measurement, *, checkpoint: Checkpoint | None = None
    ) -> Decision:
        """Journal a measurement together with the decision that follows, and return the decision.

        A measurement of an epoch that the journal already holds (it was repeated after a loss)
        changes nothing but the checkpoint.

        Raises:
            SearchAborted: The objective's metric was not reported.
        """
        return self._reports.measured(trial, measurement, checkpoint=checkpoint)

    def finished(self, trial: str, *, reason: str) -> None:
        """Journal that training ended by itself: early, or with its last epoch not measured."""
        self._attempts.finished(trial, reason=reason)

    def failed(self, trial: str, *, cause: str, error: str) -> bool:
        """Journal that the trial raised; return whether it is tried again.

        A failure is a result like any other; a full disk is none, and ends the search.

        Raises:
            SearchAborted: All of the first trials failed, or the disk is full.
        """
        return self._attempts.failed(trial, cause=cause, error=error)

    def worker_lost(self, trial: str, *, error: str) -> bool:
        """Journal that the trial's worker is gone; return whether the trial is tried again.

        Raises:
            SearchAborted: All of the first trials failed.
        """
        return self._attempts.worker_lost(trial, error=error)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs at which a trial may be paused, and needs a checkpoint."""
        return self._scheduler.pauses_at(trial)

    def waits_at(self, trial: Trial) -> tuple[int, ...]:
        """Return those of them after which a trial waits for the decision; see `Scheduler`.

        None for the default, which no scheduler stops.
        """
        return self._scheduler.waits_at(trial) if trial.number else ()

    def _ended(self, trial: Trial) -> None:
        self._suggestions.observe(trial)
        self._decisions.ended(trial)
