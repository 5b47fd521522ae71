"""Which of two trials that ended taught more good than the other?

Trials end after different numbers of epochs, and some end badly, so their values cannot be compared
as they are. For methods that need no more than an order, this is it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from itertools import islice

from raysearch.trial import Objective, Trial, TrialStatus

Rank = tuple[int, int, float, int]
"""Sorts trials from the best to the worst."""

_COMPLETED, _STOPPED, _FAILED = range(3)


def rank(trial: Trial, *, objective: Objective) -> Rank:
    """Return a key that sorts trials that ended or are paused from the best to the worst.

    Completed trials come first, by their best value. Those that were stopped or are paused follow,
    by the epochs that they reached, more being better, since a scheduler let them get there; then
    by their best value. So an early value that looks good never beats one of a full training.
    Trials that failed, were rejected, or never had a finite value come last. Equals are sorted by
    their numbers.

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


class Ranking:
    """The ranks of the trials that a method was told of; one that is told again has its new rank.

    Each call but `shown` takes the time of a few comparisons for any number of trials.

    Example:
        >>> ranking = Ranking()
        >>> [ranking.put(rank) for rank in ((0, 0, 0.5, 1), (1, -1, 0.1, 2), (0, 0, 0.4, 2))]
        [True, True, False]
        >>> len(ranking), ranking.at(0), ranking.place((0, 0, 0.5, 1))
        (2, (0, 0, 0.4, 2), 1)
    """

    def __init__(self) -> None:
        self._order: list[Rank] = []
        self._ranks: dict[int, Rank] = {}  # by number, in the order in which they were first told

    def __len__(self) -> int:
        return len(self._order)

    def put(self, rank: Rank) -> bool:
        """Take a trial's rank into account; return whether nothing was known of it before."""
        before = self._ranks.get(rank[-1])
        if before is not None:
            del self._order[bisect_left(self._order, before)]
        self._ranks[rank[-1]] = rank
        insort(self._order, rank)
        return before is None

    def at(self, position: int) -> Rank:
        """Return the rank at a position from the best on, which is 0."""
        return self._order[position]

    def place(self, rank: Rank) -> int:
        """Return how many trials are better than one with this rank."""
        return bisect_left(self._order, rank)

    def shown(self, *, n_best: int, at_most: int) -> list[Rank]:
        """Return what a model is shown of a long history: the best, and the latest of the others.

        Args:
            n_best: The best ones that are shown in any case.
            at_most: How many are shown, at least `n_best`.

        Returns:
            The ranks, the best first.

        Example:
            >>> ranking = Ranking()
            >>> for number, loss in enumerate((0.5, 0.1, 0.2, 0.9)):
            ...     _ = ranking.put((0, 0, loss, number))
            >>> [number for *_, number in ranking.shown(n_best=1, at_most=2)]
            [1, 3]
        """
        if len(self._order) <= at_most:
            return list(self._order)
        best = self._order[:n_best]
        known = {rank[-1] for rank in best}
        others = (rank for number, rank in reversed(self._ranks.items()) if number not in known)
        return sorted([*best, *islice(others, at_most - n_best)])
