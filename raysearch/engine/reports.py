"""What follows from a measurement?

It is written together with its checkpoint and with what is decided about it, before anything of
that takes effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from raysearch.engine import records
from raysearch.engine.attempts import Attempts
from raysearch.engine.causes import INTERRUPTED
from raysearch.engine.decisions import Decisions
from raysearch.engine.fold_curves import with_measurement
from raysearch.engine.folds import Folds
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.measure import SECONDS
from raysearch.run_dir.events import Event
from raysearch.trial import Checkpoint, Decision, DecisionKind, Measurement, Trial, TrialStatus


class Reports:
    """Journals measurements, and carries out what is decided.

    Args:
        plan: How long a trial is trained.
        ledger: Where it is written, and what is known.
        decisions: Asked what becomes of a trial.
        attempts: Told when a trial has ended.
        folds: Told of trainings that are done.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        ledger: Ledger,
        decisions: Decisions,
        attempts: Attempts,
        folds: Folds,
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._decisions = decisions
        self._attempts = attempts
        self._folds = folds

    def measured(
        self, trial: str, measurement: Measurement, *, checkpoint: Checkpoint | None
    ) -> Decision:
        """Journal a measurement, and return the decision that follows; see `Engine.measured`.

        A trial that has reached its last epoch is completed whatever the scheduler says; one that
        would go on is interrupted where a limit is reached, unless it is the one that reaches the
        target, and so is done. The
        measurement is written before its checkpoint: were the write cut between them, the epoch
        would be trained and reported once more, instead of never.

        Raises:
            SearchAborted: The objective's metric was not reported, or all first trials failed.
        """
        before = self._ledger.state.trials[trial]
        measurement = self._with_measures(measurement, trial=before)
        self._decisions.check_metric(trial, measurement)
        at = self._ledger.now()
        is_new = measurement.epoch > before.reached
        after, events = before, list[Event]()
        if is_new:
            events.append(records.measured(measurement, trial=before, at=at))
            after = with_measurement(after, measurement)
        if checkpoint is not None:
            checkpoint = replace(checkpoint, fold=before.fold)
            events.append(records.checkpoint_written(checkpoint, trial=trial, at=at))
            after = replace(after, checkpoints=(*after.checkpoints, checkpoint))
        if not is_new:
            return self._repeated(after, events)
        decision = self._scheduled(after, measurement)
        limit = self._decisions.limit_after(trial, measurement)
        if records.is_worth_a_line(decision):
            events.append(records.decided(decision, trial=after, at=at))
        if measurement.epoch >= self._plan.max_epochs:
            decision = self._folds.training_done(after, before=events, reason=self._plan.completion)
        elif decision.kind is DecisionKind.STOP:
            self._ledger.end_trial(
                after, TrialStatus.STOPPED, before=events, reason=decision.reason
            )
        elif limit and decision.kind is DecisionKind.CONTINUE:
            if not self._decisions.hits_target(trial, measurement):
                return self._cut_off(after, events, limit=limit)
            decision = Decision(kind=DecisionKind.STOP, reason=limit)
            self._ledger.end_trial(after, TrialStatus.STOPPED, before=events, reason=limit)
        else:
            self._ledger.emit_and_tidy(after, events)
            return decision
        self._attempts.check_failures()
        return decision

    def _scheduled(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return the scheduler's decision, which is asked about the first fold alone."""
        if trial.folds:
            return Decision(kind=DecisionKind.CONTINUE)
        return self._decisions.scheduled(trial, measurement)

    def _with_measures(self, measurement: Measurement, *, trial: Trial) -> Measurement:
        """Return a measurement whose values have those of the model itself, and its time if asked.

        So that whoever compares trials finds every objective in one place.
        """
        known: dict[str, float | None] = dict(trial.measures)
        if any(objective.metric == SECONDS for objective in self._plan.objectives):
            known[SECONDS] = measurement.seconds
        if not known:
            return measurement
        return replace(measurement, values={**measurement.values, **known})

    def _repeated(self, trial: Trial, events: Sequence[Event]) -> Decision:
        """Journal an epoch that was trained again after a loss; only limits end the training."""
        limit = self._decisions.limit_reached(self._ledger.state.spent)
        if limit:
            return self._cut_off(trial, events, limit=limit)
        self._ledger.emit_and_tidy(trial, events)
        return Decision(kind=DecisionKind.CONTINUE)

    def _cut_off(self, trial: Trial, events: Sequence[Event], *, limit: str) -> Decision:
        """Journal that a trial is interrupted by a limit: with a larger budget, it goes on."""
        at = self._ledger.now()
        ended = records.attempt_ended(trial, cause=INTERRUPTED, reason=limit, at=at)
        self._ledger.emit_and_tidy(trial, [*events, ended])
        return Decision(kind=DecisionKind.STOP, reason=limit)
