"""Which configuration comes next, if it is a neighbour of the best one? Local search.

References:
    White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021.
    Restarts from a disturbed best one: Lourenco, Martin and Stützle, "Iterated Local Search",
    Handbook of Metaheuristics, 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.lineage import Member, descent, member_of, share_fault
from raysearch.searchers.tried import Tried, key, suggest_untried
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial

if TYPE_CHECKING:
    import numpy as np

N_DRAWS = 100
"""Neighbours in a row that must all have been tried before a centre counts as used up."""


class LocalSearch:
    """Suggests neighbours of a centre, which moves to each that is better, and restarts.

    The first `n_startup` trials are random, and the best of them is the centre. Its neighbours, the
    configurations that differ in one parameter and what hangs on it, are tried in random order;
    the first one that is better becomes the centre, as in the variant of the paper that did best.
    A centre is given up as a local optimum when `n_neighbours` per parameter were no better, or all
    neighbours are tried: numbers without steps have infinitely many. The search then begins again:
    with the chance `kick` beside the best trial of all, at a distance of `distance` mutations, else
    at a random place, as in the paper. Wherever it is, a trial that is better than the centre
    becomes the centre.

    With many workers, several neighbours of a centre are tried at once. Trials that were stopped
    early lie below all that were trained longer (see `ranking.rank`); trials that failed are no
    centre. No configuration is suggested twice. Of the trials, the centre and the best one are
    kept, so that suggestion 10,000 costs what suggestion 100 does.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        n_startup: Random trials among which the first centre is the best, at least 1.
        n_neighbours: Neighbours of a centre, per active parameter, that must all be worse before it
            is given up; at least 1.
        kick: Chance of a new beginning beside the best trial, from 0 to 1.
        distance: Mutations from the best trial to such a new beginning, at least 1.

    Raises:
        ConfigurationError: A setting is out of range.
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        n_startup: int = 10,
        n_neighbours: int = 4,
        kick: float = 0.5,
        distance: int = 3,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=1),
            integer_fault("searcher.n_neighbours", n_neighbours, at_least=1),
            share_fault("searcher.kick", kick),
            integer_fault("searcher.distance", distance, at_least=1, at_most=1000),
        )
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._n_neighbours = n_neighbours
        self._kick = kick
        self._distance = distance
        self._n_known = 0
        self._best: Member | None = None
        self._centre: Member | None = None
        self._n_worse = 0  # neighbours of the centre that ended, and were no better
        self._climb = 0  # how often the search began again
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: what comes next needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a neighbour of the centre, or where to begin again, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        if self._centre is None or self._n_known < self._n_startup:
            return suggest_untried(self._space, rng, tried=self._tried)
        if self._n_worse < self._n_neighbours * len(self._centre.configuration):
            neighbour = self._neighbour(self._centre, rng)
            if neighbour is not None:
                origin = {**descent("local_search", self._centre), "climb": self._climb}
                return Suggestion(configuration=neighbour, origin=origin)
        return self._beginning(rng)

    def _neighbour(self, centre: Member, rng: np.random.Generator) -> Configuration | None:
        """Return a neighbour that is new; None if none was found."""
        for _ in range(N_DRAWS):
            neighbour = self._space.mutate(centre.configuration, rng)
            if key(neighbour) not in self._tried:
                return neighbour
        return None

    def _beginning(self, rng: np.random.Generator) -> Suggestion | NoSuggestion:
        """Return where the next climb begins, or EXHAUSTED."""
        origin = {"kind": "restart", "climb": self._climb + 1}
        wanted = self._space.sample(rng)
        if self._best is not None and rng.random() < self._kick:
            wanted = dict(self._best.configuration)
            for _ in range(self._distance):
                wanted = self._space.mutate(wanted, rng)
            origin = {**descent("restart", self._best), "climb": self._climb + 1}
        return suggest_untried(self._space, rng, tried=self._tried, wanted=wanted, origin=origin)

    def observe(self, trial: Trial) -> None:
        """Move the centre to a better trial, or to one at which the search begins again."""
        self._tried.add(trial)
        member = member_of(trial, space=self._space, objective=self._objective)
        if member is None:
            self._n_worse += self._is_neighbour(trial)
            return
        self._n_known += 1
        climb = trial.origin.get("climb", 0)
        if self._best is None or member < self._best:
            self._best = member
        if self._centre is None or member < self._centre or climb > self._climb:
            self._centre, self._n_worse, self._climb = member, 0, max(climb, self._climb)
        else:
            self._n_worse += self._is_neighbour(trial)

    def _is_neighbour(self, trial: Trial) -> bool:
        """Return whether a trial was made as a neighbour of the present centre."""
        return self._centre is not None and trial.origin.get("parents") == [self._centre.id]
