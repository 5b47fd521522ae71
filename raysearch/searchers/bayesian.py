"""Which configuration should improve most on the best so far? Bayesian optimisation.

A Gaussian process, whose hyperparameters are sampled and not maximised, says of every candidate
what to expect; the one with the largest expected improvement on the lowest posterior mean is
suggested. Of what it is made stands in `kernel`, `gaussian_process`, `acquisition`, `vectors` for
conditional spaces, and `targets` for trials that were stopped early or failed.

References:
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, NoSuggestion
from raysearch.searchers.ranking import is_usable, rank
from raysearch.searchers.tried import Tried, draw_untried, key
from raysearch.space import Space
from raysearch.trial import Objective, Recommendation, Suggestion, Trial, Value

if TYPE_CHECKING:
    import numpy as np

    from raysearch.searchers.surrogate import Surrogate
    from raysearch.searchers.vectors import Vectors

N_PARENTS = 10
"""Best trials that candidates are mutations of."""

LEAST_ENDED = 4
"""Trials that must have ended before a model is of use, whatever else is in training."""


class Bayesian:
    """Suggests what a Gaussian process expects to improve most on the best.

    ...
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        n_startup: int = 10,
        n_samples: int = 8,
        n_history: int = 200,
        recommend: bool = True,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=LEAST_ENDED),
            integer_fault("searcher.n_samples", n_samples, at_least=1),
            integer_fault("searcher.n_history", n_history, at_least=20),
        )
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._n_samples = n_samples
        self._n_history = n_history
        self._recommends = recommend
        self._tried = Tried()
        self._n_usable = 0

    @cached_property
    def _vectors(self) -> Vectors:
        from raysearch.searchers.vectors import Vectors  # loads numpy

        return Vectors(self._space)

    @cached_property
    def _surrogate(self) -> Surrogate:
        from raysearch.searchers.surrogate import Surrogate

        return Surrogate(
            self._vectors,
            seed=self._seed,
            n_samples=self._n_samples,
            n_first=LEAST_ENDED,
            n_history=self._n_history,
        )

    def prepare(self) -> None:
        """Import numpy."""
        import raysearch.searchers.acquisition
        import raysearch.searchers.surrogate  # noqa: F401

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        inside = [trial for trial in pending if self._space.contains(trial.configuration)]
        if self._has_model(len(inside)):
            configuration = self._propose(inside, rng)
            if configuration is not None:
                return Suggestion(configuration=configuration, origin={"kind": "bayesian"})
        untried = draw_untried(self._space, rng, tried=self._tried)
        if untried is None:
            return EXHAUSTED
        return Suggestion(configuration=untried, origin={"kind": "random"})

    def observe(self, trial: Trial) -> None:
        """Learn from a trial that ended."""
        self._tried.add(trial)
        if self._space.contains(trial.configuration):
            known = rank(trial, objective=self._objective)
            self._n_usable += is_usable(known)
            self._surrogate.add(self._vectors.encode(trial.configuration), known)

    def recommend(self, trials: Sequence[Trial]) -> Recommendation | None:
        """Return the trial with the best posterior mean."""
        from raysearch.searchers.recommending import recommended

        if not self._recommends or self._vectors.n_parameters == 0:
            return None
        return recommended(
            trials,
            known=self._surrogate.known(),
            vectors=self._vectors,
            objective=self._objective,
        )

    def _has_model(self, n_pending: int) -> bool:
        """Return whether there are enough trials, and among them enough that had a value."""
        return (
            self._n_usable >= LEAST_ENDED
            and len(self._surrogate) + n_pending >= self._n_startup
            and self._vectors.n_parameters > 0
        )

    def _propose(
        self, pending: Sequence[Trial], rng: np.random.Generator
    ) -> dict[str, Value] | None:
        """Return the best candidate that was not tried, or None if all of them were."""
        import numpy as np

        from raysearch.searchers.acquisition import candidates, improvement_over

        known = self._surrogate.known()
        if known is None:
            return None
        vectors, model = self._vectors, known.process
        means, _ = model.posterior(model.features)
        if pending:
            rows = np.stack([vectors.encode(trial.configuration) for trial in pending])
            model = model.with_fantasies(vectors.features(rows), rng=rng)
        score = improvement_over(model, vectors, best=means.min(axis=1))
        order = np.argsort(means.mean(axis=0), kind="stable")[:N_PARENTS]
        for row in candidates(vectors, score, parents=known.rows[order], rng=rng):
            configuration = vectors.decode(row)
            if key(configuration) not in self._tried:
                return configuration
        return None
