"""Do trials end for nothing, one after the other?"""

from __future__ import annotations

from dataclasses import dataclass

from raysearch.engine.causes import NOT_FINITE
from raysearch.trial import Objective, Trial, TrialStatus


@dataclass(slots=True)
class Streak:
    """Counts the trials that failed, as far as that says something about the search."""

    failed_in_a_row: int = 0
    """How many of the trials that ended last failed, in the sessions since the last resume."""
    is_failing: bool = True
    """Whether every trial that ended so far failed, and of those that diverged none was finite."""

    def ended(self, trial: Trial, *, objective: Objective | None) -> None:
        """Take the end of a trial into account."""
        is_for_nothing = _is_for_nothing(trial, objective=objective)
        self.is_failing = self.is_failing and is_for_nothing
        self.failed_in_a_row = self.failed_in_a_row + 1 if is_for_nothing else 0

    def resumed(self) -> None:
        """Begin to count anew: the cause may have been mended."""
        self.failed_in_a_row = 0


def _is_for_nothing(trial: Trial, *, objective: Objective | None) -> bool:
    """Return whether a trial failed; one that diverged may have been good before."""
    if trial.cause == NOT_FINITE and objective is not None:
        return trial.best(objective) is None
    return trial.status is TrialStatus.FAILED
