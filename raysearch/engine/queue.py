"""What does a free worker train next?

A paused trial that goes on, or a new one that the searcher suggests; and whether there will be any
at all.
"""

from __future__ import annotations

from collections.abc import Collection

from raysearch.engine import records
from raysearch.engine.decisions import Decisions
from raysearch.engine.folds import Folds
from raysearch.engine.inheriting import with_parent
from raysearch.engine.ledger import Ledger
from raysearch.engine.pauses import Pauses
from raysearch.engine.plan import Plan
from raysearch.engine.suggestions import Suggestions
from raysearch.trial import Trial, trial_id


class Queue:
    """What comes next in one search.

    Args:
        plan: Budgets and limits.
        ledger: Where new trials are written, and what is known.
        suggestions: Has the next new trial.
        decisions: Knows whether a limit is reached.
        pauses: Has the paused trials.
        folds: Has those that wait for their next fold.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        ledger: Ledger,
        suggestions: Suggestions,
        decisions: Decisions,
        pauses: Pauses,
        folds: Folds,
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._suggestions = suggestions
        self._decisions = decisions
        self._pauses = pauses
        self._folds = folds
        self._awaits = False  # a suggestion, and nothing else, when a trial was asked for

    @property
    def stop_reason(self) -> str:
        """Why no further trial will be created, for a person; empty while more will be.

        It is taken back if the search ran out of patience and a trial in training then became the
        best.
        """
        if self._suggestions.is_exhausted and not self._decisions.is_over:
            return "the searcher has nothing left to suggest"
        if self._pauses.is_stuck and not self._decisions.is_over:
            return "the scheduler lets no further trial begin"
        return self._plan.used_up(self._ledger.state, now=self._ledger.now())

    @property
    def n_trials_left(self) -> float:
        """How many further trials will be created at most; infinity if no number limits them."""
        if self._suggestions.is_exhausted or self._pauses.is_stuck:
            return 0
        return self._plan.n_trials_left(self._ledger.state, now=self._ledger.now())

    @property
    def goes_on(self) -> bool:
        """Whether a paused trial goes on, or is stopped for good, once a worker is free."""
        if self._folds.are_waiting(held=()):
            return True
        return self._pauses.verdict(held=(), more_to_come=not self.stop_reason) is not None

    def is_next_ready(self, *, held: Collection[str]) -> bool:
        """Return whether `next_up` would answer at once; see `Engine.is_next_ready`."""
        if self._folds.are_waiting(held=held):
            return True
        if self.stop_reason or self._pauses.verdict(held=held, more_to_come=True) is not None:
            return True
        return not self._pauses.may_begin() or self._suggestions.is_ready(self._ledger.state)

    def next_up(self, *, held: Collection[str], beside: bool) -> Trial | None:
        """Return what a free worker trains next, journalled; see `Engine.next_up`.

        Paused trials that the scheduler gives up for good are stopped. When nothing is in training,
        and neither searcher nor scheduler begins a trial, the scheduler is told that none will
        come. What it then leaves paused stays so if the search is at its end, since a larger budget
        goes on with it, and is stopped if only the scheduler is in the way.
        """
        if self._decisions.is_over:
            return None
        trial = self._folds.next(held=held)
        trial = trial or self._pauses.next(held=held, more_to_come=not self.stop_reason)
        trial = trial or self.next_trial(beside=beside)
        if trial is not None or self._awaits or not self._pauses.is_nothing_else(held=held):
            return trial
        trial = self._pauses.next(held=(), more_to_come=False)
        if trial is not None or self.stop_reason:
            return trial
        self._pauses.give_up(why="no other trial was left to train")
        return self.next_trial(beside=beside)

    def next_trial(self, *, beside: bool) -> Trial | None:
        """Return a new trial, journalled, or None; see `Engine.next_trial`."""
        self._awaits = False
        if self.stop_reason or not self._pauses.may_begin():
            return None
        state = self._ledger.state
        found = self._suggestions.next(state, beside=beside)
        if found is None:
            self._awaits = self._suggestions.is_under_way
            return None
        number, at = state.next_number, self._ledger.now()
        suggestion = with_parent(found.suggestion, state=state, objective=self._plan.objective)
        self._ledger.emit(
            records.trial_created(suggestion, number=number, at=at, n_observed=found.n_observed)
        )
        if beside and not self.stop_reason and self._pauses.may_begin():
            self._suggestions.begin_ahead(state)
        return state.trials[trial_id(number)]
