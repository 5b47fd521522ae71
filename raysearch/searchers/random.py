"""Which configuration comes next, if nothing is learnt from the others? Random search.

References:
    Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Objective, Suggestion, Trial


class Random:
    """Draws every configuration from the space, as its samplings and priors say.

    No configuration is drawn twice, whether its trial ended well, badly, or not yet. So a finite
    space is exhausted once each has been tried.

    Args:
        space: The search space.
        objective: Not used: nothing is learnt.
        objectives: Not used, too: of several, any will do.
        seed: Governs all draws; suggestion n draws from its own generator.

    Example:
        >>> from raysearch.searchers import EXHAUSTED
        >>> from raysearch.space import Bool, Choice
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> space = Space({"bias": Bool(), "norm": Choice(["none", "batch"])})
        >>> searcher, tried = Random(space, objective=objective, seed=0), []
        >>> while (suggestion := searcher.suggest(number=len(tried), pending=[])) is not EXHAUSTED:
        ...     tried.append(dict(suggestion.configuration))
        ...     searcher.observe(Trial(id="", number=0, configuration=tried[-1]))
        >>> sorted(tried, key=str) == sorted(space.grid(), key=str)
        True
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        objectives: Sequence[Objective] = (),
        seed: int = 0,
    ) -> None:
        del objective, objectives
        self._space = space
        self._seed = seed
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: a draw needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a random configuration that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        return suggest_untried(self._space, rng, tried=self._tried)

    def observe(self, trial: Trial) -> None:
        """Remember that the configuration was tried."""
        self._tried.add(trial)
