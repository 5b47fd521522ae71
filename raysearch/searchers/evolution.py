"""Which configuration comes next, if all descend from the young ones? Regularised evolution.

References:
    Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
    algorithm 1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.lineage import (
    Inherit,
    Member,
    descent,
    heir,
    inherit_fault,
    member_of,
    renew,
    walk,
)
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Objective, Suggestion, Trial


class Evolution:
    """Suggests a mutation of the best of a few trials, drawn from those that ended last.

    The `population_size` trials observed last are the population: a trial dies of age, and never
    for being bad, so that one that was merely lucky does not have children for ever. The first
    ones are random. Then `tournament_size` of them are drawn, and the best one has a child, which
    differs in one parameter, and what hangs on it, at least.

    As in the paper, nothing waits for anything: with many workers, a child is made of what has
    ended by then. Trials that were stopped early take part below all that were trained longer (see
    `ranking.rank`); trials that failed do not take part. No configuration is suggested twice: in
    place of one that was tried, a neighbour of it is. Only the population is kept of the trials,
    so that suggestion 10,000 costs what suggestion 100 does.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        population_size: Trials that can have children, at least 2 (the paper's P, 100 for
            20,000 trials). After 100 trials on seven tables of measured networks, 10 had a regret
            of 0.107 and 20 one of 0.123 (20 seeds, standard error 0.006).
        tournament_size: Trials of which the best has a child, from 1 to `population_size` (the
            paper's S).
        further_mutations: Mutations of a child after the first one, on average, at least 0; the
            paper makes one alone.
        inherit: "weights" lets a child begin with the weights that its parent had in its best
            epoch, taken over into its own architecture (Chen et al., "Net2Net", ICLR 2016);
            "none", the default, with new ones. The families must be able to do it.

    Raises:
        ConfigurationError: A setting is out of range.
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        population_size: int = 10,
        tournament_size: int = 5,
        further_mutations: float = 0.5,
        inherit: Inherit = "none",
    ) -> None:
        raise_faults(
            integer_fault("searcher.population_size", population_size, at_least=2),
            integer_fault("searcher.tournament_size", tournament_size, at_least=1),
            number_fault("searcher.further_mutations", further_mutations, at_least=0, at_most=100),
            inherit_fault(inherit),
        )
        self.inherits_weights = inherit == "weights"
        """Whether children begin with their parents' weights."""
        check_tournament(tournament_size, population_size=population_size)
        self._space = space
        self._objective = objective
        self._seed = seed
        self._tournament_size = tournament_size
        self._further_mutations = further_mutations
        self._population: deque[Member] = deque(maxlen=population_size)
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: what comes next needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a child of the population, while it grows a random configuration, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        if len(self._population) < (self._population.maxlen or 0):
            return suggest_untried(self._space, rng, tried=self._tried)
        drawn = rng.permutation(len(self._population))[: self._tournament_size]
        parent = min(self._population[index] for index in drawn.tolist())
        child = walk(self._space, parent.configuration, rng, further=self._further_mutations)
        origin = descent("evolution", parent)
        found = suggest_untried(self._space, rng, tried=self._tried, wanted=child, origin=origin)
        return heir(found, parent) if self.inherits_weights else found

    def observe(self, trial: Trial) -> None:
        """Take the trial into the population, in place of the oldest one.

        One that is told again does not get younger by that.
        """
        is_new = self._tried.add(trial)
        member = member_of(trial, space=self._space, objective=self._objective)
        if member is None:
            return
        if is_new:
            self._population.append(member)
        else:
            renew(self._population, member)


def check_tournament(tournament_size: int, *, population_size: int) -> None:
    """Check that a tournament is held among no more trials than there are.

    Raises:
        ConfigurationError: It is not.
    """
    if tournament_size > population_size:
        raise ConfigurationError(
            f"searcher.tournament_size is {tournament_size}, and searcher.population_size "
            f"{population_size}. Raise the one, or lower the other: a tournament is held among "
            "trials of the population."
        )
