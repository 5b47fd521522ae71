"""Is this trial worse than usual at its epoch? The median stopping rule of Vizier.

A trial is stopped if its best value so far is worse than the median of the running averages, up to
the same epoch, of the trials that have ended. No model of learning curves, and no setting that
depends on how long trials are.

References:
    Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section 3.2.2.
"""

from __future__ import annotations

import math
from bisect import insort

from raysearch.checks import integer_fault, raise_faults
from raysearch.counting import counted
from raysearch.schedulers.base import Scheduler
from raysearch.schedulers.settings import min_epochs_fault
from raysearch.schedulers.standings import loss_so_far
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial, TrialStatus


class Median(Scheduler):
    """Stops a trial that is worse than the median of those that have ended, at the same epoch.

    Those that were stopped count at the epochs that they reached, those that failed nowhere. A
    value that is not finite is the worst, and so is an average with one in it. At `max_epochs` a
    trial is complete and not judged.

    A measurement takes constant time, an epoch of a trial that ends O(log n) comparisons.

    Args:
        objective: What is compared.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        seed: Not used: nothing is drawn.
        min_epochs: No trial is stopped before this many epochs, from 1 to `max_epochs`.
        min_trials: Trials that must have ended after at least as many epochs before one is stopped,
            at least 1.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> loss = Objective(metric="loss", direction="minimize")
        >>> median = Median(objective=loss, max_epochs=9, min_trials=3)
        >>> for number, value in enumerate([0.4, 0.5, 0.6, 0.55, 0.45]):
        ...     measured = Measurement(epoch=1, step=10, values={"loss": value}, seconds=1.0)
        ...     trial = Trial(
        ...         id=str(number), number=number, configuration={}, measurements=(measured,)
        ...     )
        ...     decision = median.on_measurement(trial, measured)
        ...     median.on_end(trial)
        ...     print(decision.reason or decision.kind)
        continue
        continue
        continue
        epoch 1: 0.55 is worse than 0.5, the median of 3 trials
        continue
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        min_epochs: int = 1,
        min_trials: int = 5,
    ) -> None:
        del seed
        raise_faults(
            min_epochs_fault(min_epochs, max_epochs=max_epochs),
            integer_fault("scheduler.min_trials", min_trials, at_least=1),
        )
        self._objective = objective
        self._max_epochs = max_epochs
        self._min_epochs = min_epochs
        self._min_trials = min_trials
        self._averages: dict[int, list[float]] = {}
        # epoch -> running averages of the losses of ended trials up to it, sorted

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return whether the trial goes on."""
        goes_on = Decision(kind=DecisionKind.CONTINUE)
        if not self._min_epochs <= measurement.epoch < self._max_epochs:
            return goes_on
        averages = self._averages.get(measurement.epoch, [])
        if len(averages) < self._min_trials:
            return goes_on
        value = measurement.values[self._objective.metric]
        loss = loss_so_far(trial, value, objective=self._objective)
        median = _median(averages)
        if loss <= median:
            return goes_on
        of_others = self._objective.value(median)
        found = self._objective.metric + " is not finite"
        if math.isfinite(loss):
            found = f"{self._objective.value(loss):.4g} is worse than {of_others:.4g}"
        else:
            found = f"{found}, worse than {of_others:.4g}"
        reason = (
            f"epoch {measurement.epoch}: {found}, the median of {counted(len(averages), 'trial')}"
        )
        return Decision(kind=DecisionKind.STOP, reason=reason)

    def on_end(self, trial: Trial) -> None:
        """Let the trial count for those to come, unless it failed."""
        if trial.status is TrialStatus.FAILED:
            return
        total = 0.0
        compared = trial.folds[0] if trial.folds else trial.measurements
        for n, measurement in enumerate(compared, start=1):
            total += self._objective.loss(measurement.values.get(self._objective.metric))
            insort(self._averages.setdefault(measurement.epoch, []), total / n)


def _median(losses: list[float]) -> float:
    """Return the median of sorted losses; of an even number, the mean of the two in the middle."""
    half = len(losses) // 2
    if len(losses) % 2:
        return losses[half]
    return (losses[half - 1] + losses[half]) / 2
