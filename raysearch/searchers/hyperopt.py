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
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.dimensions import dimension_of
from raysearch.searchers.ranking import Ranking, is_usable, rank
from raysearch.searchers.suitability import require_places
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, Value

MOST_GOOD = 25
"""Trials that count as good at most, and the latest ones that count in full: hyperopt's own."""

Misc = Mapping[str, Any]
"""A trial's configuration as hyperopt keeps it, made once for each trial."""


class HyperOpt:
    """Suggests what is typical of the best trials so far, by hyperopt's TPE.

    The first `n_startup` trials are random. TPE takes only the order of the trials from them: see
    `ranking.rank` for how those count that were stopped early or failed. Trials in training count
    as bad, which is hyperopt's own way and spreads parallel trials out. As in hyperopt, the 25
    latest trials count in full, older ones the less the older they are.

    Of a long history, TPE is shown the 25 best trials and the latest others, `n_history` in all, so
    that suggestion 10,000 costs no more than one at that limit.

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
        n_history: Trials that TPE is shown at most, at least 50.

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
        n_history: int = 500,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=1),
            number_fault("searcher.gamma", gamma, at_least=0.05, at_most=5),
            integer_fault("searcher.n_candidates", n_candidates, at_least=1),
            integer_fault("searcher.n_history", n_history, at_least=2 * MOST_GOOD),
        )
        require_places(space, method="hyperopt")
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._gamma = gamma
        self._n_candidates = n_candidates
        self._n_history = n_history
        self._dimensions = [dimension_of(parameter) for parameter in space.parameters]
        self._tried = Tried()
        self._ranking = Ranking()
        self._miscs: dict[int, Misc] = {}  # by the trial's number, from when it is first shown
        self._configurations: dict[int, Configuration] = {}  # of the trials that were observed

    def prepare(self) -> None:
        """Import hyperopt, which takes one to two seconds."""
        importlib.import_module("hyperopt")

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        wanted = None
        if self._has_model():
            wanted = self._propose(
                number,
                {**self._known(), **self._in_training(pending)},
                n_trials=len(self._ranking) + len(pending),
                seed=int(rng.integers(2**32)),
            )
        return suggest_untried(
            self._space, rng, tried=self._tried, wanted=wanted, origin={"kind": "tpe"}
        )

    def observe(self, trial: Trial) -> None:
        """Learn from a trial."""
        self._tried.add(trial)
        if self._space.contains(trial.configuration):
            self._configurations[trial.number] = trial.configuration
            self._ranking.put(rank(trial, objective=self._objective))

    def _has_model(self) -> bool:
        """Return whether there are enough trials, and enough that can count as good."""
        n_trials = len(self._ranking)
        return (
            any(self._dimensions)
            and n_trials >= self._n_startup
            and is_usable(self._ranking.at(min(self._n_good(n_trials), n_trials) - 1))
        )

    def _n_good(self, n_trials: int) -> int:
        """Return how many of so many trials count as good."""
        return min(math.ceil(self._gamma * math.sqrt(n_trials)), MOST_GOOD)

    @cached_property
    def _domain(self) -> Any:
        """The space as hyperopt sees it."""
        from hyperopt.base import Domain  # takes more than a second, and is not always needed

        return Domain(None, {d.label: d.distribution() for d in self._dimensions if d is not None})

    def _misc_of(self, number: int, configuration: Configuration) -> Misc:
        """Return what hyperopt is told of a configuration of the space."""
        if number not in self._miscs:
            self._miscs[number] = self._encoded(number, configuration)
        return self._miscs[number]

    def _encoded(self, number: int, configuration: Configuration) -> Misc:
        vector = self._space.encode(configuration).tolist()
        places = {
            dimension.label: [] if math.isnan(u) else [dimension.from_unit(u)]
            for dimension, u in zip(self._dimensions, vector, strict=True)
            if dimension is not None
        }
        idxs = {label: [number] if place else [] for label, place in places.items()}
        return {"tid": number, "idxs": idxs, "vals": places}  # empty where it is inactive

    def _known(self) -> dict[int, Configuration]:
        """Return the configurations of the trials that TPE is shown, the best first."""
        shown = self._ranking.shown(n_best=MOST_GOOD, at_most=self._n_history)
        return {number: self._configurations[number] for *_, number in shown}

    def _in_training(self, pending: Sequence[Trial]) -> dict[int, Configuration]:
        """Return the configurations of trials of which nothing is known yet: they count last."""
        return {
            trial.number: trial.configuration
            for trial in pending
            if self._space.contains(trial.configuration)
        }

    def _propose(
        self, number: int, known: Mapping[int, Configuration], *, n_trials: int, seed: int
    ) -> dict[str, Value]:
        """Return what TPE suggests, tried before or not, by what it knows, the best first."""
        from hyperopt import tpe
        from hyperopt.base import trials_from_docs

        documents = [
            _document(self._misc_of(*item), loss=float(position))
            for position, item in enumerate(known.items())
        ]
        n_good = self._n_good(n_trials)
        [suggested] = tpe.suggest(
            [number],
            self._domain,
            trials_from_docs(documents, validate=False),
            seed,
            n_startup_jobs=0,
            n_EI_candidates=self._n_candidates,
            gamma=(n_good - 0.5) / math.sqrt(len(documents)),  # hyperopt rounds up to n_good
            verbose=False,
        )
        values = suggested["misc"]["vals"]
        return self._space.decode(
            [0.5 if d is None else d.to_unit(values[d.label][0]) for d in self._dimensions]
        )


def _document(misc: Misc, *, loss: float) -> dict[str, Any]:
    """Return a trial as hyperopt keeps it."""
    done = 2  # hyperopt.JOB_STATE_DONE
    return {
        "tid": misc["tid"],
        "state": done,
        "result": {"status": "ok", "loss": loss},
        "misc": misc,
    }
