"""What is known of the members of a population, and who is compared with whom?

Members are compared at the same epochs, the rungs, so that weights and schedules of the learning
rate always belong to the epoch that a trial counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from raysearch.schedulers.exploiting import Standing
from raysearch.trial import Measurement, Objective, Trial


@dataclass(slots=True, kw_only=True)
class Population:
    """The trials that begin together.

    Args:
        first: Number of its first member.
        size: How many there are.
        rungs: Epochs at which they are compared, rising.
        objective: By what.
    """

    first: int
    size: int
    rungs: tuple[int, ...]
    objective: Objective
    standings: dict[int, dict[int, Standing]] = field(default_factory=dict)
    """Rung -> number -> what the member had reached there."""
    last: dict[int, int] = field(default_factory=dict)
    """Number -> epochs of its latest measurement."""
    lost: set[int] = field(default_factory=set)
    """Members whose latest value is not finite."""
    ended: set[int] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Whether all members have begun and ended."""
        return len(self.ended) >= self.size

    def report(self, trial: Trial, measurement: Measurement) -> int | None:
        """Take a measurement into account, and return the rung that it came to; None for none."""
        number, before = trial.number, self.last.get(trial.number, 0)
        if trial.takeovers:
            before = max(before, trial.takeovers[-1].epoch)
        loss = self.objective.loss(measurement.values[self.objective.metric])
        self.last[number] = measurement.epoch
        (self.lost.add if math.isinf(loss) else self.lost.discard)(number)
        passed = [rung for rung in self.rungs if before < rung <= measurement.epoch]
        if not passed:
            return None
        self.standings.setdefault(passed[-1], {})[number] = Standing(
            trial=trial.id,
            number=number,
            loss=loss,
            epoch=measurement.epoch,
            configuration=trial.configuration,
        )
        return passed[-1]

    def end(self, trial: Trial) -> None:
        """Take into account that a member has ended."""
        self.ended.add(trial.number)

    def rung_of(self, trial: Trial) -> int | None:
        """Return the rung at which a paused member is compared: the next one, if it is lost."""
        for rung in self.rungs:
            if trial.number in self.standings.get(rung, {}) and self._is_at(trial, rung):
                return rung
        if trial.number in self.lost:
            return self.next_rung(trial.epochs)
        return None

    def _is_at(self, trial: Trial, rung: int) -> bool:
        return self.standings[rung][trial.number].epoch == trial.epochs

    def next_rung(self, epoch: int) -> int | None:
        """Return the first rung from an epoch on."""
        return next((rung for rung in self.rungs if rung >= epoch), None)

    def is_complete(self, rung: int, *, n_begun: int, more_to_come: bool) -> bool:
        """Return whether nobody will come to a rung any more who has not.

        Args:
            rung: One of the rungs.
            n_begun: Trials of the search that have begun.
            more_to_come: Whether further ones may begin.
        """
        if more_to_come and n_begun < self.first + self.size:
            return False
        begun = range(self.first, min(n_begun, self.first + self.size))
        there = self.standings.get(rung, {}).keys() | self.ended | self.lost
        return all(number in there or self.last.get(number, 0) > rung for number in begun)

    def kept(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of a member's checkpoints that another one may yet take over."""
        return tuple(
            members[trial.number].epoch
            for rung, members in self.standings.items()
            if trial.number in members and not self._is_passed(rung, by_all_but=trial.number)
        )

    def _is_passed(self, rung: int, *, by_all_but: int) -> bool:
        numbers = range(self.first, self.first + self.size)
        others = (n for n in numbers if n != by_all_but and n not in self.ended)
        return all(self.last.get(number, 0) > rung for number in others)
