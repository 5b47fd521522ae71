"""How much did the objective change from one comparison to the next, and with which configuration?

What a model of that change is shown: of each stretch of training between two comparisons the
configuration, the epoch and the loss at which it began, and the change of the loss for each epoch.
The first measurement of a trial begins its first interval, since nothing is known of the loss
before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from raysearch.trial import Configuration, Measurement, Objective, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where an interval begins, and with which configuration it is trained."""

    configuration: Configuration
    epoch: int
    """Epochs trained before it."""
    loss: float
    """After these; smaller is better, and finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of training that is over."""

    beginning: Beginning
    change: float
    """Of the loss, for each epoch; infinite where the loss is no longer finite at its end."""


class Intervals:
    """Remembers intervals in the order in which they ended, and which are under way.

    Args:
        objective: Whose change it is about.
        ends: Epochs at which intervals end, rising.
    """

    def __init__(self, *, objective: Objective, ends: tuple[int, ...]) -> None:
        self.known: list[Interval] = []
        """Those that are over."""
        self._objective, self._ends = objective, frozenset(ends)
        self._began: dict[int, Beginning] = {}  # by number of the trial
        self._in_training: set[int] = set()
        self._reached: dict[tuple[str, int], float] = {}  # trial and epoch -> loss

    def measured(self, trial: Trial, measurement: Measurement) -> None:
        """Take a measurement of a trial into account."""
        number, epoch = trial.number, measurement.epoch
        loss = self._objective.loss(measurement.values[self._objective.metric])
        began = self._began.get(number)
        is_lost, is_end = math.isinf(loss), self._is_end(began, epoch)
        if began is not None and (is_lost or is_end) and epoch > began.epoch:
            change = (loss - began.loss) / (epoch - began.epoch)
            self.known.append(Interval(beginning=began, change=change))
        (self._in_training.discard if is_lost or is_end else self._in_training.add)(number)
        if is_lost:
            self._began.pop(number, None)
            return
        if is_end:
            self._reached[trial.id, epoch] = loss
        if is_end or began is None:
            self._began[number] = Beginning(
                configuration=trial.configuration, epoch=epoch, loss=loss
            )

    def _is_end(self, began: Beginning | None, epoch: int) -> bool:
        """Return whether an interval ends here; epochs may have gone by without a measurement."""
        first = epoch if began is None else min(began.epoch + 1, epoch)
        return any(each in self._ends for each in range(first, epoch + 1))

    def goes_on(self, trial: Trial) -> None:
        """Take into account that a trial goes on with its own weights, from the end of an interval.

        Nothing is under way of one whose last loss is unknown or not finite.
        """
        if trial.number in self._began:
            self._in_training.add(trial.number)

    def taken_over(self, trial: Trial) -> None:
        """Take into account that a trial goes on with the weights of another one."""
        taken = trial.takeovers[-1]
        loss = self._reached.get((taken.source, taken.epoch))
        if loss is None:  # it was paused by another policy, at no rung
            self._began.pop(trial.number, None)
            return
        self._in_training.add(trial.number)
        self._began[trial.number] = Beginning(
            configuration=trial.configuration, epoch=taken.epoch, loss=loss
        )

    def ended(self, trial: Trial) -> None:
        """Take into account that a trial trains no longer."""
        self._in_training.discard(trial.number)
        self._began.pop(trial.number, None)

    def under_way(self) -> list[Beginning]:
        """Return the intervals in training whose configurations are known, by numbers of trials."""
        numbers = sorted(self._in_training & self._began.keys())
        return [self._began[number] for number in numbers]
