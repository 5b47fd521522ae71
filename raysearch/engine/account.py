"""What counts against the budgets of a search, event by event?

`Spending` is the sum; `Account` keeps what is needed to add to it: how far each trial's training
time is in the sum, and which trials have counted as ended already. A part of the fold of the
journal (see `state`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.engine.fold_curves import folds_in
from raysearch.engine.spending import Spending
from raysearch.trial import Measurement, Objective, Trial, TrialStatus


@dataclass(slots=True, kw_only=True)
class Account:
    """What a search has spent; changed only by `SearchState.apply`."""

    gpus: float = 0.0
    """GPUs of each trial, as the latest settings say."""
    n_folds: int = 1
    """On how many folds each trial is trained: with several, only what all of them came to is
    a value to compare."""
    spent: Spending = field(default_factory=Spending)
    """What counts against the budgets."""
    timed: dict[str, float] = field(default_factory=dict)
    """Of trials in training, up to where their own training time is in `spent`, in seconds."""
    set_aside: set[str] = field(default_factory=set)
    """Trials that have been paused, which for `spent` ended then."""

    def adopt(self, settings: Mapping[str, Any]) -> None:
        """Take the GPUs and folds of each trial from settings of any version."""
        resources = settings.get("resources", {})
        if "repeats" in settings:
            self.n_folds = folds_in(settings)
        self.gpus = resources.get("gpus", 0.0) * resources.get("workers", 1)

    def after(
        self, trial: Trial, measurement: Measurement, *, objective: Objective | None
    ) -> Spending:
        """Return what is spent once a measurement of a new epoch of the trial has been applied."""
        seconds = max(0.0, measurement.seconds - self.timed.get(trial.id, 0.0))
        return self.spent.measured(
            measurement,
            trial=trial,
            gpu_seconds=seconds * self.gpus,
            objective=objective if self.n_folds == 1 else None,
        )

    def began(self, trial: Trial, *, from_epoch: int) -> None:
        """Count a trial's training time from what it had trained up to an epoch."""
        seen = [m.seconds for m in trial.trained if m.epoch <= from_epoch]
        self.timed[trial.id] = seen[-1] if seen else 0.0

    def measured(
        self, trial: Trial, measurement: Measurement, *, objective: Objective | None
    ) -> None:
        """Add a measurement of a new epoch.

        Args:
            trial: As it was before.
            measurement: What was reported.
            objective: What is improved; None where nobody says.
        """
        self.spent = self.after(trial, measurement, objective=objective)
        self.timed[trial.id] = measurement.seconds

    def folds_done(self, trial: Trial, *, objective: Objective | None) -> None:
        """Let the value of a trial that has ended count, if it was trained on several folds."""
        is_whole = trial.status is TrialStatus.COMPLETED and trial.fold == self.n_folds
        if objective is not None and is_whole:
            self.spent = self.spent.reached(trial, trial.value(objective), objective=objective)

    def put_aside(self, trial: Trial) -> None:
        """Let a trial count as one that brought no gain, if it did not: once, at its first pause.

        The one that holds the best value counts as ended whenever it is paused.
        """
        if trial.id not in self.set_aside or trial.id == self.spent.best_trial:
            self.spent = self.spent.ended(trial)
        if not trial.status.is_ended:
            self.set_aside.add(trial.id)
        else:
            self.timed.pop(trial.id, None)
