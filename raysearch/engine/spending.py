"""What has a search spent, and how long is it since it last became better?

A part of the fold of the journal, in constant time for each event (see `state`), so that a resumed
search knows what the sessions before it used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from raysearch.trial import Measurement, Objective, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What counts against the budgets, apart from trials and time.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> trial = Trial(id="0000", number=0, configuration={})
        >>> measured = Measurement(epoch=2, step=20, values={"val/accuracy": 0.5}, seconds=60.0)
        >>> spent = Spending().measured(measured, trial=trial, gpu_seconds=30.0, objective=accuracy)
        >>> spent.epochs, spent.gpu_seconds, spent.best_trial, spent.best_value
        (2, 30.0, '0000', 0.5)
    """

    epochs: int = 0
    """Epochs trained in all trials, repeated ones not counted."""
    gpu_seconds: float = 0.0
    """Training time of all trials, times the GPUs that each had, in seconds. What was trained again
    after a loss counts again; what was trained after a last measurement, and lost, is not known."""
    best_trial: str = ""
    """The trial that holds the best value; empty before there is a finite one."""
    best_value: float | None = None
    is_best_ended: bool = False
    """Whether that trial has ended, or is paused since it reached the value."""
    trials_without_gain: int = 0
    """Trials that have ended in a row without a new best value, failed ones too, counted from the
    end of the trial that holds it; one that is paused counts as ended the first time. So there are
    none while the best one is in training, and a trial in training that reaches a new best value
    starts the count anew. The end of trial 0000 never counts: with the default the comparison
    begins."""

    @property
    def used(self) -> dict[str, float]:
        """What of it is an amount, by its key in an experiment's budget."""
        return {"epochs": self.epochs, "gpu_hours": self.gpu_seconds / 3600}

    def measured(
        self,
        measurement: Measurement,
        *,
        trial: Trial,
        gpu_seconds: float,
        objective: Objective | None,
    ) -> Spending:
        """Return what is spent after a measurement of a new epoch.

        Args:
            measurement: What was reported.
            trial: The trial as it was before.
            gpu_seconds: Training time since its measurement before, times its GPUs.
            objective: What is improved; None where nobody says.
        """
        after = replace(
            self,
            epochs=self.epochs + measurement.epoch - trial.reached,
            gpu_seconds=self.gpu_seconds + gpu_seconds,
        )
        if objective is None:
            return after
        return after.reached(trial, measurement.values.get(objective.metric), objective=objective)

    def reached(self, trial: Trial, value: float | None, *, objective: Objective) -> Spending:
        """Return what is spent once a trial has reached a value, which may be the best."""
        if not objective.is_better(value, self.best_value):
            return self
        return replace(
            self,
            best_trial=trial.id,
            best_value=value,
            is_best_ended=False,
            trials_without_gain=0,
        )

    def ended(self, trial: Trial) -> Spending:
        """Return what is spent after the end of a trial."""
        if trial.id == self.best_trial:
            return replace(self, is_best_ended=True)
        if trial.number == 0 or (self.best_trial and not self.is_best_ended):
            return self
        return replace(self, trials_without_gain=self.trials_without_gain + 1)
