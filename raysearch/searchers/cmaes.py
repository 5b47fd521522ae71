"""Where do the better half of a generation lie, and in which directions? CMA-ES.

The covariance matrix adaptation evolution strategy draws each generation from a normal distribution
and moves and shapes it by the order of what was drawn. It shines with ten parameters or more that
act on each other, and with hundreds of trials; with fewer, models learn faster.

The strategy is that of the package `cmaes`, which is also what Optuna's sampler of this name runs.
That sampler keeps pickles of its state with its trials; here the state follows from the trials
themselves, whose origins in the journal say which generation they were drawn for.

References:
    Hansen, "The CMA Evolution Strategy: A Tutorial", 2016 (arXiv:1604.00772).
    Nomura and Shibata, "cmaes: A Simple yet Practical Python Library for CMA-ES", 2024
    (arXiv:2402.01373).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.needs import refuse_without
from raysearch.searchers.ranking import Rank, rank
from raysearch.searchers.suitability import has_order, refuse, require_places
from raysearch.searchers.tried import Tried, key, suggest_untried
from raysearch.space import Space
from raysearch.trial import Objective, Suggestion, Trial, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = "cmaes"
"""Of the origin of trials that this method drew."""

N_ATTEMPTS = 20
"""Draws in a row that were all tried before a neighbour of the last one is suggested."""


class CmaEs:
    """Suggests draws from a normal distribution that moves to where the better ones were.

    The distribution begins in the middle of the space, with a standard deviation of `sigma` on the
    unit interval. A generation is complete when `population` trials that were drawn for it have
    ended; it is then taken by its order (see `ranking`), so that trials that were stopped early or
    failed count as the worst. Workers that are free before that draw more of the same generation;
    what ends too late for it is not learnt from, nor is a trial that somebody else suggested.

    Every parameter is a number, or a choice whose values are ordered. One that is inactive in a
    trial counts as lying where the distribution is centred. Priors are not followed.

    No configuration is suggested twice: in place of one that was tried, another draw is, then a
    neighbour, then a random one. So a finite space is exhausted once each has been tried.

    Args:
        space: The search space, of numbers and ordered choices.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        population: Trials of a generation, at least 4; None for 4 + 3 log(D), with D parameters.
        sigma: Standard deviation of the first generation on the unit interval, from 0.01 to 1. The
            default is Optuna's.

    Raises:
        ConfigurationError: A setting lies outside its range, or the package `cmaes` is not
            installed.
        UnsuitableSpace: The space has choices without an order, or values without a place.
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        population: int | None = None,
        sigma: float = 1 / 6,
    ) -> None:
        raise_faults(
            None
            if population is None
            else integer_fault("searcher.population", population, at_least=4),
            number_fault("searcher.sigma", sigma, at_least=0.01, at_most=1),
        )
        require_places(space, method="cmaes")
        _refuse_categories(space)
        refuse_without("cmaes", method="cmaes")
        self._space = space
        self._objective = objective
        self._seed = seed
        self._population = population
        self._sigma = sigma
        self._columns = [i for i, p in enumerate(space.parameters) if p.domain.size() != 1]
        self._tried = Tried()
        self._generation = 0
        self._waiting: list[tuple[Rank, NDArray[np.float64]]] = []  # those of this generation
        self._past: list[list[tuple[Rank, NDArray[np.float64]]]] = []  # not told yet

    def prepare(self) -> None:
        """Import the package."""
        importlib.import_module("cmaes")

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a draw that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        return suggest_untried(
            self._space,
            rng,
            tried=self._tried,
            wanted=self._propose(rng) if self._columns else None,
            origin={"kind": KIND, "generation": self._generation},
        )

    def observe(self, trial: Trial) -> None:
        """Learn from a trial, if it was drawn for this generation."""
        self._tried.add(trial)
        origin = trial.origin
        if origin.get("kind") != KIND or origin.get("generation") != self._generation:
            return
        if not self._columns or not self._space.contains(trial.configuration):
            return
        places = self._space.encode(trial.configuration)[self._columns]
        self._waiting = [known for known in self._waiting if known[0][-1] != trial.number]
        self._waiting.append((rank(trial, objective=self._objective), places))
        if len(self._waiting) == self._size:
            self._past.append(self._waiting)
            self._waiting = []
            self._generation += 1

    @property
    def _dimension(self) -> int:
        """Numbers of the distribution: the package needs two, so one may be there for nothing."""
        return max(len(self._columns), 2)

    @cached_property
    def _size(self) -> int:
        """Trials of a generation."""
        import numpy as np

        return self._population or 4 + int(3 * np.log(self._dimension))

    @cached_property
    def _first(self) -> Any:
        """The strategy as it begins."""
        import numpy as np
        from cmaes import CMA

        return CMA(
            mean=np.full(self._dimension, 0.5),
            sigma=self._sigma,
            bounds=np.array([[0.0, 1.0]] * self._dimension),
            population_size=self._size,
            seed=self._seed % 2**32,
        )

    @property
    def _strategy(self) -> Any:
        """The strategy after all complete generations."""
        strategy, past = self._first, self._past
        while past:
            generation = sorted(past.pop(0), key=lambda item: item[0])
            strategy.tell([(self._filled(x), float(i)) for i, (_, x) in enumerate(generation)])
        return strategy

    def _filled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places with the distribution's centre where there is none."""
        import numpy as np

        centre: NDArray[np.float64] = np.clip(np.array(self._first.mean), 0.0, 1.0)
        filled = centre.copy()
        filled[: len(places)] = np.where(np.isnan(places), centre[: len(places)], places)
        return filled

    def _propose(self, rng: np.random.Generator) -> dict[str, Value]:
        """Return a draw, which is new if one of several is."""
        import numpy as np

        strategy = self._strategy
        strategy.reseed_rng(int(rng.integers(2**32)))
        vector = np.full(len(self._space.parameters), 0.5)
        configuration: dict[str, Value] = {}
        for _ in range(N_ATTEMPTS):
            vector[self._columns] = np.clip(strategy.ask(), 0.0, 1.0)[: len(self._columns)]
            configuration = self._space.decode(vector)
            if key(configuration) not in self._tried:
                break
        return configuration


def _refuse_categories(space: Space) -> None:
    """Refuse a space with choices that have no order.

    Raises:
        UnsuitableSpace: With these.
    """
    unordered = [p for p in space.parameters if p.domain.size() != 1 and not has_order(p.domain)]
    refuse(
        unordered,
        method="cmaes",
        why="values without an order",
        remedy="fix each to a value, or say `ordered: true` where neighbours are alike",
    )
