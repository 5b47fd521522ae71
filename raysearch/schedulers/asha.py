"""Which trials are worth more epochs? Asynchronous successive halving, in both published forms.

At geometrically spaced epochs, the rungs, a trial goes on if it is among the best 1/eta of all that
have reached that rung so far. Otherwise it is stopped, or, in the other form, paused: it is
promoted once enough worse ones have come. Nobody waits for anybody.

References:
    Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020: rungs, brackets,
    promotion (algorithm 2).
    Klein et al., "Model-based Asynchronous Hyperparameter and Neural Architecture Search",
    arXiv:2003.10865, 2020: the stopping form, which decides while the trial runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.schedulers.base import Scheduler, Verdict
from raysearch.schedulers.fronts import FrontStandings
from raysearch.schedulers.rungs import Rung, bracket_shares, rung_levels
from raysearch.schedulers.settings import min_epochs_fault, reduction_factor_fault
from raysearch.schedulers.standings import Standings, loss_so_far, standing
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial

CONTINUE = Decision(kind=DecisionKind.CONTINUE)


class ASHA(Scheduler):
    """Stops or pauses a trial at a rung unless it is among the best 1/reduction_factor there.

    What is compared is a trial's best value up to the rung, since a trial is worth what it reached
    at its best. One that is not finite *at* the rung counts as the worst there and stops, even if
    it was good before, for a network seldom recovers; its best epoch still counts for the result.

    In the stopping form the first trial to reach a rung goes on, and so does any that equals the
    cutoff: equals fare alike, whoever came first.

    In the promotion form the best n // reduction_factor of n trials are promoted from a rung; of
    equals the one with the lower number is the better. A trial that is one of them as it arrives
    goes on at once; in the paper it would be paused, and its worker perhaps take another one that
    can be promoted. The others are paused. A free worker takes the best that can be promoted, from
    the highest rung down, and else a new trial. Once no new ones come, one is promoted from every
    rung at least, so that a small search has a trial that is trained to its end; when none can be
    promoted any more, those left are stopped.

    A trial that does not report at a rung's epoch is judged by its first measurement after it. At
    `max_epochs` it is complete and not judged.

    With several brackets, bracket s compares from `min_epochs * reduction_factor**s` on: insurance
    against trials that start slowly. A trial's bracket is drawn from the seed and its number; see
    `bracket_shares` for the odds. Brackets do not share rungs.

    Of several objectives, the best at a rung are those on the first Pareto fronts, and within a
    front the least crowded (see `fronts`). A trial is compared by its values at the best epoch of
    the first objective up to the rung.

    Args:
        objective: What is compared; of several objectives, the first.
        objectives: All of them where there are several.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        seed: Governs which trial belongs to which bracket.
        min_epochs: No trial is stopped before this many epochs, from 1 to `max_epochs` (the paper's
            r). If it equals `max_epochs`, none is ever stopped.
        reduction_factor: One trial in this many goes on at a rung, at least 2 (the paper's eta).
        brackets: From 1 to the number of rungs plus 1; the last possible one never stops a trial.
        form: Whether the others are stopped or paused, to be promoted later: "stopping" or
            "promotion" (the paper's). Promotion gives no trial up too early, and keeps a checkpoint
            of each that waits.

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
        objectives: Sequence[Objective] = (),
        seed: int = 0,
        min_epochs: int = 1,
        reduction_factor: int = 3,
        brackets: int = 1,
        form: Literal["stopping", "promotion"] = "stopping",
    ) -> None:
        raise_faults(
            min_epochs_fault(min_epochs, max_epochs=max_epochs),
            reduction_factor_fault(reduction_factor),
            integer_fault("scheduler.brackets", brackets, at_least=1),
        )
        levels = rung_levels(
            min_epochs=min_epochs, max_epochs=max_epochs, reduction_factor=reduction_factor
        )
        raise_faults(
            integer_fault("scheduler.brackets", brackets, at_least=1, at_most=len(levels) + 1)
        )
        self._objective = objective
        self._objectives = tuple(objectives)
        self._max_epochs = max_epochs
        self._seed = seed
        self._reduction_factor = reduction_factor
        self._is_stopping = form == "stopping"
        self._levels = levels
        self._rungs = [[Rung(level) for level in levels[s:]] for s in range(brackets)]
        made: type[Standings | FrontStandings] = FrontStandings if objectives else Standings
        self._standings = [[made(level=level) for level in levels[s:]] for s in range(brackets)]
        self._shares = bracket_shares(
            brackets=brackets, n_rungs=len(levels), reduction_factor=reduction_factor
        )
        self._from_the_top = sorted(
            ((s, position) for s in range(brackets) for position in range(len(levels) - s)),
            key=lambda rung: (-levels[rung[0] + rung[1]], rung),
        )
        self._passed: dict[str, tuple[int, int]] = {}
        # trial id -> its bracket, and how many rungs of it the trial has reached

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return whether the trial goes on, with its rank if it has just reached a rung."""
        self._leave(trial)
        decision = CONTINUE
        if measurement.epoch >= self._max_epochs:
            return decision
        bracket, n_passed = self._passed.get(trial.id) or (self.bracket(trial.number), 0)
        judge = self._judge if self._is_stopping else self._promote
        judge = self._judge_by_fronts if self._objectives else judge
        for level in self._levels[bracket + n_passed :]:
            if level > measurement.epoch or decision.kind is DecisionKind.STOP:
                break
            decision = judge(trial, measurement, bracket=bracket, position=n_passed)
            n_passed += 1
        self._passed[trial.id] = bracket, n_passed
        if decision.kind is DecisionKind.PAUSE:
            self._standings[bracket][n_passed - 1].wait(trial.id)
        return decision

    def on_end(self, trial: Trial) -> None:
        """Take into account that the trial is no longer to be promoted; its rank stays."""
        self._leave(trial)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the levels of the trial's rungs if it may be paused there."""
        return () if self._is_stopping else self._levels[self.bracket(trial.number) :]

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return the trial that is promoted next, if any: from the highest rung down."""
        del n_begun
        for bracket, position in self._from_the_top:
            standings = self._standings[bracket][position]
            places = len(standings) // self._reduction_factor
            if not more_to_come:
                places = max(1, places)
            for trial, rank in standings.waiting():
                if rank > places:
                    break
                if trial in paused:
                    place = self._standing(trial, rank, standings=standings, places=places)
                    reason = f"promoted from {self._name(bracket, position)}: {place}"
                    kind = DecisionKind.CONTINUE
                    return Verdict(trial=trial, decision=Decision(kind=kind, reason=reason))
        return None

    def bracket(self, number: int) -> int:
        """Return the bracket of the trial with this number, from 0."""
        if len(self._shares) == 1:
            return 0
        rng = generator(self._seed, role="bracket", number=number)
        return int(rng.choice(len(self._shares), p=self._shares))

    def _leave(self, trial: Trial) -> None:
        bracket, n_passed = self._passed.get(trial.id, (0, 0))
        if n_passed:
            self._standings[bracket][n_passed - 1].leave(trial.id)

    def _name(self, bracket: int, position: int) -> str:
        rung = f"rung {position + 1}"
        return rung if len(self._shares) == 1 else f"bracket {bracket}, {rung}"

    def _judge(
        self, trial: Trial, measurement: Measurement, *, bracket: int, position: int
    ) -> Decision:
        """Return whether the trial goes on from a rung, in the stopping form."""
        loss, name = self._loss(trial, measurement), self._name(bracket, position)
        rung = self._rungs[bracket][position]
        placing = rung.place(loss, reduction_factor=self._reduction_factor)
        if math.isinf(loss):
            return self._not_finite(name)
        kind = DecisionKind.CONTINUE if placing.goes_on else DecisionKind.STOP
        place = standing(
            self._objective, rank=placing.rank, among=placing.n_trials, cutoff=placing.cutoff
        )
        return Decision(kind=kind, reason=f"{name}: {place}")

    def _promote(
        self, trial: Trial, measurement: Measurement, *, bracket: int, position: int
    ) -> Decision:
        """Return whether the trial goes on from a rung at once, in the promotion form."""
        loss, name = self._loss(trial, measurement), self._name(bracket, position)
        standings = self._standings[bracket][position]
        if isinstance(standings, FrontStandings):
            raise TypeError("several objectives are judged by their fronts")
        standings.enter(trial, loss=loss)
        if math.isinf(loss):
            return self._not_finite(name)
        rank, places = standings.rank(trial.id), len(standings) // self._reduction_factor
        kind = DecisionKind.CONTINUE if rank <= places else DecisionKind.PAUSE
        place = self._standing(trial.id, rank, standings=standings, places=places)
        return Decision(kind=kind, reason=f"{name}: {place}")

    def _judge_by_fronts(
        self, trial: Trial, measurement: Measurement, *, bracket: int, position: int
    ) -> Decision:
        """Return whether the trial goes on from a rung, by several objectives, in either form."""
        name, standings = self._name(bracket, position), self._standings[bracket][position]
        if not isinstance(standings, FrontStandings):
            raise TypeError("a single objective is judged by its loss")
        loss = self._loss(trial, measurement)
        losses = trial.losses(self._objectives)
        standings.enter(trial, losses=losses if math.isfinite(loss) else [math.inf] * len(losses))
        if math.isinf(loss):
            return self._not_finite(name)
        rank, places = standings.rank(trial.id), len(standings) // self._reduction_factor
        if self._is_stopping:
            places, otherwise = max(1, places), DecisionKind.STOP
        else:
            otherwise = DecisionKind.PAUSE
        kind = DecisionKind.CONTINUE if rank <= places else otherwise
        place = self._standing(trial.id, rank, standings=standings, places=places)
        return Decision(kind=kind, reason=f"{name}: {place}")

    def _standing(
        self, trial: str, rank: int, *, standings: Standings | FrontStandings, places: int
    ) -> str:
        among = len(standings)
        if not places:
            return f"rank {rank} of {among}, {self._reduction_factor} must come before one goes on"
        if isinstance(standings, FrontStandings):
            return standings.text(trial, places=places)
        cutoff = standings.cutoff(places)
        return standing(self._objective, rank=rank, among=among, cutoff=cutoff)

    def _loss(self, trial: Trial, measurement: Measurement) -> float:
        value = measurement.values[self._objective.metric]
        return loss_so_far(trial, value, objective=self._objective)

    def _not_finite(self, name: str) -> Decision:
        reason = f"{name}: {self._objective.metric} is not finite"
        return Decision(kind=DecisionKind.STOP, reason=reason)
