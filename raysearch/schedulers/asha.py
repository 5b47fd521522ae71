"""Which trials are worth more epochs? Asynchronous successive halving, in its stopping form.

At geometrically spaced epochs, the rungs, a trial goes on if it is among the best 1/eta of all that
have reached that rung so far, and is stopped otherwise. Nobody waits for anybody: a trial is judged
by those that came before it.

References:
    Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020: rungs, brackets.
    Klein et al., "Model-based Asynchronous Hyperparameter and Neural Architecture Search",
    arXiv:2003.10865, 2020: the stopping form, which decides while the trial runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.schedulers.rungs import Placing, Rung, bracket_shares, rung_levels
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial

CONTINUE = Decision(kind=DecisionKind.CONTINUE)


class ASHA:
    """Stops a trial at a rung unless it is among the best 1/reduction_factor there.

    What is compared is a trial's best value up to the rung, since a trial is worth what it reached
    at its best. One that is not finite *at* the rung counts as the worst there and stops, even if
    it was good before, for a network seldom recovers; its best epoch still counts for the result.
    The first trial to reach a rung goes on, and so does any that equals the cutoff: equals fare
    alike, whoever came first.

    A trial that does not report at a rung's epoch is judged by its first measurement after it. At
    `max_epochs` it is complete and not judged.

    With several brackets, bracket s compares from `min_epochs * reduction_factor**s` on: insurance
    against trials that start slowly. A trial's bracket is drawn from the seed and its number; see
    `bracket_shares` for the odds. Brackets do not share rungs.

    Args:
        objective: What is compared.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        seed: Governs which trial belongs to which bracket.
        min_epochs: No trial is stopped before this many epochs, from 1 to `max_epochs` (the paper's
            r). If it equals `max_epochs`, none is ever stopped.
        reduction_factor: One trial in this many goes on at a rung, at least 2 (the paper's eta).
        brackets: From 1 to the number of rungs plus 1; the last possible one never stops a trial.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> asha = ASHA(objective=accuracy, max_epochs=27)
        >>> for number, value in enumerate([0.5, 0.7, 0.6]):
        ...     measured = Measurement(
        ...         epoch=1, step=10, values={"val/accuracy": value}, seconds=1.0
        ...     )
        ...     trial = Trial(
        ...         id=str(number), number=number, configuration={}, measurements=(measured,)
        ...     )
        ...     decision = asha.on_measurement(trial, measured)
        ...     print(decision.kind, "-", decision.reason)
        continue - rung 1: rank 1 of 1, cutoff 0.5
        continue - rung 1: rank 1 of 2, cutoff 0.7
        stop - rung 1: rank 2 of 3, cutoff 0.7
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        min_epochs: int = 1,
        reduction_factor: int = 3,
        brackets: int = 1,
    ) -> None:
        raise_faults(
            integer_fault("scheduler.min_epochs", min_epochs, at_least=1, at_most=max_epochs),
            integer_fault("scheduler.reduction_factor", reduction_factor, at_least=2),
            integer_fault("scheduler.brackets", brackets, at_least=1),
        )
        levels = rung_levels(
            min_epochs=min_epochs, max_epochs=max_epochs, reduction_factor=reduction_factor
        )
        raise_faults(
            integer_fault("scheduler.brackets", brackets, at_least=1, at_most=len(levels) + 1)
        )
        self._objective = objective
        self._max_epochs = max_epochs
        self._seed = seed
        self._reduction_factor = reduction_factor
        self._rungs = [[Rung(level) for level in levels[s:]] for s in range(brackets)]
        self._shares = bracket_shares(
            brackets=brackets, n_rungs=len(levels), reduction_factor=reduction_factor
        )
        self._passed: dict[str, tuple[int, int]] = {}
        # trial id -> its bracket, and how many rungs of it the trial has reached

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return whether the trial goes on, with its rank if it has just reached a rung."""
        decision = CONTINUE
        if measurement.epoch >= self._max_epochs:
            return decision
        bracket, n_passed = self._passed.get(trial.id) or (self.bracket(trial.number), 0)
        for rung in self._rungs[bracket][n_passed:]:
            if rung.level > measurement.epoch or decision.kind is DecisionKind.STOP:
                break
            n_passed += 1
            decision = self._judge(
                trial, measurement, rung=rung, name=self._name(bracket, n_passed)
            )
        self._passed[trial.id] = bracket, n_passed
        return decision

    def resumable(self, paused: Sequence[Trial]) -> None:
        """Return None: this policy pauses no trials."""

    def bracket(self, number: int) -> int:
        """Return the bracket of the trial with this number, from 0."""
        if len(self._shares) == 1:
            return 0
        rng = generator(self._seed, role="bracket", number=number)
        return int(rng.choice(len(self._shares), p=self._shares))

    def _name(self, bracket: int, position: int) -> str:
        rung = f"rung {position}"
        return rung if len(self._shares) == 1 else f"bracket {bracket}, {rung}"

    def _judge(self, trial: Trial, measurement: Measurement, *, rung: Rung, name: str) -> Decision:
        metric = self._objective.metric
        loss = self._objective.loss(measurement.values[metric])
        if math.isfinite(loss):
            loss = min(loss, self._objective.loss(trial.value(self._objective)))
            placing = rung.place(loss, reduction_factor=self._reduction_factor)
            kind = DecisionKind.CONTINUE if placing.goes_on else DecisionKind.STOP
            return Decision(kind=kind, reason=f"{name}: {self._standing(placing)}")
        rung.place(loss, reduction_factor=self._reduction_factor)
        return Decision(kind=DecisionKind.STOP, reason=f"{name}: {metric} is not finite")

    def _standing(self, placing: Placing) -> str:
        sign = 1 if self._objective.direction == "minimize" else -1
        cutoff = f"cutoff {sign * placing.cutoff:.4g}"
        if not math.isfinite(placing.cutoff):  # too few were finite to fill the places
            cutoff = "every finite value goes on"
        return f"rank {placing.rank} of {placing.n_trials}, {cutoff}"
