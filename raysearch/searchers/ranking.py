"""Which of two trials that ended taught more good than the other?

Trials end after different numbers of epochs, and some end badly, so their values cannot be compared
as they are. For methods that need no more than an order, this is it.
"""

from __future__ import annotations

import math

from raysearch.trial import Objective, Trial, TrialStatus

Rank = tuple[int, int, float, int]
"""Sorts trials from the best to the worst."""

_COMPLETED, _STOPPED, _FAILED = range(3)


def rank(trial: Trial, *, objective: Objective) -> Rank:
    """Return a key that sorts trials that ended from the best to the worst.

    Completed trials come first, by their best value. Those that were stopped follow, by the epochs
    that they reached, more being better, since a scheduler let them get there; then by their best
    value. So an early value that looks good never beats one of a full training. Trials that failed,
    were rejected, or never had a finite value come last. Equals are sorted by their numbers.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> failed = Trial(id="0001", number=1, configuration={}, status=TrialStatus.FAILED)
        >>> rank(failed, objective=accuracy)
        (2, 0, inf, 1)
    """
    loss = objective.loss(trial.value(objective))
    if not math.isfinite(loss) or trial.status in (TrialStatus.FAILED, TrialStatus.REJECTED):
        return _FAILED, 0, math.inf, trial.number
    if trial.status is TrialStatus.COMPLETED:
        return _COMPLETED, 0, loss, trial.number
    return _STOPPED, -trial.epochs, loss, trial.number


def is_usable(rank: Rank) -> bool:
    """Return whether a trial with this rank had a value that counts."""
    return rank[0] != _FAILED


def is_completed(rank: Rank) -> bool:
    """Return whether a trial with this rank was trained in full."""
    return rank[0] == _COMPLETED
