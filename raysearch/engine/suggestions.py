"""Who suggests the next configuration, and who is told what became of it?

First the default and the points of the user, then the searcher. It is told of every trial that
ended, apart from those of a former space that do not lie in the present one. At the end it may say
which trial it would hand over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from raysearch.engine import messages
from raysearch.engine.opening import opening, points_left
from raysearch.engine.state import SearchState
from raysearch.errors import SearchAborted
from raysearch.searchers import EXHAUSTED, WAIT, Recommending, Searcher
from raysearch.space import Space
from raysearch.trial import (
    Configuration,
    Objective,
    Recommendation,
    Suggestion,
    Trial,
    TrialStatus,
    trial_id,
)

_log = logging.getLogger(__name__)


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

    def recommend(self, state: SearchState, *, objective: Objective) -> Recommendation | None:
        """Return which trial the searcher would hand over; None if it has no opinion.

        It is asked about the trials that were trained in full and lie in the space. If one that
        does not lie there is better than all of them, it is not asked: it was not told of that one.
        A searcher that raises, or recommends another trial, costs its recommendation and no more:
        a search must not end without a winner for that.
        """
        if not isinstance(self._searcher, Recommending):
            return None
        best = {t.id: t.rank_key(objective) for t in state.trials.values() if _counts(t, objective)}
        offered = [
            trial
            for trial in state.trials.values()
            if trial.id in best
            and trial.id not in self._outside
            and trial.status is TrialStatus.COMPLETED
        ]
        if not offered or min(best, key=best.__getitem__) in self._outside:
            return None
        try:
            found = self._searcher.recommend(offered)
        except Exception:  # noqa: BLE001  a searcher may break in any way
            _log.warning("the searcher could not recommend a trial", exc_info=True)
            return None
        if found is not None and found.number not in {trial.number for trial in offered}:
            _log.warning(
                "the searcher recommends trial %s, which is none of those that were trained in "
                "full: the best observed one is taken",
                found.number,
            )
            return None
        return found


def _counts(trial: Trial, objective: Objective) -> bool:
    """Return whether the trial could win by its value."""
    return trial.status is not TrialStatus.REJECTED and trial.best(objective) is not None
