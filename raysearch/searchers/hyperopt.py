"""Which configuration looks best, given those tried? Tree-structured Parzen estimators (TPE).

The estimators are hyperopt's own (`hyperopt.tpe.suggest`); here the conditional space and the
trials are put into its words. Of each parameter, TPE compares how its values are distributed among
the few best trials and among the rest; of some values drawn from the former distribution, it takes
the one that is most typical of it. Parameters are treated one by one, so all that a condition
changes is which trials have a value. A flat space with gaps therefore says the same to hyperopt as
nested `hp.choice`, and also what those cannot say: conditions on several parents or several values,
and one key in two branches.

References:
    Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, section 4.
"""

from __future__ import annotations

import importlib
import math
from bisect import insort
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, NoSuggestion
from raysearch.searchers.dimensions import dimension_of
from raysearch.searchers.ranking import Rank, is_usable, rank
from raysearch.searchers.tried import Tried, draw_untried, key
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, Value

N_NEIGHBOURS = 20
"""Mutations of a suggestion that was tried before until a random configuration is taken instead."""

Places = Mapping[str, float]
"""Label of each parameter that is active -> its value, in hyperopt's terms."""


class HyperOpt:
    """Suggests what is typical of the best trials so far, by hyperopt's TPE.

    The first `n_startup` trials are random. TPE takes only the order of the trials from them: see
    `ranking.rank` for how those count that were stopped early or failed. Trials that have not ended
    count as bad, which is hyperopt's own way and spreads parallel trials out. As in hyperopt, the
    25 latest trials count in full, older ones the less the older they are.

    No configuration is suggested twice: in place of one that was tried, a neighbour of it is
    suggested, or a random one if its neighbours were tried as well. So a finite space is exhausted
    once each has been tried. A trial whose configuration lies outside the space, as in a search
    that goes on with other ranges, is not learnt from.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        n_startup: Trials that must have ended before TPE is used, at least 1.
        gamma: Of n trials, the gamma * sqrt(n) best, rounded up, and at most 25, count as good.
            From 0.05 to 5. hyperopt has 0.25; on five tables of measured networks, 0.5 was better
            at 25, 50 and 100 trials (regret 0.178, 0.097, 0.064 against 0.218, 0.140, 0.071; 1.0:
            0.199, 0.095, 0.053), and unlike 1.0 it is not easily caught in the wrong branch.
        n_candidates: Draws among which the best is taken, for each parameter, at least 1.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> from raysearch.space import Float
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = HyperOpt(Space({"dropout": Float(0.0, 0.5)}), objective=objective, seed=0)
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'random'}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        n_startup: int = 10,
        gamma: float = 0.5,
        n_candidates: int = 24,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=1),
            number_fault("searcher.gamma", gamma, at_least=0.05, at_most=5),
            integer_fault("searcher.n_candidates", n_candidates, at_least=1),
        )
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._gamma = gamma
        self._n_candidates = n_candidates
        self._dimensions = [dimension_of(parameter) for parameter in space.parameters]
        self._tried = Tried()
        self._ranked: list[Rank] = []
        self._places: dict[int, Places | None] = {}  # by the trial's number; None outside the space

    def prepare(self) -> None:
        """Import hyperopt, which takes one to two seconds."""
        importlib.import_module("hyperopt")

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        if self._has_model:
            configuration = self._propose(number, pending, seed=int(rng.integers(2**32)))
            for _ in range(N_NEIGHBOURS):
                if key(configuration) not in self._tried:
                    return Suggestion(configuration=configuration, origin={"kind": "tpe"})
                configuration = self._space.mutate(configuration, rng)
        untried = draw_untried(self._space, rng, tried=self._tried)
        if untried is None:
            return EXHAUSTED
        return Suggestion(configuration=untried, origin={"kind": "random"})

    def observe(self, trial: Trial) -> None:
        """Learn from a trial that ended."""
        self._tried.add(trial)
        if self._places_of(trial) is not None:
            insort(self._ranked, rank(trial, objective=self._objective))

    @property
    def _has_model(self) -> bool:
        """Whether there are enough trials, and among them enough that can count as good."""
        n_good = math.ceil(self._gamma * math.sqrt(len(self._ranked)))
        return (
            any(self._dimensions)
            and len(self._ranked) >= self._n_startup
            and is_usable(self._ranked[min(n_good, len(self._ranked)) - 1])
        )

    @cached_property
    def _domain(self) -> Any:
        """The space as hyperopt sees it."""
        from hyperopt.base import Domain  # takes more than a second, and is not always needed

        return Domain(None, {d.label: d.distribution() for d in self._dimensions if d is not None})

    def _places_of(self, trial: Trial) -> Places | None:
        """Return the places of a trial, found once for each; None if it lies outside the space."""
        if trial.number not in self._places:
            is_inside = self._space.contains(trial.configuration)
            places = self._encoded(trial.configuration) if is_inside else None
            self._places[trial.number] = places
        return self._places[trial.number]

    def _encoded(self, configuration: Configuration) -> Places:
        vector = self._space.encode(configuration).tolist()
        return {
            dimension.label: dimension.from_unit(u)
            for dimension, u in zip(self._dimensions, vector, strict=True)
            if dimension is not None and not math.isnan(u)
        }

    def _propose(self, number: int, pending: Sequence[Trial], *, seed: int) -> dict[str, Value]:
        """Return what TPE suggests, tried before or not."""
        from hyperopt import tpe
        from hyperopt.base import trials_from_docs

        known = [(position[-1], self._places[position[-1]]) for position in self._ranked]
        known += [(t.number, self._places_of(t)) for t in pending]  # after all others: the worst
        documents = [
            self._document(n, places, loss=float(position))
            for position, (n, places) in enumerate(known)
            if places is not None
        ]
        [suggested] = tpe.suggest(
            [number],
            self._domain,
            trials_from_docs(documents, validate=False),
            seed,
            n_startup_jobs=0,
            n_EI_candidates=self._n_candidates,
            gamma=self._gamma,
            verbose=False,
        )
        values = suggested["misc"]["vals"]
        return self._space.decode(
            [0.5 if d is None else d.to_unit(values[d.label][0]) for d in self._dimensions]
        )

    def _document(self, number: int, places: Places, *, loss: float) -> dict[str, Any]:
        """Return a trial as hyperopt keeps it; an empty list says that a parameter is inactive."""
        labels = self._domain.params
        return {
            "tid": number,
            "state": 2,  # hyperopt.JOB_STATE_DONE
            "result": {"status": "ok", "loss": loss},
            "misc": {
                "tid": number,
                "idxs": {label: [number] if label in places else [] for label in labels},
                "vals": {label: [places[label]] if label in places else [] for label in labels},
            },
        }
