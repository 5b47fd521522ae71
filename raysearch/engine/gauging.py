"""May a trial be trained, by what its model costs?

A worker measures a model before its first epoch. What it found is journalled together with what
follows from it: a trial that does not meet every constraint ends there, rejected, and the searcher
is told of it as of any end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.measure import unmet, violation
from raysearch.run_dir import events as ev
from raysearch.trial import Decision, DecisionKind, TrialStatus


class Gauging:
    """Journals measures of models, and rejects trials.

    Args:
        plan: The constraints.
        ledger: Where it is written, and what is known.
    """

    def __init__(self, *, plan: Plan, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger

    def measured(self, trial: str, values: Mapping[str, float], *, seconds: float) -> Decision:
        """Journal what a trial's model costs, and return whether it is trained.

        What is known of a trial already, because its worker was lost after it had said so, stays.
        """
        known = self._ledger.state.trials[trial]
        if known.measures:
            return Decision(kind=DecisionKind.CONTINUE)
        missed = violation(self._plan.constraints, values)
        event = ev.ModelMeasured(
            at=self._ledger.now(),
            trial=trial,
            values=dict(values),
            violation=missed,
            seconds=round(seconds, 4),
        )
        after = replace(known, measures=dict(values), violation=missed)
        reason = unmet(self._plan.constraints, values)
        if not reason:
            self._ledger.emit(event)
            return Decision(kind=DecisionKind.CONTINUE)
        self._ledger.end_trial(after, TrialStatus.REJECTED, before=[event], reason=reason)
        return Decision(kind=DecisionKind.STOP, reason=reason)

    def settle(self) -> None:
        """Reject the trials whose models are known to cost too much, if a driver died in between.

        Both are one append, so this happens only where a write was cut between its lines.
        """
        for trial in list(self._ledger.state.live.values()):
            reason = unmet(self._plan.constraints, trial.measures) if trial.violation else ""
            if reason and not trial.measurements:
                self._ledger.end_trial(trial, TrialStatus.REJECTED, reason=reason)
