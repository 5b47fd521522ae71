"""In which order does an event take effect?

First it is on disk, then the state and the searcher know of it, then the listeners are told, and
last the checkpoints that are no longer needed are deleted. A listener that fails is dropped; a
journal that fails stops everything before anything has taken effect. Where several trials report at
once, the journal may write what they led to together, later: see `run_dir.group_commit`. State and
searcher then know of it before it is on disk; listeners, and what is deleted, wait for that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import replace
from functools import partial

from raysearch.engine import records
from raysearch.engine.causes import NOT_FINITE
from raysearch.engine.plan import Plan
from raysearch.engine.retention import ByteBudget, unneeded
from raysearch.engine.state import Listener, SearchState
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import EventSink
from raysearch.trial import Checkpoint, Trial, TrialStatus

_log = logging.getLogger(__name__)


class Ledger:
    """The only way for an event into the journal and the state.

    Args:
        plan: Objective and byte budget.
        journal: Where events are kept before they have any effect.
        on_trial_ended: Told of each trial that ended: searcher and scheduler.
        on_trial_paused: Told of each trial that is paused: the searcher.
        on_event: Told of each event when the state knows of it: what suggests.
        keeps: Epochs of a trial's checkpoints that another one may yet take over.
        remove_checkpoint: Deletes a checkpoint, given its path relative to the run directory.
        clock: Unix time in seconds.
        listeners: Told of each event once it is on disk.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        journal: EventSink,
        on_trial_ended: Callable[[Trial], None],
        on_trial_paused: Callable[[Trial], None],
        on_event: Listener,
        keeps: Callable[[Trial], Collection[int]],
        remove_checkpoint: Callable[[str], None],
        clock: Callable[[], float],
        listeners: Sequence[Listener],
    ) -> None:
        self.state = SearchState()
        self.capacity: Callable[[], Mapping[str, float]] = dict
        """Says what Ray has, which is journalled where it is new; asked before each write."""
        self._plan = plan
        self._journal = journal
        self._on_trial_ended = on_trial_ended
        self._on_trial_paused = on_trial_paused
        self._on_event = on_event
        self._keeps = keeps
        self._held: set[str] = set()  # trials with checkpoints that are kept for others alone
        self._remove_checkpoint = remove_checkpoint
        self._clock = clock
        self._listeners = list(listeners)
        self._byte_budget = ByteBudget(
            objective=plan.objective,
            objectives=plan.objectives,
            budget_bytes=plan.checkpoint_budget_bytes,
            pinned=self._pinned,
        )

    def now(self) -> float:
        """Return the time of what happens at this moment: Unix time in seconds."""
        return self._clock()

    def end_trial(
        self,
        trial: Trial,
        status: TrialStatus,
        *,
        before: Sequence[Event] = (),
        reason: str | None = None,
        cause: str | None = None,
        error: str | None = None,
        folds: int = 0,
    ) -> None:
        """Emit the end of a trial, after the events that lead to it, and keep to the byte budget.

        A trial whose objective was NaN or infinite at its last measurement has failed, whoever
        ended it: it may have recovered before, and will not any more.

        Args:
            trial: As it stands after `before`.
            status: A status of an ended trial.
            before: Events that are written with the end, in front of it.
            reason: Why it ended, for a person.
            cause: Class of failure, if it failed.
            error: What went wrong, if it failed.
            folds: On how many folds its training is done, where there are several.
        """
        wrong = records.not_finite(trial, objective=self._plan.objective)
        if wrong is not None and status is not TrialStatus.FAILED:
            status, cause, error = TrialStatus.FAILED, NOT_FINITE, wrong
        ended = ev.TrialEnded(
            at=self.now(),
            trial=trial.id,
            status=status,
            reason=reason,
            cause=cause,
            error=error,
            folds=folds,
        )
        self.emit_and_tidy(replace(trial, status=status), [*before, ended])
        self._byte_budget.ended(self.state.trials[trial.id])
        self._emit_removals(self._byte_budget.excess(self.state))

    def emit_and_tidy(self, after: Trial, events: Sequence[Event]) -> None:
        """Emit the events that lead to `after`, and give up the checkpoints it does not need."""
        held = self._held - {after.id}
        trials = [after, *(self.state.trials[id] for id in sorted(held))]
        given_up = [(trial, c) for trial in trials for c in self._unneeded(trial)]
        self._emit_removals(given_up, before=events)

    def look_again(self) -> None:
        """Find out, after a replay, which trials have checkpoints that are kept for others."""
        self._held = {t.id for t in self.state.trials.values() if len(t.checkpoints) > 1}

    def _unneeded(self, trial: Trial) -> list[Checkpoint]:
        """Return the checkpoints of a trial that nobody needs; note whether others need some."""
        own = unneeded(trial, objective=self._plan.objective)
        pinned = self._pinned(trial) if own else ()
        left = [checkpoint for checkpoint in own if checkpoint.path not in pinned]
        (self._held.add if len(left) < len(own) else self._held.discard)(trial.id)
        return left

    def _pinned(self, trial: Trial) -> Container[str]:
        """Return the paths of a trial's checkpoints that others need, or may yet need."""
        kept = self._keeps(trial)
        paths = {c.path for c in trial.checkpoints if c.epoch in kept}
        return paths | set(self.state.pinned.values())

    def _emit_removals(
        self, given_up: Sequence[tuple[Trial, Checkpoint]], *, before: Sequence[Event] = ()
    ) -> None:
        at = self.now()
        removals = [ev.CheckpointRemoved(at=at, trial=t.id, path=c.path) for t, c in given_up]
        self.emit(*before, *removals)
        for _, checkpoint in given_up:
            self._journal.afterwards(partial(self._remove, checkpoint.path))

    def _remove(self, path: str) -> None:
        """Delete a checkpoint; one that cannot be is an orphan, and no reason to end the search."""
        try:
            self._remove_checkpoint(path)
        except OSError:
            _log.warning("%s stays until the next resume: it could not be deleted", path)

    def emit(self, *events: Event) -> None:
        """Write the events with one flush, then let them take effect, then tell the listeners.

        Where the journal gathers them, listeners are told when it has written them.
        """
        if not events:
            return
        events = self._with_capacity(events)
        self._journal.append(events)
        for event in events:
            self.state.apply(event)
            if isinstance(event, ev.TrialEnded):
                self._on_trial_ended(self.state.trials[event.trial])
            elif isinstance(event, ev.Decided) and event.is_pause_of_scheduler:
                self._on_trial_paused(self.state.trials[event.trial])
        for event in events:
            self._on_event(event, self.state)
        self._journal.afterwards(partial(self._tell_all, events))

    def _tell_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self._tell(event)

    def _with_capacity(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return the events, the first that can say so with what Ray has if that is new."""
        has = self.capacity()
        if not has or has == self.state.capacity:
            return events
        for place, event in enumerate(events):
            if isinstance(event, ev.AttemptStarted | ev.Measured):
                told = replace(event, capacity=has)
                return (*events[:place], told, *events[place + 1 :])
        return events

    def _tell(self, event: Event) -> None:
        """Tell the listeners; one that fails is not told again, for it must not end the search."""
        for listener in list(self._listeners):
            try:
                listener(event, self.state)
            except Exception:  # noqa: BLE001  a view may break in any way
                self._listeners.remove(listener)
                _log.warning("%r failed and is not told of further events", listener, exc_info=True)
