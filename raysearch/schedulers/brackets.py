"""To which bracket does a trial belong, and in which order do brackets begin?

Brackets follow one another in the order of the trials' numbers, and come round again after the
last, so that a trial's bracket follows from its number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from raysearch.schedulers.base import Verdict
from raysearch.schedulers.bracket import Bracket
from raysearch.schedulers.bracket_plans import BracketPlan
from raysearch.schedulers.standings import loss_so_far
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial


class Brackets:
    """The brackets of a policy, of which those are kept whose trials have not all ended.

    Args:
        plans: Of the brackets in the order in which they begin.
        objective: What is compared.
        name: Returns what the bracket of a plan is called, given the position of the plan and how
            often the brackets have come round; empty for no name.
    """

    def __init__(
        self,
        plans: Sequence[BracketPlan],
        *,
        objective: Objective,
        name: Callable[[int, int], str],
    ) -> None:
        self.n_over = 0
        """Brackets whose trials have all ended."""
        self._plans = plans
        self._objective = objective
        self._name = name
        self._ends = list(accumulate(plan.sizes[0] for plan in plans))
        self._open: dict[int, Bracket] = {}

    def position(self, number: int) -> int:
        """Return the position of a trial's bracket in the order in which they begin, from 0."""
        n_rounds, rest = divmod(number, self._ends[-1])
        return n_rounds * len(self._plans) + bisect_right(self._ends, rest)

    def rungs(self, number: int) -> tuple[int, ...]:
        """Return the epochs at which the trial with this number is compared."""
        return self._plans[self.position(number) % len(self._plans)].levels[:-1]

    def report(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return what becomes of a trial that has reported."""
        if measurement.epoch >= self._plans[0].levels[-1]:
            return Decision(kind=DecisionKind.CONTINUE)
        value = measurement.values[self._objective.metric]
        loss = loss_so_far(trial, value, objective=self._objective)
        return self._bracket_of(trial.number).report(trial, loss=loss)

    def end(self, trial: Trial) -> None:
        """Take into account that a trial has ended."""
        bracket = self._bracket_of(trial.number)
        bracket.end(trial)
        if bracket.is_over:
            self.n_over += 1
            del self._open[self.position(trial.number)]

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return who goes on or is stopped: in the earliest bracket, from its highest rung down."""
        for position in sorted(self._open):
            verdict = self._open[position].decide_paused(
                paused, n_begun=n_begun, more_to_come=more_to_come
            )
            if verdict is not None:
                return verdict
        return None

    def _bracket_of(self, number: int) -> Bracket:
        position = self.position(number)
        if position not in self._open:
            n_rounds, i = divmod(position, len(self._plans))
            plan = self._plans[i]
            self._open[position] = Bracket(
                plan,
                first=n_rounds * self._ends[-1] + self._ends[i] - plan.sizes[0],
                objective=self._objective,
                name=self._name(i, n_rounds),
            )
        return self._open[position]
