"""Who of a population goes on after a comparison, and with whose weights?

What `pbt` and `pb2` have in common: populations that pause at the same epochs, and a member that
does badly takes over the weights of one that does well. With which configuration it goes on is the
one thing in which they differ: `explored`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.randomness import generator
from raysearch.schedulers.base import Scheduler, Verdict
from raysearch.schedulers.exploiting import Method, Standing, ranked, share, source_of
from raysearch.schedulers.exploring import changes_of
from raysearch.schedulers.population import Population
from raysearch.trial import (
    Configuration,
    Decision,
    DecisionKind,
    Exploit,
    Measurement,
    Objective,
    Trial,
)

if TYPE_CHECKING:
    import numpy as np


DEFAULT = (0,)
"""Number of the trial with the default configuration, which takes over nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Who takes over weights, and when."""

    number: int
    """Of the trial that takes them over."""
    rung: int
    rng: np.random.Generator
    """Governs all draws of it."""


class Comparing(Scheduler):
    """Lets members pause, compares them, and says who goes on.

    Args:
        objective: What is compared.
        max_epochs: Epochs of a trial.
        seed: Governs who is taken over.
        role: What its generators are called.
        size: Members of a population.
        rungs: Epochs at which they are compared, rising.
        exploit: How a member finds one to take over.
        quantile: The share that truncation is about.
        synchronous: Whether a comparison waits for all members.
    """

    exploits = True

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int,
        role: str,
        size: int,
        rungs: tuple[int, ...],
        exploit: Method,
        quantile: float,
        synchronous: bool,
    ) -> None:
        self.rungs = rungs
        """Epochs at which members are compared."""
        self._objective, self._max_epochs = objective, max_epochs
        self._seed, self._role, self._size = seed, role, size
        self._exploit, self._quantile, self._synchronous = exploit, quantile, synchronous
        self._populations: dict[int, Population] = {}

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return that the trial goes on, or pauses to be compared."""
        population = self.population(trial.number)
        rung = population.report(trial, measurement)
        if measurement.epoch >= self._max_epochs:
            return Decision(kind=DecisionKind.CONTINUE)
        if trial.number in population.lost:
            return self._lost(trial, population.next_rung(measurement.epoch))
        if rung is None or trial.number == 0:
            return Decision(kind=DecisionKind.CONTINUE)
        return Decision(kind=DecisionKind.PAUSE, reason=f"rung {rung}: waits to be compared")

    @abstractmethod
    def explored(self, source: Standing, taking: Taking) -> Configuration:
        """Return with which configuration a member goes on that takes over the source's weights."""

    def on_end(self, trial: Trial) -> None:
        """Take into account that nobody waits for the trial."""
        self.population(trial.number).end(trial)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of the comparisons."""
        del trial
        return self.rungs

    def keeps(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of comparisons that some members have yet to come to, or to leave."""
        return self.population(trial.number).kept(trial)

    def begins(self, number: int) -> bool:
        """Return whether all populations before have ended."""
        before = range(number // self._size)
        return all(
            index in self._populations and self._populations[index].is_over for index in before
        )

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return who goes on, and with whose weights; those that are furthest behind first."""
        is_filling = more_to_come and n_begun % self._size != 0
        for trial in sorted(paused.values(), key=lambda trial: (trial.epochs, trial.number)):
            population = self.population(trial.number)
            rung = population.rung_of(trial)
            if rung is None:  # another policy has paused it
                reason = f"epoch {trial.epochs}: goes on, since it is no rung"
                return _verdict(trial, Decision(kind=DecisionKind.CONTINUE, reason=reason))
            if is_filling and n_begun < population.first + self._size:
                continue  # first the others begin
            is_whole = population.is_complete(rung, n_begun=n_begun, more_to_come=more_to_come)
            if is_whole or not self._synchronous:
                decision = self._compared(trial, population, rung=rung, is_whole=is_whole)
                if decision is not None:
                    return _verdict(trial, decision)
        return None

    def population(self, number: int) -> Population:
        """Return the population of the trial with this number."""
        index = number // self._size
        if index not in self._populations:
            self._populations[index] = Population(
                first=index * self._size,
                size=self._size,
                rungs=self.rungs,
                objective=self._objective,
            )
        return self._populations[index]

    def _lost(self, trial: Trial, rung: int | None) -> Decision:
        """Return what becomes of a trial whose value is not finite."""
        found = f"{self._objective.metric} is not finite"
        if rung is None or trial.number == 0:
            return Decision(kind=DecisionKind.STOP, reason=f"epoch {trial.epochs}: {found}")
        reason = f"epoch {trial.epochs}: {found}; waits for the weights of another one, rung {rung}"
        return Decision(kind=DecisionKind.PAUSE, reason=reason)

    def _compared(
        self, trial: Trial, population: Population, *, rung: int, is_whole: bool
    ) -> Decision | None:
        """Return what becomes of a member at a rung; None if it has to wait for others."""
        standings = population.standings.get(rung, {})
        member = standings.get(trial.number) or Standing(
            trial=trial.id,
            number=trial.number,
            loss=math.inf,
            epoch=trial.epochs,
            configuration=trial.configuration,
        )
        everybody = {**standings, trial.number: member}
        order = [each.number for each in ranked(everybody)]
        place = f"rung {rung}: rank {1 + order.index(trial.number)} of {len(order)}"
        rng = generator(self._seed, role=f"{self._role} rung {rung}", number=trial.number)
        n_best = share(len(everybody), quantile=self._quantile, is_whole=is_whole)
        source = source_of(
            member, everybody, rng, method=self._exploit, n_best=n_best, kept=DEFAULT
        )
        if source is not None:
            taking = Taking(number=trial.number, rung=rung, rng=rng)
            return self._takes_over(source, taking, place=place)
        if math.isfinite(member.loss):
            return Decision(
                kind=DecisionKind.CONTINUE, reason=f"{place}, goes on with its own weights"
            )
        if not is_whole:
            return None
        reason = f"{place}, {self._objective.metric} is finite in no member"
        return Decision(kind=DecisionKind.STOP, reason=reason)

    def _takes_over(self, source: Standing, taking: Taking, *, place: str) -> Decision:
        before = dict(source.configuration)
        after = self.explored(source, taking)
        return Decision(
            kind=DecisionKind.EXPLOIT,
            reason=f"{place}, takes over trial {source.trial}",
            exploit=Exploit(
                source=source.trial,
                epoch=source.epoch,
                configuration=after,
                changes=changes_of(before, after),
            ),
        )


def _verdict(trial: Trial, decision: Decision) -> Verdict:
    return Verdict(trial=trial.id, decision=decision)
