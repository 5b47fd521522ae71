"""Which method should search if nobody says? The one that hands over the best on measured tables.

At present that is Bayesian optimisation (see `bayesian`). On tables of trained networks with noisy
values, what it hands over after 25, 50 and 100 trials is better than what any other method here or
in Optuna and HyperOpt does, by a fifth and more at 100; in conditional and continuous spaces of
simulated curves it was the best of the methods here. It takes every space without graphs, needs no
further package, and costs some hundredths of a second for a suggestion. experiments/LOG.md has the
figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.bayesian import Bayesian
from raysearch.searchers.suitability import require_places
from raysearch.space import Space
from raysearch.trial import Objective, Recommendation, Suggestion, Trial

N_STARTUP = 10
"""Trials before the model. With 6 random ones, searches of a space of categories went astray until
trial 25; spaces of numbers showed no difference."""


class Auto:
    """Suggests by the method that measured best, and recommends by its model.

    What it is may change from one version of raysearch to the next; to keep to a method, name it. A
    search that is resumed goes on with what is the best then, told of all that was tried.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        repeat: Whether leaders are trained again where that is worth more than a new configuration.
        recommend: Whether to recommend a trial at the end by the model; otherwise the best observed
            one is handed over.

    Raises:
        UnsuitableSpace: The space has values without a place on a scale, such as graphs.

    Example:
        >>> from raysearch.space import Float
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = Auto(Space({"dropout": Float(0.0, 0.5)}), objective=objective, seed=0)
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'design', 'row': 0}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        repeat: bool = True,
        recommend: bool = True,
    ) -> None:
        require_places(space, method="auto")  # what it is made of need not be known
        self._method = Bayesian(
            space,
            objective=objective,
            seed=seed,
            n_startup=N_STARTUP,
            repeat=repeat,
            recommend=recommend,
        )

    def prepare(self) -> None:
        """Import what the method needs."""
        self._method.prepare()

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, a leader to be trained again, or EXHAUSTED."""
        return self._method.suggest(number=number, pending=pending)

    def observe(self, trial: Trial) -> None:
        """Learn from a trial that ended."""
        self._method.observe(trial)

    def recommend(self, trials: Sequence[Trial]) -> Recommendation | None:
        """Return the trial whose posterior mean is the best, even if too good by a deviation."""
        return self._method.recommend(trials)
