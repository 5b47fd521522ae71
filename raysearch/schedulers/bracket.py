"""Who of the trials of a bracket goes on from one rung to the next?

A bracket begins so many trials, compares them at its rungs, and lets a fixed number go on from
each. Who that is does not depend on when trials report, though nobody waits longer than is needed:
a trial goes on as soon as it is certain to be among the best, whatever those report that are still
to come, is stopped as soon as it is certain not to be, and is paused in between. Trials that have
failed are not waited for.

Keras Tuner's `Hyperband` lets trials go on by the same certainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from raysearch.schedulers.base import Verdict
from raysearch.schedulers.bracket_plans import BracketPlan
from raysearch.schedulers.standings import Standings, standing
from raysearch.trial import Decision, DecisionKind, Objective, Trial


class Bracket:
    """The trials of one bracket.

    It is told of each trial that reaches a rung, and of each that ends. A trial that reaches a rung
    without having been let go on from the one before (the default is spared; another policy may
    have ruled before) is compared there all the same, and takes nobody's place.

    Args:
        plan: Sizes and levels.
        first: The number of its first trial; the others follow.
        objective: What is compared.
        name: "bracket 3", for a person; empty if there is but one.
    """

    def __init__(
        self, plan: BracketPlan, *, first: int, objective: Objective, name: str = ""
    ) -> None:
        self.plan = plan
        self._first = first
        self._objective = objective
        self._name = f"{name}, " if name else ""
        self._rungs = [Standings(level=level) for level in plan.levels[:-1]]
        self._live = [0] * len(self._rungs)  # trials that have reached this rung last
        self._guests = [0] * len(self._rungs)  # trials here beside those that were let go on
        self._last: dict[str, int] = {}  # trial -> the rung that it has reached last
        self._n_ended_early = 0  # before they reached the first rung
        self.n_ended = 0
        """Trials that have ended."""

    @property
    def is_over(self) -> bool:
        """Whether all its trials have ended."""
        return self.n_ended >= self.plan.sizes[0]

    def report(self, trial: Trial, *, loss: float) -> Decision:
        """Return what becomes of a trial that has reported, at a rung or elsewhere.

        Args:
            trial: Of this bracket, with its measurement.
            loss: The smaller the better; infinite for what is not finite.
        """
        last = self._last.get(trial.id, -1)
        if last >= 0:
            self._rungs[last].leave(trial.id)
        decision = Decision(kind=DecisionKind.CONTINUE)
        for k in range(last + 1, len(self._rungs)):
            if self._rungs[k].level > trial.epochs or decision.kind is DecisionKind.STOP:
                break
            self._reach(trial, k, loss=loss)
            decision = self._decide(trial, k, is_finite=math.isfinite(loss))
        if decision.kind is DecisionKind.PAUSE:
            self._rungs[self._last[trial.id]].wait(trial.id)
        return decision

    def end(self, trial: Trial) -> None:
        """Take into account that a trial of this bracket has ended; it is not waited for."""
        self.n_ended += 1
        last = self._last.get(trial.id)
        if last is None:
            self._n_ended_early += 1
            return
        self._live[last] -= 1
        self._rungs[last].leave(trial.id)

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return what becomes of one of the paused trials, or None; see `Scheduler`."""
        n_slots = self.plan.sizes[0]
        if not more_to_come:
            n_slots = max(0, min(n_slots, n_begun - self._first))
        for k in reversed(range(len(self._rungs))):
            if not self._rungs[k].has_waiting:
                continue
            verdict = self._verdict(paused, k, n_slots=n_slots)
            if verdict is not None:
                return verdict
        return None

    def _verdict(self, paused: Mapping[str, Trial], k: int, *, n_slots: int) -> Verdict | None:
        rung, places = self._rungs[k], self._places(k, n_slots=n_slots)
        to_come = self._to_come(k, n_slots=n_slots)
        for trial, rank in rung.waiting(worst_first=True):
            if rank <= places:
                break
            if trial in paused:
                return self._say(DecisionKind.STOP, trial, k, n_slots=n_slots)
        for trial, rank in rung.waiting():
            if rank + to_come > places:
                break
            if trial in paused:
                return self._say(DecisionKind.CONTINUE, trial, k, n_slots=n_slots)
        return None

    def _say(self, kind: DecisionKind, trial: str, k: int, *, n_slots: int) -> Verdict:
        stands = self._standing(trial, k, n_slots=n_slots)
        reason = f"promoted from {stands}" if kind is DecisionKind.CONTINUE else stands
        return Verdict(trial=trial, decision=Decision(kind=kind, reason=reason))

    def _reach(self, trial: Trial, k: int, *, loss: float) -> None:
        if k:
            self._live[k - 1] -= 1
            self._guests[k] += not self._goes_on(trial.id, k - 1)
        self._live[k] += 1
        self._last[trial.id] = k
        self._rungs[k].enter(trial, loss=loss)

    def _decide(self, trial: Trial, k: int, *, is_finite: bool) -> Decision:
        n_slots = self.plan.sizes[0]
        if not is_finite:
            reason = f"{self._name}rung {k + 1}: {self._objective.metric} is not finite"
            return Decision(kind=DecisionKind.STOP, reason=reason)
        kind = DecisionKind.PAUSE
        if self._goes_on(trial.id, k):
            kind = DecisionKind.CONTINUE
        elif self._rungs[k].rank(trial.id) > self._places(k, n_slots=n_slots):
            kind = DecisionKind.STOP
        return Decision(kind=kind, reason=self._standing(trial.id, k, n_slots=n_slots))

    def _goes_on(self, trial: str, k: int) -> bool:
        """Return whether a trial is among the best at a rung, whatever is still to come."""
        n_slots = self.plan.sizes[0]
        worst = self._rungs[k].rank(trial) + self._to_come(k, n_slots=n_slots)
        return worst <= self._places(k, n_slots=n_slots)

    def _places(self, k: int, *, n_slots: int) -> int:
        """Return how many go on from a rung, of a bracket that is not whole in proportion."""
        return max(1, self.plan.sizes[k + 1] * n_slots // self.plan.sizes[0])

    def _to_come(self, k: int, *, n_slots: int) -> int:
        """Return how many trials may still reach a rung."""
        to_come = max(0, n_slots - self._n_ended_early - len(self._rungs[0]))
        for j in range(1, k + 1):
            size = (
                self.plan.sizes[j]
                if n_slots == self.plan.sizes[0]
                else self._places(j - 1, n_slots=n_slots)
            )
            left = size + self._guests[j] - len(self._rungs[j])
            to_come = max(0, min(left, self._live[j - 1] + to_come))
        return to_come

    def _standing(self, trial: str, k: int, *, n_slots: int) -> str:
        rung, places = self._rungs[k], self._places(k, n_slots=n_slots)
        rank, to_come = rung.rank(trial), self._to_come(k, n_slots=n_slots)
        place = standing(self._objective, rank=rank, among=len(rung), cutoff=rung.cutoff(places))
        if len(rung) < places < len(rung) + to_come:
            place = f"rank {rank} of {len(rung)}, no cutoff yet"
        still = f", {to_come} to come" if to_come else ""
        return f"{self._name}rung {k + 1}: {place}{still}, {places} go on"
