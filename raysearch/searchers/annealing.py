"""Which configuration comes next, if steps back are allowed, and less and less? Annealing.

References:
    Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", Science 220, 1983.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.lineage import Member, descent, member_of, walk
from raysearch.searchers.ranking import Ranking
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Objective, Suggestion, Trial


class Annealing:
    """Suggests mutations of the present trial, which a worse one may replace while it is hot.

    The first `n_startup` trials are random, and the best of them is the present one. A trial that
    ended then takes its place if it is better; else with the chance exp(-d / T), where d is the
    share of all trials so far that lie between the two. Unlike the paper, which takes the
    difference of their values, this needs no scale, and holds for trials that ended after different
    numbers of epochs. The temperature falls with the number of trials that ended,

        T(n) = temperature / (1 + cooling * n),

    and with it the mutations that a suggestion is away: 1 + `further_mutations` * T(n) / T(0) on
    average. A number of trials to reach the end with need not be known.

    With many workers, each suggestion is a mutation of what is the present trial by then. Trials
    that were stopped early lie below all that were trained longer (see `ranking.rank`); trials that
    failed do not count. No configuration is suggested twice: in place of one that was tried, a
    neighbour of it is. Of each trial its place in the order is kept, which is found by halving, so
    that suggestion 10,000 costs what suggestion 100 does.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator, and so does whether
            trial n takes the place of one that is better.
        n_startup: Trials that must have ended before mutations begin, at least 1.
        temperature: At the start, as a share of all trials, above 0: with 0.1, one of three trials
            that are a tenth of all trials worse is accepted. After 100 trials on seven tables of
            measured networks, that had a regret of 0.125, and 0.03 one of 0.136 (20 seeds, standard
            error 0.007).
        cooling: How fast it falls, at least 0.
        further_mutations: Mutations of a suggestion after the first one, on average, at the start.

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
        temperature: float = 0.1,
        cooling: float = 0.1,
        further_mutations: float = 2.0,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=1),
            number_fault("searcher.temperature", temperature, at_least=1e-9, at_most=1e9),
            number_fault("searcher.cooling", cooling, at_least=0, at_most=1e9),
            number_fault("searcher.further_mutations", further_mutations, at_least=0, at_most=100),
        )
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._temperature = temperature
        self._cooling = cooling
        self._further_mutations = further_mutations
        self._present: Member | None = None
        self._ranking = Ranking()
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: what comes next needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a mutation of the present trial, at first a random one, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        if self._present is None or len(self._ranking) < self._n_startup:
            return suggest_untried(self._space, rng, tried=self._tried)
        further = self._further_mutations * self._heat
        origin = {**descent("annealing", self._present), "temperature": round(self.temperature, 6)}
        return suggest_untried(
            self._space,
            rng,
            tried=self._tried,
            wanted=walk(self._space, self._present.configuration, rng, further=further),
            origin=origin,
        )

    def observe(self, trial: Trial) -> None:
        """Let the trial take the place of the present one if it may."""
        self._tried.add(trial)
        member = member_of(trial, space=self._space, objective=self._objective)
        if member is None:
            return
        self._ranking.put(member.rank)
        is_present = self._present is not None and self._present.id == member.id
        if is_present or self._is_accepted(member, trial.number):
            self._present = member

    @property
    def temperature(self) -> float:
        """The temperature now, as a share of all trials."""
        return self._temperature * self._heat

    @property
    def _heat(self) -> float:
        """How much is left of the temperature at the start, in (0, 1]."""
        n_after_startup = max(len(self._ranking) - self._n_startup, 0)
        return 1 / (1 + self._cooling * n_after_startup)

    def _is_accepted(self, member: Member, number: int) -> bool:
        if self._present is None or member < self._present:
            return True
        if len(self._ranking) <= self._n_startup:
            return False
        better, worse = (self._ranking.place(m.rank) for m in (self._present, member))
        chance = math.exp((better - worse) / len(self._ranking) / self.temperature)
        return generator(self._seed, role="annealing", number=number).random() < chance
