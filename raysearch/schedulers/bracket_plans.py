"""How many trials does a bracket of successive halving have, at which epochs?

References:
    Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18,
    2018, algorithm 1 and table 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketPlan:
    """How many trials of a bracket are trained to which epochs."""

    sizes: tuple[int, ...]
    """Trials, falling; at least 1 of each."""
    levels: tuple[int, ...]
    """Epochs, rising, as many as sizes; at the last one trials are complete."""

    @property
    def epochs(self) -> int:
        """Epochs of a whole bracket, none trained twice.

        Example:
            >>> BracketPlan(sizes=(9, 3, 1), levels=(1, 3, 9)).epochs
            21
        """
        before = (0, *self.levels[:-1])
        rungs = zip(self.sizes, self.levels, before, strict=True)
        return sum(size * (level - last) for size, level, last in rungs)


def n_brackets(*, min_epochs: int, max_epochs: int, reduction_factor: int) -> int:
    """Return how many brackets Hyperband has: the paper's s_max + 1.

    Example:
        >>> n_brackets(min_epochs=1, max_epochs=81, reduction_factor=3)
        5
    """
    number = 0
    while min_epochs * reduction_factor**number <= max_epochs:
        number += 1
    return number


def paper_plan(
    bracket: int, *, brackets: int, max_epochs: int, reduction_factor: int
) -> BracketPlan:
    """Return a bracket of Hyperband as algorithm 1 of the paper has it; epochs are rounded down.

    Args:
        bracket: The paper's s: how often trials are compared, from 0 to `brackets` - 1.
        brackets: How many there are.
        max_epochs: The paper's R.
        reduction_factor: The paper's eta.

    Example:
        >>> paper_plan(3, brackets=5, max_epochs=81, reduction_factor=3)
        BracketPlan(sizes=(34, 11, 3, 1), levels=(3, 9, 27, 81))
    """
    first = _ceiling(brackets * reduction_factor**bracket, bracket + 1)
    rounds = range(bracket + 1)
    return BracketPlan(
        sizes=tuple(first // reduction_factor**i for i in rounds),
        levels=tuple(max_epochs // reduction_factor ** (bracket - i) for i in rounds),
    )


def keras_tuner_plan(
    bracket: int, *, brackets: int, max_epochs: int, reduction_factor: int
) -> BracketPlan:
    """Return a bracket of Hyperband as Keras Tuner computes it: all numbers are rounded up.

    Args:
        bracket: How often trials are compared, from 0 to `brackets` - 1.
        brackets: Not used: the size follows from the epochs.
        max_epochs: Epochs of the last round.
        reduction_factor: Keras Tuner's `factor`.

    Example:
        >>> keras_tuner_plan(4, brackets=5, max_epochs=100, reduction_factor=3)
        BracketPlan(sizes=(98, 33, 11, 4, 2), levels=(2, 4, 12, 34, 100))
    """
    del brackets
    last = 1  # ceil(1 + log(max_epochs)), without rounding errors
    while reduction_factor ** (last - 1) < max_epochs:
        last += 1
    powers = [reduction_factor ** (bracket - i) for i in range(bracket + 1)]
    return BracketPlan(
        sizes=tuple(_ceiling(last * power, bracket + 1) for power in powers),
        levels=tuple(_ceiling(max_epochs, power) for power in powers),
    )


def _ceiling(number: int, divisor: int) -> int:
    return -(-number // divisor)
