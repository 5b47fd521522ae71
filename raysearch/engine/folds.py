"""What follows when a trial's training is done: is that its end, or does another fold come?

A trial of several folds is trained on one after the other, on the same way as any trial: at the end
of a fold it is paused, and it goes on, as soon as a worker is free and before a new trial begins,
with a training from new weights. The scheduler decides about its first fold only. From the second
one on it is compared, fold by fold, with the best trial that has all of them (see `fold_rule`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from raysearch.engine import records
from raysearch.engine.fold_curves import fold_values, with_fold_done
from raysearch.engine.fold_rule import FoldRule, chance
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.run_dir.events import Event
from raysearch.trial import Decision, DecisionKind, Trial, TrialStatus


class Folds:
    """Journals the ends of trainings, and has the trials that wait for their next fold.

    Args:
        plan: How many folds there are, and the risk of stopping the best.
        ledger: Where it is written, and what is known.
    """

    def __init__(self, *, plan: Plan, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger
        self._rule = FoldRule(n_folds=plan.n_folds, risk=plan.fold_risk)

    def training_done(self, trial: Trial, *, before: Sequence[Event] = (), reason: str) -> Decision:
        """Journal that a training came to its end, and return what follows for its worker.

        Args:
            trial: As it stands after `before`.
            before: Events that are written with the end, in front of it.
            reason: Why the training is done, for a person.
        """
        n_folds = self._plan.n_folds
        if n_folds == 1:
            self._ledger.end_trial(trial, TrialStatus.COMPLETED, before=before, reason=reason)
            return Decision(kind=DecisionKind.STOP, reason=reason)
        done = with_fold_done(trial)
        is_finite = records.not_finite(done, objective=self._plan.objective) is None
        if done.fold == n_folds or not is_finite:
            all_of = f"each of {n_folds} folds" if done.fold == n_folds else f"fold {done.fold}"
            reason = f"{reason}, on {all_of}"
            self._end(done, TrialStatus.COMPLETED, before=before, reason=reason)
            return Decision(kind=DecisionKind.STOP, reason=reason)
        reason = self._hopeless(done)
        if reason:
            self._end(done, TrialStatus.STOPPED, before=before, reason=reason)
            return Decision(kind=DecisionKind.STOP, reason=reason)
        paused = records.decided(
            Decision(kind=DecisionKind.PAUSE, reason=self._so_far(done)),
            trial=done,
            at=self._ledger.now(),
            fold=done.fold,
        )
        self._ledger.emit_and_tidy(done, [*before, paused])
        return Decision(kind=DecisionKind.PAUSE, reason=paused.reason)

    def are_waiting(self, *, held: Collection[str]) -> bool:
        """Return whether a trial waits for its next fold that could go on now.

        Args:
            held: Trials whose workers are not free yet.
        """
        return self._waiting(held=held) is not None

    def next(self, *, held: Collection[str]) -> Trial | None:
        """Return a trial that goes on with its next fold, journalled, or None.

        Args:
            held: Trials whose workers are not free yet.
        """
        trial = self._waiting(held=held)
        if trial is None:
            return None
        reason = f"goes on with fold {trial.fold + 1} of {self._plan.n_folds}"
        decision = Decision(kind=DecisionKind.CONTINUE, reason=reason)
        at = self._ledger.now()
        self._ledger.emit(records.decided(decision, trial=trial, at=at, fold=trial.fold))
        return self._ledger.state.trials[trial.id]

    def _waiting(self, *, held: Collection[str]) -> Trial | None:
        if self._plan.n_folds == 1:
            return None
        paused = self._ledger.state.paused.values()
        return next((t for t in paused if t.awaits_fold and t.id not in held), None)

    def _end(
        self, trial: Trial, status: TrialStatus, *, before: Sequence[Event], reason: str
    ) -> None:
        self._ledger.end_trial(trial, status, before=before, reason=reason, folds=trial.fold)

    def _so_far(self, trial: Trial) -> str:
        """Return what a trial has come to so far, a phrase for a person."""
        metric = self._plan.objective.metric
        value = trial.value(self._plan.objective)
        what = "" if value is None else f": {metric} {value:.4g}"
        return f"{trial.fold} of {self._plan.n_folds} folds done{what}"

    def _hopeless(self, trial: Trial) -> str:
        """Return why the folds that are left need not be trained, a phrase; empty if they must.

        The default configuration is spared, as by schedulers. Of several objectives nobody is
        stopped: what is worse in the first one may be better in another.
        """
        state, plan, objective = self._ledger.state, self._plan, self._plan.objective
        best = state.trials.get(state.spent.best_trial)
        if best is None or best.id == trial.id or trial.number == 0 or plan.objectives:
            return ""
        differences = [
            objective.loss(own) - objective.loss(other)
            for own, other in zip(self._values(trial), self._values(best), strict=False)
        ]
        if not self._rule.is_hopeless(differences):
            return ""
        mean = sum(differences) / len(differences)
        p = chance(differences, n_folds=plan.n_folds)
        return (
            f"stopped after {trial.fold} of {plan.n_folds} folds: on the same folds it is worse "
            f"than trial {best.id} by {mean:.3g} on average (from {min(differences):.3g} to "
            f"{max(differences):.3g}), so that its mean over all of them would be better with a "
            f"chance of {_share(p)}, below {_share(self._rule.level)}"
        )

    def _values(self, trial: Trial) -> tuple[float | None, ...]:
        best = trial.best(self._plan.objective)
        if best is None:
            return ()
        return fold_values(trial, self._plan.objective.metric, epoch=best.epoch)


def _share(p: float) -> str:
    return "under 0.01 %" if p < 1e-4 else f"{100 * p:.2g} %"
