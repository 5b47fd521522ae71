"""What does an experiment ask of the engine?"""

from __future__ import annotations

from raysearch.engine.plan import Plan
from raysearch.experiment import Experiment
from raysearch.experiment.means import HALVE_BATCH


def plan_of(experiment: Experiment) -> Plan:
    """Return objective, budgets and limits, as the engine knows them."""
    budget = experiment.budget
    return Plan(
        objective=experiment.objective,
        objectives=experiment.aims.objectives,
        constraints=experiment.aims.constraints,
        max_epochs=experiment.fidelity.epochs,
        n_folds=experiment.n_folds,
        fold_risk=0.0 if experiment.repeats is None else experiment.repeats.risk,
        pauses_end=not experiment.is_population,
        unit=experiment.fidelity.unit,
        max_trials=budget.trials,
        max_seconds=None if budget.minutes is None else budget.minutes * 60,
        max_total_epochs=budget.epochs,
        max_gpu_hours=budget.gpu_hours,
        target=budget.target,
        patience=budget.patience,
        max_attempts=experiment.failures.attempts,
        retry_exceptions=experiment.failures.retry_exceptions,
        halves_batch=experiment.failures.on_oom == HALVE_BATCH,
        abort_after=experiment.failures.abort_after,
        abort_in_a_row=experiment.failures.abort_in_a_row,
        checkpoint_budget_bytes=experiment.checkpoint.budget_gb * 1e9,
    )
