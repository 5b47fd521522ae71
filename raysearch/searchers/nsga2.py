"""Which configurations are the parents of the next generation, with several objectives? NSGA-II.

Optuna's sampler of this name crosses over those parameters alone that every trial has, and draws
the others at random: of two families little is left to inherit. This one breeds with the operators
of the space, so that branches, layers and graphs are inherited as a whole; on a flat space it is
held to Optuna's (tests/unit/searchers/test_nsga2.py).

References:
    Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions
    on Evolutionary Computation 6, 2002: sections III and VI (constrained domination).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch import pareto
from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.lineage import share_fault, walk
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, TrialStatus

if TYPE_CHECKING:
    import numpy as np

KIND = "nsga2"
"""Of the origin of trials that this method bred."""

REJECTED, FAILED = 1.0, math.inf
"""What counts as violation of a trial that was rejected, on top of its own; and of one that failed.
Those that were stopped early have less than 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """A trial that ended and can have children."""

    id: str
    configuration: Configuration
    losses: tuple[float, ...]
    violation: float
    """0 for one that was trained in full; see `violation_of`."""


class Nsga2:
    """Suggests children of the parents that lie best among all generations so far.

    The first generation is random. A generation is complete when `population` trials that were
    suggested for it have ended; the best `population` of it and of its parents are the parents of
    the next one. They are sorted into Pareto fronts, and within a front the less crowded are
    better. Each parent of a child is the better of two that are drawn. A child takes each parameter
    from one of its parents, and a branch that only one of them has as a whole; then it is mutated.
    What ends too late for its generation is not learnt from; so no worker waits.

    A trial that does not meet the constraints comes behind all that do, by how much it misses them
    ("constrained domination"), so rejected trials lead to where models are allowed. Between the two
    come trials that were stopped early, those first that got further: a full training beats an
    optimistic first epoch. Trials that failed have no children.

    With a single objective it is an elitist genetic algorithm.

    Args:
        space: The search space.
        objective: What is improved; of several, the first.
        objectives: All of them where there are several.
        seed: Governs all draws; suggestion n draws from its own generator.
        population: Trials of a generation, at least 4.
        crossover: Chance that a child has two parents, from 0 to 1.
        further_mutations: Mutations after the first one, on average, at least 0.

    Raises:
        ConfigurationError: A setting is out of range.
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        objectives: Sequence[Objective] = (),
        seed: int = 0,
        population: int = 12,
        crossover: float = 0.9,
        further_mutations: float = 0.3,
    ) -> None:
        raise_faults(
            integer_fault("searcher.population", population, at_least=4),
            share_fault("searcher.crossover", crossover),
            number_fault("searcher.further_mutations", further_mutations, at_least=0, at_most=100),
        )
        self._space = space
        self._objectives = tuple(objectives) or (objective,)
        self._seed = seed
        self._population = population
        self._crossover = crossover
        self._further_mutations = further_mutations
        self._generation = 0
        self._coming: list[Individual] = []  # of this generation, those that have ended
        self._parents: list[Individual] = []  # the best first
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: what comes next needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a child of the parents, in the first generation a random one, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        if not self._parents:
            return suggest_untried(self._space, rng, tried=self._tried)
        one = self._drawn(rng)
        other = self._drawn(rng) if rng.random() < self._crossover else one
        child = one.configuration
        if other is not one:
            child = self._space.crossover(child, other.configuration, rng)
        child = walk(self._space, child, rng, further=self._further_mutations)
        return suggest_untried(
            self._space, rng, tried=self._tried, wanted=child, origin=self._origin(one, other)
        )

    def observe(self, trial: Trial) -> None:
        """Take the trial into its generation, and begin the next one if that is complete.

        Trials that nobody bred (the default, points of the user, random ones) belong to the
        generation that is under way.
        """
        is_new = self._tried.add(trial)
        generation = trial.origin.get("generation") if trial.origin.get("kind") == KIND else None
        if generation not in (None, self._generation):
            return
        if not self._space.contains(trial.configuration):
            return
        violation = violation_of(trial)
        if violation == FAILED:
            return
        known = Individual(
            id=trial.id,
            configuration=trial.configuration,
            losses=trial.losses(self._objectives),
            violation=violation,
        )
        if not is_new:  # of a generation that is complete, nothing is learnt any more
            self._coming = [known if each.id == trial.id else each for each in self._coming]
            return
        self._coming.append(known)
        if len(self._coming) >= self._population:
            best = ordered([*self._parents, *self._coming])
            self._parents, self._coming = best[: self._population], []
            self._generation += 1

    def _drawn(self, rng: np.random.Generator) -> Individual:
        """Return the better of two parents that are drawn."""
        drawn: list[int] = rng.integers(len(self._parents), size=2).tolist()
        return self._parents[min(drawn)]

    def _origin(self, one: Individual, other: Individual) -> dict[str, Any]:
        parents = list(dict.fromkeys((one.id, other.id)))
        return {"kind": KIND, "parents": parents, "generation": self._generation}


def violation_of(trial: Trial) -> float:
    """Return by how much a trial falls short of one that was trained in full, 0 for that.

    Example:
        >>> known = {"id": "0003", "number": 3, "configuration": {}, "violation": 0.5}
        >>> violation_of(Trial(status=TrialStatus.REJECTED, **known))
        1.5
    """
    if trial.status is TrialStatus.REJECTED:
        return REJECTED + trial.violation
    if trial.status is TrialStatus.FAILED:
        return FAILED
    return 0.0 if trial.status is TrialStatus.COMPLETED else 1 / (1 + trial.epochs)


def ordered(individuals: Sequence[Individual]) -> list[Individual]:
    """Return individuals best first: by violation, then by front, then the less crowded.

    Example:
        >>> def one(id, losses, violation=0.0):
        ...     return Individual(id=id, configuration={}, losses=losses, violation=violation)
        >>> found = [one("a", (2, 2)), one("b", (1, 1)), one("c", (0, 0), 1.5), one("d", (0, 3))]
        >>> [each.id for each in ordered(found)]
        ['b', 'd', 'a', 'c']
    """
    levels: dict[float, list[Individual]] = {}
    for each in individuals:
        levels.setdefault(each.violation, []).append(each)
    best: list[Individual] = []
    for violation in sorted(levels):
        level = levels[violation]
        best += [level[place] for place in pareto.order([each.losses for each in level])]
    return best
