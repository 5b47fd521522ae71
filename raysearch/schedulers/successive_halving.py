"""Which few of these trials deserve to be trained to the end? Successive halving, synchronous.

So many trials begin; at each rung the best 1/eta go on, once it is certain who they are, and the
others are stopped. When all have ended, as many begin anew.

References:
    Jamieson, Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
    AISTATS 2016: the method. Li et al., "Hyperband", JMLR 18, 2018: its use with epochs.
"""

from __future__ import annotations

from collections.abc import Mapping

from raysearch.checks import integer_fault, raise_faults
from raysearch.schedulers.base import Scheduler, Verdict
from raysearch.schedulers.bracket_plans import BracketPlan
from raysearch.schedulers.brackets import Brackets
from raysearch.schedulers.rungs import rung_levels
from raysearch.schedulers.settings import min_epochs_fault, reduction_factor_fault
from raysearch.trial import Decision, Measurement, Objective, Trial


class SuccessiveHalving(Scheduler):
    """Compares a fixed number of trials at each rung, and keeps the best of them.

    What is compared is a trial's best value up to the rung; one that is not finite *at* the rung is
    stopped there. A trial is paused until it is certain whether it is among those that go on. No
    trial of the next bracket begins before all of this one have ended, so that a searcher knows all
    of it; workers that have nothing to do wait.

    Args:
        objective: What is compared.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        seed: Not used: nothing is drawn.
        max_trials: Trials of the whole search, None for any number: so many begin together if
            `n_trials` is not set.
        min_epochs: Epochs before the first comparison, from 1 to `max_epochs`. If it equals
            `max_epochs`, all trials are trained to their end.
        reduction_factor: One trial in this many goes on at a rung, at least 2 (the paper's eta).
        n_trials: Trials that begin together, at least 1; null for all that the budget has, or,
            where it has no number, as many as leave one to be trained to the end.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> SuccessiveHalving(objective=loss, max_epochs=27, max_trials=40).plan
        BracketPlan(sizes=(40, 13, 4, 1), levels=(1, 3, 9, 27))
        >>> SuccessiveHalving(objective=loss, max_epochs=27, min_epochs=3).plan
        BracketPlan(sizes=(9, 3, 1), levels=(3, 9, 27))
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        max_trials: int | None = None,
        min_epochs: int = 1,
        reduction_factor: int = 3,
        n_trials: int | None = None,
    ) -> None:
        del seed
        raise_faults(
            min_epochs_fault(min_epochs, max_epochs=max_epochs),
            reduction_factor_fault(reduction_factor),
            None if n_trials is None else integer_fault("scheduler.n_trials", n_trials, at_least=1),
        )
        levels = rung_levels(
            min_epochs=min_epochs, max_epochs=max_epochs, reduction_factor=reduction_factor
        )
        first = n_trials or max_trials or reduction_factor ** len(levels)
        self.plan = BracketPlan(
            sizes=tuple(max(1, first // reduction_factor**i) for i in range(len(levels) + 1)),
            levels=(*levels, max_epochs),
        )
        """How many trials there are at which epochs."""
        self._brackets = Brackets([self.plan], objective=objective, name=_name)

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return whether the trial goes on, and how it stands if it has reached a rung."""
        return self._brackets.report(trial, measurement)

    def on_end(self, trial: Trial) -> None:
        """Take into account that the trial is not waited for."""
        self._brackets.end(trial)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the rungs."""
        return self._brackets.rungs(trial.number)

    def begins(self, number: int) -> bool:
        """Return whether all trials of the brackets before have ended."""
        return self._brackets.position(number) <= self._brackets.n_over

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return who goes on or is stopped; see `Brackets`."""
        return self._brackets.decide_paused(paused, n_begun=n_begun, more_to_come=more_to_come)


def _name(position: int, n_rounds: int) -> str:
    """Return the name of the bracket that comes so often after the first, from 1."""
    return f"bracket {n_rounds + 1}"
