"""What is driven, and within which limits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.engine import Plan
from raysearch.experiment import Experiment
from raysearch.experiment.means import HALVE_BATCH
from raysearch.run_dir import RunDir


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What is driven, and where."""

    experiment: Experiment
    run_dir: RunDir
    address: str | None = None
    """Of a running Ray cluster; None starts a private Ray."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """Objects without an import path that the experiment names."""
    resumes: bool = False
    """Whether the run directory holds the search already."""
    changed: tuple[str, ...] = ()
    """Settings that differ from those of the session before."""
    notes: tuple[str, ...] = ()
    """What a person should know before the session begins."""


def plan_of(experiment: Experiment) -> Plan:
    """Return objective, budgets and limits, as the engine knows them."""
    budget = experiment.budget
    return Plan(
        objective=experiment.objective,
        objectives=experiment.aims.objectives,
        constraints=experiment.aims.constraints,
        max_epochs=experiment.fidelity.epochs,
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
