"""Who has reached a level, in which order, and who of them waits there to go on?

What policies that pause trials share: with a trial's rank among all that were ever recorded, and
those that are paused at the level, best first.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator

from raysearch.trial import Objective, Trial

Key = tuple[float, int]
"""Loss and number of a trial: of equals the earlier one comes first."""


class Standings:
    """The trials that have reached one level.

    Each call takes O(log n) comparisons for n trials.

    Args:
        level: Epochs at which trials are compared.

    Example:
        >>> standings = Standings(level=3)
        >>> trials = [Trial(id=f"000{n}", number=n, configuration={}) for n in range(3)]
        >>> for trial, loss in zip(trials, (0.5, 0.4, 0.5)):
        ...     standings.enter(trial, loss=loss)
        ...     standings.wait(trial.id)
        >>> list(standings.waiting()), standings.cutoff(2), len(standings)
        ([('0001', 1), ('0000', 2), ('0002', 3)], 0.5, 3)
        >>> standings.leave("0001")
        >>> list(standings.waiting()), list(standings.waiting(worst_first=True))
        ([('0000', 2), ('0002', 3)], [('0002', 3), ('0000', 2)])
    """

    def __init__(self, *, level: int) -> None:
        self.level = level
        self._order: list[Key] = []
        self._keys: dict[str, Key] = {}
        self._ids: dict[int, str] = {}
        self._waiting: list[Key] = []

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, trial: str) -> bool:
        return trial in self._keys

    def enter(self, trial: Trial, *, loss: float) -> None:
        """Record a trial that has reached the level.

        Args:
            trial: Not recorded before.
            loss: The smaller the better; infinite for the worst.
        """
        key = self._keys[trial.id] = (loss, trial.number)
        self._ids[trial.number] = trial.id
        insort(self._order, key)

    def rank(self, trial: str) -> int:
        """Return the rank of a trial that is recorded, from 1."""
        return bisect_left(self._order, self._keys[trial]) + 1

    def cutoff(self, places: int) -> float:
        """Return the loss of the last of the best so many; infinity where there are fewer."""
        return self._order[places - 1][0] if 0 < places <= len(self._order) else math.inf

    def wait(self, trial: str) -> None:
        """Note that a trial that is recorded waits here."""
        insort(self._waiting, self._keys[trial])

    def leave(self, trial: str) -> None:
        """Note that a trial does not wait here, or not any more."""
        key = self._keys.get(trial)
        if key is None:
            return
        position = bisect_left(self._waiting, key)
        if position < len(self._waiting) and self._waiting[position] == key:
            del self._waiting[position]

    @property
    def has_waiting(self) -> bool:
        """Whether anybody waits here."""
        return bool(self._waiting)

    def waiting(self, *, worst_first: bool = False) -> Iterator[tuple[str, int]]:
        """Return id and rank of those that wait, the best first."""
        for key in reversed(self._waiting) if worst_first else self._waiting:
            yield self._ids[key[1]], bisect_left(self._order, key) + 1


def standing(objective: Objective, *, rank: int, among: int, cutoff: float) -> str:
    """Return how a trial stands, for a person.

    Args:
        objective: What is compared.
        rank: Its rank, from 1.
        among: How many are compared so far.
        cutoff: Loss of the last of those that go on; infinite where that is not known.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> standing(accuracy, rank=5, among=9, cutoff=-0.941)
        'rank 5 of 9, cutoff 0.941'
        >>> standing(accuracy, rank=1, among=1, cutoff=float("inf"))
        'rank 1 of 1, every finite value goes on'
    """
    limit = f"cutoff {objective.value(cutoff):.4g}"
    if not math.isfinite(cutoff):  # too few were finite to fill the places
        limit = "every finite value goes on"
    return f"rank {rank} of {among}, {limit}"


def loss_so_far(trial: Trial, value: float | None, *, objective: Objective) -> float:
    """Return the loss by which a trial is compared: of its best value so far.

    Infinite if the value it has just reported is not finite: a network seldom recovers from that,
    and its best epoch still counts for the result.
    """
    loss = objective.loss(value)
    return min(loss, objective.loss(trial.value(objective))) if math.isfinite(loss) else math.inf
