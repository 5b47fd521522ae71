"""Who suggests the next configuration, and who is told what became of it?

First the default and the points of the user, then the searcher. It is told of every trial that
ended, apart from those of a former space that do not lie in the present one.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.engine import messages
from raysearch.engine.opening import opening, points_left
from raysearch.engine.state import SearchState
from raysearch.errors import SearchAborted
from raysearch.searchers import EXHAUSTED, WAIT, Searcher
from raysearch.space import Space
from raysearch.trial import Configuration, Suggestion, Trial, trial_id


class Suggestions:
    """What is tried next in one search.

    Args:
        space: The search space; every suggestion is checked against it.
        searcher: Suggests configurations, once the points are used up.
        points: Whole configurations of the space to try first, after the default.

    Raises:
        ConfigurationError: A point does not lie in the space.

    Example:
        >>> from raysearch.searchers.random import Random
        >>> from raysearch.space import Int
        >>> from raysearch.trial import Objective
        >>> space, loss = Space({"n": Int(1, 9)}), Objective(metric="loss", direction="minimize")
        >>> suggestions = Suggestions(
        ...     space=space, searcher=Random(space, objective=loss), points=[{"n": 7}]
        ... )
        >>> dict(suggestions.next(SearchState()).configuration)
        {'n': 5}
    """

    def __init__(
        self, *, space: Space, searcher: Searcher, points: Sequence[Configuration]
    ) -> None:
        self.is_exhausted = False
        """Whether the searcher has nothing left to suggest."""
        self._space = space
        self._searcher = searcher
        self._opening = opening(space, points=points)
        self._points: list[Suggestion] | None = None  # those left, known with the first suggestion
        self._outside: set[str] = set()  # trials of a former space that do not lie in this one

    def judge(self, trial: Trial) -> None:
        """Take into account a trial of another space: outside this one, nobody is told of it."""
        if not self._space.contains(trial.configuration):
            self._outside.add(trial.id)

    def observe(self, trial: Trial) -> None:
        """Tell the searcher that a trial has ended, unless it lies outside the space."""
        if trial.id not in self._outside:
            self._searcher.observe(trial)

    def next(self, state: SearchState) -> Suggestion | None:
        """Return what the next trial is to be, or None when there is nothing now or never again.

        Raises:
            SearchAborted: The searcher suggested a configuration outside the space.
        """
        number = state.next_number
        if number == 0:
            return self._opening[0]
        if self._points is None:
            self._points = points_left(self._opening, trials=state.trials.values())
        if self._points:
            return self._points.pop(0)
        pending = list(state.live.values())
        told = [trial for trial in pending if trial.id not in self._outside]
        suggestion = self._searcher.suggest(number=number, pending=told)
        if suggestion is WAIT and pending:
            return None
        if suggestion is EXHAUSTED or suggestion is WAIT:  # waiting for nothing never ends
            self.is_exhausted = True
            return None
        if not isinstance(suggestion, Suggestion) or not self._space.contains(
            suggestion.configuration
        ):
            raise SearchAborted(
                messages.outside_space(
                    suggestion, searcher=type(self._searcher).__name__, trial=trial_id(number)
                )
            )
        return suggestion
