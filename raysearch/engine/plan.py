"""Which objective, budgets and limits does a search have, and are they used up?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from raysearch.engine.state import SearchState
from raysearch.trial import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the engine must know of an experiment."""

    objective: Objective
    max_epochs: int
    """Epochs of a trial that is never stopped."""
    max_trials: int | None = None
    max_seconds: float | None = None
    """Duration of the search, pauses between sessions left out."""
    max_attempts: int = 3
    """How often a trial is started when its workers are lost."""
    abort_after: int | None = 5
    """The search is aborted when the first this many trials all failed."""
    checkpoint_budget_bytes: float = math.inf

    def used_up(self, state: SearchState, *, now: float) -> str:
        """Return which budget is used up, for a person; empty while none is.

        Args:
            state: The search so far.
            now: Unix time in seconds.
        """
        if self.is_time_up(state, now=now):
            return f"budget of {(self.max_seconds or 0.0) / 60:g} minutes used"
        if self.max_trials is not None and state.next_number >= self.max_trials:
            return f"budget of {self.max_trials} trials used"
        return ""

    def is_time_up(self, state: SearchState, *, now: float) -> bool:
        """Return whether the search has lasted as long as it may, pauses left out."""
        if self.max_seconds is None:
            return False
        return state.seconds_before + now - state.session_started_at >= self.max_seconds
