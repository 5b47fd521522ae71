"""At which epochs are trials compared, and how does one rank among those that came before it?"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field


def rung_levels(*, min_epochs: int, max_epochs: int, reduction_factor: int) -> tuple[int, ...]:
    """Return the epochs at which a trial is compared with its competitors.

    They grow geometrically and stay below `max_epochs`: a trial that gets there is complete, so
    nothing is left to decide.

    Args:
        min_epochs: Epochs before the first comparison, at least 1 (the paper's r).
        max_epochs: Epochs of a trial that is never stopped (the paper's R).
        reduction_factor: Ratio of one level to the one before, at least 2 (the paper's eta).

    Returns:
        Strictly increasing epoch counts; none if `min_epochs` is not below `max_epochs`.

    Example:
        >>> rung_levels(min_epochs=1, max_epochs=27, reduction_factor=3)
        (1, 3, 9)
        >>> rung_levels(min_epochs=2, max_epochs=10, reduction_factor=2)
        (2, 4, 8)
    """
    longest = max_epochs.bit_length()  # doubling reaches max_epochs in that many steps
    levels = (min_epochs * reduction_factor**k for k in range(longest))
    return tuple(level for level in levels if level < max_epochs)


def bracket_shares(*, brackets: int, n_rungs: int, reduction_factor: int) -> tuple[float, ...]:
    """Return the share of all trials that each bracket gets.

    Trials of a later bracket are trained for longer, so it gets fewer of them: as many as Hyperband
    would start in it, which gives all brackets about the same number of epochs in total.

    Args:
        brackets: How many brackets there are, from 1 to `n_rungs` + 1.
        n_rungs: Levels at which bracket 0 compares trials.
        reduction_factor: One trial in this many is kept at a level, at least 2 (the paper's eta).

    Returns:
        Positive shares that sum to 1, one for each bracket.

    Example:
        >>> [round(share, 2) for share in bracket_shares(brackets=4, n_rungs=3, reduction_factor=3)]
        [0.55, 0.24, 0.12, 0.08]

    References:
        Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR
        18, 2018, algorithm 1.
    """
    n_levels = n_rungs + 1  # with the last, where a trial is complete
    sizes = [
        math.ceil(n_levels / (n_levels - s) * reduction_factor ** (n_levels - s - 1))
        for s in range(brackets)
    ]
    return tuple(size / sum(sizes) for size in sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How a trial compares with those that reached a rung before it, itself included."""

    rank: int
    """One more than the number of trials that are strictly better, so that equals share a rank."""
    n_trials: int
    """Trials that have reached the rung so far."""
    cutoff: float
    """Loss of the worst of the best 1/reduction_factor, and of the best trial in any case."""
    goes_on: bool
    """Whether the trial is no worse than the cutoff, and its loss finite."""


@dataclass(slots=True)
class Rung:
    """The losses of all trials that have reached one level.

    Example:
        >>> rung = Rung(level=3)
        >>> [rung.place(loss, reduction_factor=2).goes_on for loss in (0.5, 0.6, 0.4, 0.4, 0.5)]
        [True, False, True, True, False]
    """

    level: int
    """Epochs at which trials are compared."""
    losses: list[float] = field(default_factory=list)
    """Sorted, the best first; infinite for a trial whose objective was not finite."""

    def place(self, loss: float, *, reduction_factor: int) -> Placing:
        """Record a trial that has reached this rung and return how it compares.

        Takes O(log n) comparisons for n trials.

        Args:
            loss: The smaller the better; infinite for the worst.
            reduction_factor: One trial in this many goes on, at least 2.
        """
        rank = bisect_left(self.losses, loss) + 1
        insort(self.losses, loss)
        n_trials = len(self.losses)
        cutoff = self.losses[max(1, n_trials // reduction_factor) - 1]
        goes_on = loss <= cutoff and math.isfinite(loss)
        return Placing(rank=rank, n_trials=n_trials, cutoff=cutoff, goes_on=goes_on)
