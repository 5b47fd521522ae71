"""What happens next in a search?

The engine turns what workers report into events, writes them ahead of every consequence, and asks
the searcher and the scheduler. The module is longer than most because it is the list of all that
can happen in a search. Whoever runs the trials (Ray, or a simulation) calls it from one
thread:

    engine.start(settings=..., space=..., versions=...)       # or engine.replay(events)
    trial = engine.next_trial()                       # journalled before it is returned
    engine.attempt_started(trial.id, worker="host:pid")
    decision = engine.measured(trial.id, measurement) # journalled before it is returned
    engine.failed(trial.id, cause=..., error=...)     # or worker_lost, or finished
    engine.end(SearchStatus.FINISHED)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from raysearch.engine import messages, records
from raysearch.engine.ledger import Ledger
from raysearch.engine.opening import opening, points_left
from raysearch.engine.plan import Plan
from raysearch.engine.spending import Spending
from raysearch.engine.state import (
    DISK_FULL,
    INTERRUPTED,
    NOT_FINITE,
    NOT_MEASURED,
    WORKER_LOST,
    Listener,
    SearchState,
)
from raysearch.errors import SearchAborted
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import EventSink
from raysearch.schedulers import Scheduler
from raysearch.searchers import EXHAUSTED, WAIT, Searcher
from raysearch.space import Space
from raysearch.trial import (
    Checkpoint,
    Configuration,
    Decision,
    DecisionKind,
    Measurement,
    SearchStatus,
    Suggestion,
    Trial,
    TrialStatus,
    trial_id,
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
    ) -> None:
        self.plan = plan
        self._ledger = Ledger(
            plan=plan,
            journal=journal,
            on_trial_ended=self._observe,
            remove_checkpoint=remove_checkpoint,
            clock=clock,
            listeners=listeners,
        )
        self._space = space
        self._opening = opening(space, points=points)
        self._points: list[Suggestion] | None = None  # those left, known with the first suggestion
        self._outside: set[str] = set()  # trials of a former space that do not lie in this one
        self._searcher = searcher
        self._scheduler = scheduler
        self._clock = clock
        self._is_exhausted = False
        self._unsettled: dict[str, Decision] = {}

    @property
    def state(self) -> SearchState:
        """What is known about the search."""
        return self._ledger.state

    # ---- the search

    def start(
        self,
        *,
        settings: Mapping[str, Any],
        space: Mapping[str, Any],
        versions: Mapping[str, str],
    ) -> None:
        """Journal the start of a new search, with its objective among the settings."""
        settings = {"objective": asdict(self.plan.objective), **settings}
        self._ledger.emit(
            ev.SearchStarted(at=self._clock(), settings=settings, space=space, versions=versions)
        )

    def replay(self, events: Iterable[Event]) -> None:
        """Bring state, searcher and scheduler to where the journal ends; nothing is written.

        They may be others than those that were at work before. The scheduler sees all measurements,
        so that it compares with all trials; what it says of them has no effect, except of the last
        one of a trial that has not ended, where the journal holds no decision. The searcher is told
        of the trials that lie in the space.
        """
        space, is_same = self._space.to_json(), True
        for event in events:
            self.state.apply(event)
            if isinstance(event, ev.SearchStarted | ev.SearchResumed):
                is_same = self.state.space == space
            elif isinstance(event, ev.TrialCreated):
                if not is_same and not self._space.contains(event.configuration):
                    self._outside.add(event.trial)
            elif isinstance(event, ev.Measured):
                trial = self.state.trials[event.trial]
                decision = self._scheduled(trial, event.measurement)
                self._unsettled[event.trial] = decision
            elif isinstance(event, ev.Decided):
                kind = DecisionKind(event.kind)
                self._unsettled[event.trial] = Decision(kind=kind, reason=event.reason)
            elif isinstance(event, ev.TrialEnded):
                self._unsettled.pop(event.trial, None)
                self._observe(self.state.trials[event.trial])

    def resume(self, *, settings: Mapping[str, Any], changed: Sequence[str] = ()) -> list[Trial]:
        """Journal that the search goes on, after `replay`, and in which space if in another one.

        A driver may have died between a measurement and the end of the trial that followed from
        it; such ends are carried out now.

        Returns:
            The trials that have neither ended nor paused, in order of their numbers: they go on
            first. Paused ones wait for `resumable`.
        """
        space = self._space.to_json()
        self._ledger.emit(
            ev.SearchResumed(
                at=self._clock(),
                settings=settings,
                changed=tuple(changed),
                space=None if space == self.state.space else space,
            )
        )
        for trial in list(self.state.live.values()):
            self._settle(trial, self._unsettled.pop(trial.id, None))
        return [t for t in self.state.live.values() if t.status is not TrialStatus.PAUSED]

    def _settle(self, trial: Trial, decision: Decision | None) -> None:
        """Carry out what follows from the last measurement and is not in the journal."""
        kind = DecisionKind.CONTINUE if decision is None else decision.kind
        if trial.epochs >= self.plan.max_epochs:
            self._ledger.end_trial(trial, TrialStatus.COMPLETED, reason=self.plan.completion)
        elif decision is not None and kind is DecisionKind.STOP:
            self._ledger.end_trial(trial, TrialStatus.STOPPED, reason=decision.reason)
        elif (
            decision is not None
            and kind is DecisionKind.PAUSE
            and trial.status is not TrialStatus.PAUSED
        ):
            self._ledger.emit(records.decided(decision, trial=trial, at=self._clock()))

    def end(self, status: SearchStatus, *, reason: str = "") -> None:
        """Journal the end of this session, with the trials in training as interrupted."""
        at = self._clock()
        running = [t for t in self.state.live.values() if t.status is TrialStatus.RUNNING]
        interrupted = [
            ev.AttemptEnded(at=at, trial=t.id, attempt=t.attempts, cause=INTERRUPTED)
            for t in running
        ]
        self._ledger.emit(*interrupted, ev.SearchEnded(at=at, status=status, reason=reason))

    def record(self, *events: ev.Handed) -> None:
        """Journal what is done with the winner."""
        self._ledger.emit(*events)

    # ---- trials

    @property
    def stop_reason(self) -> str:
        """Why no further trial will be created, for a person; empty while more will be.

        It is taken back if the search ran out of patience and a trial in training then became the
        best.
        """
        if self._is_exhausted and not self.is_over:
            return "the searcher has nothing left to suggest"
        return self.plan.used_up(self.state, now=self._clock())

    @property
    def n_trials_left(self) -> float:
        """How many further trials will be created at most; infinity if no number limits them."""
        if self.stop_reason:
            return 0
        plan, left = self.plan, math.inf
        if plan.max_trials is not None:
            left = plan.max_trials - self.state.next_number
        if plan.max_total_epochs is not None:
            left = min(left, plan.max_total_epochs - self.state.epochs)
        return left

    @property
    def is_over(self) -> bool:
        """Whether a limit is reached, so that trials in training stop as well; see `Plan`."""
        return bool(self._limit_reached(self.state.spent))

    def _limit_reached(self, spent: Spending) -> str:
        return self.plan.limit_reached(spent, seconds=self.state.seconds_at(self._clock()))

    def next_trial(self) -> Trial | None:
        """Return a new trial, journalled, or None when there is none now or never again.

        Raises:
            SearchAborted: The searcher suggested a configuration outside the space.
        """
        if self.stop_reason:
            return None
        number = self.state.next_number
        suggestion = self._suggest(number)
        if suggestion is None:
            return None
        self._ledger.emit(
            ev.TrialCreated(
                at=self._clock(),
                trial=trial_id(number),
                number=number,
                configuration=dict(suggestion.configuration),
                origin=dict(suggestion.origin),
            )
        )
        return self.state.trials[trial_id(number)]

    def attempt_started(
        self, trial: str, *, worker: str, damaged: Mapping[str, str] | None = None
    ) -> int:
        """Journal that a worker began to train the trial; return the attempt, from 1.

        Args:
            trial: Its id.
            worker: Host and process.
            damaged: Checkpoints that the worker could not read, by path, with what is wrong with
                each; it went back to the one before them, or to the start. They are given up. Their
                files stay until the next `resume`, since an epoch that is repeated may have been
                written under the same name by now.
        """
        known = self.state.trials[trial]
        at, damaged = self._clock(), damaged or {}
        lost = [c for c in known.checkpoints if c.path in damaged]
        whole = [c for c in known.checkpoints if c.path not in damaged]
        last = whole[-1].epoch if whole else 0
        started = ev.AttemptStarted(
            at=at,
            trial=trial,
            attempt=known.attempts + 1,
            worker=worker,
            from_epoch=last,
            reason=messages.went_back([damaged[c.path] for c in lost], epoch=last),
        )
        self._ledger.emit(
            *(ev.CheckpointRemoved(at=at, trial=trial, path=c.path) for c in lost), started
        )
        return known.attempts + 1

    def measured(
        self, trial: str, measurement: Measurement, *, checkpoint: Checkpoint | None = None
    ) -> Decision:
        """Journal a measurement together with the decision that follows, and return the decision.

        A trial that has reached its last epoch is completed whatever the scheduler says. A
        measurement of an epoch that the journal already holds (it was repeated after a loss)
        changes nothing but the checkpoint. The measurement is written before its checkpoint: were
        the write cut between them, the epoch would be trained and reported once more, instead of
        never.

        Raises:
            SearchAborted: The objective's metric was not reported.
        """
        self._check_metric(trial, measurement)
        before = self.state.trials[trial]
        at = self._clock()
        is_new = measurement.epoch > before.epochs
        after, events = before, list[Event]()
        if is_new:
            events.append(records.measured(measurement, trial=before, at=at))
            after = replace(after, measurements=(*after.measurements, measurement))
        if checkpoint is not None:
            events.append(records.checkpoint_written(checkpoint, trial=trial, at=at))
            after = replace(after, checkpoints=(*after.checkpoints, checkpoint))
        if not is_new:
            return self._repeated(after, events)
        decision = self._decide(after, measurement)
        if records.is_worth_a_line(decision):
            events.append(records.decided(decision, trial=after, at=at))
        if measurement.epoch >= self.plan.max_epochs:
            decision = Decision(kind=DecisionKind.STOP, reason="last epoch reached")
            self._ledger.end_trial(
                after, TrialStatus.COMPLETED, before=events, reason=self.plan.completion
            )
        elif decision.kind is DecisionKind.STOP:
            self._ledger.end_trial(
                after, TrialStatus.STOPPED, before=events, reason=decision.reason
            )
        else:
            self._ledger.emit_and_tidy(after, events)
            return decision
        self._check_failures()
        return decision

    def _repeated(self, trial: Trial, events: Sequence[Event]) -> Decision:
        """Journal an epoch that was trained again after a loss; only limits stop the trial."""
        limit = self._limit_reached(self.state.spent)
        if limit:
            self._ledger.end_trial(trial, TrialStatus.STOPPED, before=events, reason=limit)
            self._check_failures()
            return Decision(kind=DecisionKind.STOP, reason=limit)
        self._ledger.emit_and_tidy(trial, events)
        return Decision(kind=DecisionKind.CONTINUE)

    def finished(self, trial: str, *, reason: str) -> None:
        """Journal that training ended by itself: early, or with its last epoch not measured.

        A trial that ends before anything was measured has failed.

        Raises:
            SearchAborted: All of the first trials failed.
        """
        if trial not in self.state.live:
            return
        if self.state.trials[trial].measurements:
            self._ledger.end_trial(self.state.trials[trial], TrialStatus.COMPLETED, reason=reason)
            self._check_failures()
        else:
            error = messages.nothing_measured(reason, metric=self.plan.objective.metric)
            self.failed(trial, cause=NOT_MEASURED, error=error)

    def failed(self, trial: str, *, cause: str, error: str) -> bool:
        """Journal that the trial raised; return whether it is tried again.

        A failure is a result like any other, and tried again only where the plan says so. A full
        disk is none: it says nothing about the configuration, and the next trial would meet it too.
        The trial is interrupted, and goes on at the next `resume`.

        Raises:
            SearchAborted: All of the first trials failed, or the disk is full.
        """
        if trial not in self.state.live:
            return False
        known = self.state.trials[trial]
        ended = ev.AttemptEnded(
            at=self._clock(), trial=trial, attempt=known.attempts, cause=cause, error=error
        )
        if cause == DISK_FULL:
            self._ledger.emit(ended)
            raise SearchAborted(messages.disk_full(known, error=error))
        if self._is_tried_again(trial, cause=cause):
            self._ledger.emit(ended)
            return True
        self._ledger.end_trial(known, TrialStatus.FAILED, before=[ended], cause=cause, error=error)
        self._check_failures()
        return False

    def _is_tried_again(self, trial: str, *, cause: str) -> bool:
        """Return whether a failure that says something about its configuration is tried again."""
        if self.is_over:
            return False
        happens_again = cause in (WORKER_LOST, NOT_MEASURED, NOT_FINITE)
        may_pass = self.plan.retry_exceptions and not happens_again
        return may_pass and self.state.n_bad_attempts(trial) + 1 < self.plan.max_attempts

    def worker_lost(self, trial: str, *, error: str) -> bool:
        """Journal that the trial's worker is gone; return whether the trial is tried again.

        Raises:
            SearchAborted: All of the first trials failed.
        """
        if trial not in self.state.live:
            return False
        known = self.state.trials[trial]
        bad = self.state.n_bad_attempts(trial) + 1
        if bad >= self.plan.max_attempts:
            return self.failed(trial, cause=WORKER_LOST, error=f"{error}, {bad} times")
        self._ledger.emit(
            ev.AttemptEnded(
                at=self._clock(),
                trial=trial,
                attempt=known.attempts,
                cause=WORKER_LOST,
                error=error,
            )
        )
        return True

    def resumable(self) -> Trial | None:
        """Return the paused trial that should go on now, if any."""
        paused = [t for t in self.state.live.values() if t.status is TrialStatus.PAUSED]
        return self._scheduler.resumable(paused) if paused else None

    # ---- inside

    def _observe(self, trial: Trial) -> None:
        if trial.id not in self._outside:
            self._searcher.observe(trial)

    def _suggest(self, number: int) -> Suggestion | None:
        if number == 0:
            return self._opening[0]
        if self._points is None:
            self._points = points_left(self._opening, trials=self.state.trials.values())
        if self._points:
            return self._points.pop(0)
        pending = list(self.state.live.values())
        told = [trial for trial in pending if trial.id not in self._outside]
        suggestion = self._searcher.suggest(number=number, pending=told)
        if suggestion is WAIT and pending:
            return None
        if suggestion is EXHAUSTED or suggestion is WAIT:  # waiting for nothing never ends
            self._is_exhausted = True
            return None
        if not isinstance(suggestion, Suggestion) or not self._space.contains(
            suggestion.configuration
        ):
            raise SearchAborted(
                messages.outside_space(
                    suggestion, searcher=type(self._searcher).__name__, trial=trial_id(number)
                )
            )
        return suggestion

    def _decide(self, trial: Trial, measurement: Measurement) -> Decision:
        decision = self._scheduled(trial, measurement)
        limit = self._limit_reached(self.state.spent_after(trial.id, measurement))
        if limit and decision.kind is not DecisionKind.STOP:
            return Decision(kind=DecisionKind.STOP, reason=limit)
        return decision

    def _scheduled(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return the scheduler's decision; the default configuration is spared.

        Every result is compared with trial 0000, and a comparison with a trial that was stopped
        after one epoch says nothing. Only a value that is not finite stops it.
        """
        decision = self._scheduler.on_measurement(trial, measurement)
        is_spared = (
            trial.number == 0
            and decision.kind is not DecisionKind.CONTINUE
            and measurement.values[self.plan.objective.metric] is not None
        )
        if not is_spared:
            return decision
        reason = f"{decision.reason}; goes on, as the default that all are compared with"
        return Decision(kind=DecisionKind.CONTINUE, reason=reason)

    def _check_metric(self, trial: str, measurement: Measurement) -> None:
        metric = self.plan.objective.metric
        if metric in measurement.values:
            return
        raise SearchAborted(
            messages.missing_metric(
                metric, trial=trial, measurement=measurement, n_ended=len(self.state.ended)
            )
        )

    def _check_failures(self) -> None:
        limit, state = self.plan.abort_after, self.state
        if limit is None or not state.is_failing or len(state.trials) - len(state.live) < limit:
            return
        if any(t.value(self.plan.objective) is not None for t in state.live.values()):
            return
        raise SearchAborted(messages.all_failed(state.ended))
