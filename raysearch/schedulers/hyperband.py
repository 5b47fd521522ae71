"""Are many short trainings better, or few long ones? Hyperband tries both, bracket after bracket.

The first bracket begins many trials with few epochs and keeps one in eta at each rung; each further
one begins fewer with more, and the last trains all it has to the end. After it, the first one comes
again. All brackets cost about the same. A free worker begins trials of the next bracket while one
waits for its last trials.

References:
    Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18,
    2018, algorithm 1 and table 1.
    O'Malley et al., Keras Tuner, 2019: `keras_tuner.Hyperband`, whose numbers are other ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from raysearch.checks import raise_faults
from raysearch.schedulers.base import Scheduler, Verdict
from raysearch.schedulers.bracket_plans import (
    BracketPlan,
    keras_tuner_plan,
    n_brackets,
    paper_plan,
)
from raysearch.schedulers.brackets import Brackets
from raysearch.schedulers.settings import min_epochs_fault, reduction_factor_fault
from raysearch.trial import Decision, Measurement, Objective, Trial


class Hyperband(Scheduler):
    """Compares trials in brackets of different lengths; a trial's number says in which.

    What is compared is a trial's best value up to the rung; one that is not finite *at* the rung is
    stopped there. A trial is paused until it is certain whether it is among those that go on. A
    budget that ends in the middle of a bracket makes it smaller: as many go on from the trials that
    it has, in proportion, and one at least.

    Args:
        objective: What is compared.
        max_epochs: Epochs of a trial that is never stopped, at least 1 (the paper's R).
        seed: Not used: nothing is drawn.
        min_epochs: No trial is stopped before this many epochs, from 1 to `max_epochs` (one unit of
            the paper's resource).
        reduction_factor: One trial in this many goes on at a rung, at least 2 (the paper's eta).
        arithmetic: How sizes and epochs of brackets are rounded: down as in the "paper", or up as
            in "keras_tuner", which begins more trials, with more epochs.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> hyperband = Hyperband(objective=loss, max_epochs=9)
        >>> [plan.sizes for plan in hyperband.plans], [plan.levels for plan in hyperband.plans]
        ([(9, 3, 1), (5, 1), (3,)], [(1, 3, 9), (3, 9), (9,)])
        >>> [plan.epochs for plan in hyperband.plans]
        [21, 21, 27]
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        min_epochs: int = 1,
        reduction_factor: int = 3,
        arithmetic: Literal["paper", "keras_tuner"] = "paper",
    ) -> None:
        del seed
        raise_faults(
            min_epochs_fault(min_epochs, max_epochs=max_epochs),
            reduction_factor_fault(reduction_factor),
        )
        number = n_brackets(
            min_epochs=min_epochs, max_epochs=max_epochs, reduction_factor=reduction_factor
        )
        plan = paper_plan if arithmetic == "paper" else keras_tuner_plan
        self.plans: tuple[BracketPlan, ...] = tuple(
            plan(s, brackets=number, max_epochs=max_epochs, reduction_factor=reduction_factor)
            for s in reversed(range(number))
        )
        """The brackets in the order in which they begin: that which compares most often first."""
        self._brackets = Brackets(self.plans, objective=objective, name=self._name)

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return whether the trial goes on, and how it stands if it has reached a rung."""
        return self._brackets.report(trial, measurement)

    def on_end(self, trial: Trial) -> None:
        """Take into account that the trial is not waited for."""
        self._brackets.end(trial)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the rungs of the trial's bracket."""
        return self._brackets.rungs(trial.number)

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return who goes on or is stopped; see `Brackets`."""
        return self._brackets.decide_paused(paused, n_begun=n_begun, more_to_come=more_to_come)

    def _name(self, position: int, n_rounds: int) -> str:
        """Return the paper's number of a bracket, and which one of that number it is."""
        again = f" ({n_rounds + 1})" if n_rounds else ""
        return f"bracket {len(self.plans) - 1 - position}{again}"
