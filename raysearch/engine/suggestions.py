"""Who suggests the next configuration, and who is told what became of it?

First the default and the points of the user, then the searcher. It is told of every trial that
ended or was paused, apart from those of a former space that do not lie in the present one; before
them, of those of earlier runs. While it is asked beside what goes on (see `ahead`), what it is to
be told waits, so that one thread at a time uses it. At the end it may say which trial it would hand
over.

Of schedulers that pause, most trials end late or never. So a paused one is told as one that was
stopped is, and told again when more is known of it; until then it is among those that are pending
no more. This is the only place that knows of it: to a searcher, what it is told of counts.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from raysearch.engine import messages
from raysearch.engine.ahead import AT_ONCE_S, IDLE_SHARE, Answer, Helper, InThread
from raysearch.engine.blame import blaming
from raysearch.engine.evidence import trials_of
from raysearch.engine.opening import opening, points_left
from raysearch.engine.plan import Plan
from raysearch.engine.recommending import recommendation_of
from raysearch.engine.state import SearchState
from raysearch.engine.untold import Untold
from raysearch.errors import SearchAborted
from raysearch.searchers import EXHAUSTED, WAIT, Searcher
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

LATEST = 0.2
"""Weight of the latest trial in how long trials train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What the next trial is to be."""

    suggestion: Suggestion
    n_observed: int | None = None
    """Of how many trials the searcher knew something; None if it was not asked."""


class Suggestions:
    """What is tried next in one search.

    Args:
        space: The search space; every suggestion is checked against it.
        searcher: Suggests configurations, once the points are used up.
        points: Whole configurations of the space to try first, after the default.
        helper: Asks the searcher, where that may be done beside what goes on; None for a thread.

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
        >>> dict(suggestions.next(SearchState()).suggestion.configuration)
        {'n': 5}
    """

    def __init__(
        self,
        *,
        space: Space,
        searcher: Searcher,
        points: Sequence[Configuration],
        helper: Helper | None = None,
    ) -> None:
        self.is_exhausted = False
        """Whether the searcher has nothing left to suggest."""
        self._space = space
        self._searcher = searcher
        self._opening = opening(space, points=points)
        self._points: list[Suggestion] | None = None  # those left, known with the first suggestion
        self._outside: set[str] = set()  # trials of a former space that do not lie in this one
        self._helper: Helper = helper or InThread()
        self._untold: deque[Trial] = deque()
        self._begun = Untold()
        self.heard = self._begun.heard
        """To be called after each event; see `Untold`."""
        self._n_seen = 0  # by the suggestion that is under way
        self._waits = False  # the searcher, for something to be told
        self._trial_s = 0.0  # how long trials train, the latest counting most

    def judge(self, trial: Trial) -> None:
        """Take into account a trial of another space: outside this one, nobody is told of it."""
        if not self._space.contains(trial.configuration):
            self._outside.add(trial.id)

    @property
    def is_under_way(self) -> bool:
        """Whether the searcher is being asked, or its answer was not taken yet."""
        return self._helper.is_busy

    def learn(self, state: SearchState, *, plan: Plan) -> None:
        """Tell the searcher of the trials of earlier runs that lie in the space."""
        given: dict[str, Any] = {"objective": plan.objective, "max_epochs": plan.max_epochs}
        for trial in trials_of(state.evidence, **given):
            if self._space.contains(trial.configuration):
                with blaming(self._searcher, doing=f"was told of trial {trial.id}"):
                    self._searcher.observe(trial)

    def observe(self, trial: Trial) -> None:
        """Tell the searcher that a trial has ended or is paused, unless it lies outside the space.

        While it is being asked, that waits.
        """
        self._waits = False
        before = self._trial_s or trial.seconds
        self._trial_s = before + LATEST * (trial.seconds - before)
        if trial.id not in self._outside:
            self._untold.append(trial)
            if not self._helper.is_busy:
                self._tell()

    def next(self, state: SearchState, *, beside: bool = False) -> Next | None:
        """Return what the next trial is to be, or None for nothing yet, now, or never again.

        Args:
            state: The search so far.
            beside: Whether the searcher may be asked beside what goes on. Then it is None while
                that is under way, unless nothing else is.

        Raises:
            SearchAborted: The searcher failed, or suggested a configuration outside the space.
        """
        if state.next_number == 0:
            return Next(suggestion=self._opening[0])
        if self._points_left(state):
            return Next(suggestion=self._points_left(state).pop(0))
        if self._waits and state.live:
            return None
        if not beside and not self._helper.is_busy:
            return self._accepted(self._question(state)(), state)
        if not self._helper.is_busy:
            self._begin(state)
        return self._taken(state)

    def begin_ahead(self, state: SearchState) -> None:
        """Ask for the next suggestion before it is needed, if the last one was slow.

        Slow is one for which a worker would be idle for more than a hundredth of the time that it
        trains. Of others nothing is gained, and what the next trial to end teaches would be lost.
        """
        helper = self._helper
        is_slow = helper.seconds > max(AT_ONCE_S, IDLE_SHARE * self._trial_s)
        may_begin = helper.begins_early and not helper.is_busy and not self.is_exhausted
        if is_slow and may_begin and not self._points_left(state):
            self._begin(state)

    def is_ready(self, state: SearchState) -> bool:
        """Return whether `next` would answer beside what goes on; if not, the searcher is asked."""
        is_known = self.is_exhausted or self._waits
        if state.next_number == 0 or self._points_left(state) or is_known:
            return True
        if not self._helper.is_busy:
            if 0 < self._helper.seconds < AT_ONCE_S:
                return True
            self._begin(state)
        return self._helper.is_ready

    def _points_left(self, state: SearchState) -> list[Suggestion]:
        if self._points is None:
            self._points = points_left(self._opening, trials=state.trials.values())
        return self._points

    def _tell(self) -> None:
        """Tell the searcher of the trials that ended or were paused, in their order."""
        while self._untold:
            trial = self._untold.popleft()
            self._begun.tell(trial.id)
            with blaming(self._searcher, doing=f"was told of trial {trial.id}"):
                self._searcher.observe(trial)

    def _question(self, state: SearchState) -> Callable[[], Answer]:
        """Return what asks the searcher, with what is known now."""
        number = state.next_number
        pending = self._begun.pending(state, outside=self._outside)
        self._n_seen = len(self._begun.told)

        def ask() -> Answer:
            with blaming(self._searcher, doing=f"was asked for trial {trial_id(number)}"):
                return self._searcher.suggest(number=number, pending=pending)

        return ask

    def _begin(self, state: SearchState) -> None:
        self._helper.begin(self._question(state))

    def _taken(self, state: SearchState) -> Next | None:
        """Return what the helper has found, or None while it has not."""
        is_all = all(trial.status is TrialStatus.PAUSED for trial in state.live.values())
        answer = self._helper.outcome(wait=is_all)
        if answer is None:
            return None
        is_outdated = bool(self._untold)
        self._tell()
        if answer is WAIT and is_outdated:  # what it waits for may have come
            self._begin(state)
            return self._taken(state)
        return self._accepted(answer, state)

    def _accepted(self, answer: Answer, state: SearchState) -> Next | None:
        """Return a suggestion that lies in the space, or None if there is none."""
        self._waits = answer is WAIT
        if answer is WAIT and state.live:
            return None
        if answer is EXHAUSTED or answer is WAIT:  # waiting for nothing never ends
            self.is_exhausted = True
            return None
        if not isinstance(answer, Suggestion) or not self._space.contains(answer.configuration):
            raise SearchAborted(
                messages.outside_space(
                    answer,
                    searcher=type(self._searcher).__name__,
                    trial=trial_id(state.next_number),
                )
            )
        return Next(suggestion=answer, n_observed=self._n_seen)

    def recommend(
        self, state: SearchState, *, objective: Objective, may_wait: bool
    ) -> Recommendation | None:
        """Return which trial the searcher would hand over; None if it has no opinion.

        A suggestion that is under way is dropped.

        Args:
            state: What is known.
            objective: What is improved.
            may_wait: Whether such a suggestion is waited for. Otherwise there is no recommendation
                then; none that is asked for in the middle of a search lasts longer than the pause.
        """
        if self._helper.is_busy:
            if not may_wait and not self._helper.is_ready:
                return None
            try:
                self._helper.outcome(wait=True)
            except Exception:  # noqa: BLE001  a searcher may break in any way
                _log.warning("a suggestion that is not needed any more failed", exc_info=True)
        return recommendation_of(
            self._searcher,
            trials=list(state.trials.values()),
            outside=self._outside,
            objective=objective,
        )
