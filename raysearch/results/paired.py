"""Do two models differ on the same examples by more than chance?

Both saw the same validation examples, so only those on which they differ say anything. Of an
accuracy: with b examples that only the one has right, and c that only the other has, chance would
deal them out like coins, and McNemar's exact test asks how often it deals as unevenly. Of anything
else: the differences of the two losses of each example keep their size, and chance their sign; the
permutation test asks how often their mean is as far from zero. Both are two-sided.

They take the trained models for given: what another seed would have made of the configurations,
they do not say. And the examples are those by which the models were chosen among many, which
flatters both.

References:
    McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions or
    Percentages", Psychometrika 1947.
    Fisher, "The Design of Experiments", 1935, section 21.
    Dietterich, "Approximate Statistical Tests for Comparing Supervised Classification Learning
    Algorithms", Neural Computation 1998.
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 1979.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from raysearch.training.outcomes import Array

N_FLIPS = 9_999
"""Random signs that are dealt, beside those that were seen, where not all can be."""
MOST_EXACT = 13
"""Examples that differ, up to which all signs are dealt."""
AT_ONCE = 4_000_000
"""Numbers that are held at once."""

SURE = 0.05
"""A p below which a difference is called more than chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How two models compare on the same examples."""

    test: Literal["McNemar", "permutation"]
    n: int
    """Examples."""
    p: float
    """How often chance makes as large a difference, from 0 to 1."""
    wins: int
    """Examples on which the first one alone is right, or has the smaller loss."""
    losses: int
    """The same of the other one."""
    advantage: float
    """By how much the first one is better: a share of the examples, or the mean of the differences
    of their losses."""

    @property
    def is_sure(self) -> bool:
        """Whether that is more than chance."""
        return self.p < SURE

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "test": self.test, "n": self.n, "p": self.p, "wins": self.wins, "losses": self.losses,
            "advantage": self.advantage,
        }  # fmt: skip


def mcnemar(one: Sequence[bool], other: Sequence[bool]) -> Paired:
    """Return how two models compare by what they have right.

    Args:
        one: Which examples the first one has right.
        other: The same of the other one, in the same order.

    Example:
        >>> found = mcnemar([True] * 8 + [False] * 2, [False] * 7 + [True] + [False] * 2)
        >>> found.wins, found.losses, found.p
        (7, 0, 0.015625)
    """
    mine, theirs = np.asarray(one, dtype=bool), np.asarray(other, dtype=bool)
    wins, losses = int((mine & ~theirs).sum()), int((~mine & theirs).sum())
    return Paired(
        test="McNemar",
        n=len(mine),
        p=_coins(wins, losses),
        wins=wins,
        losses=losses,
        advantage=(wins - losses) / max(1, len(mine)),
    )


def _coins(heads: int, tails: int) -> float:
    """Return how often n coins fall at least as unevenly, two-sided.

    Example:
        >>> _coins(0, 0), _coins(3, 3), _coins(0, 5)
        (1.0, 1.0, 0.0625)
    """
    n, k = heads + tails, min(heads, tails)
    term = total = 1  # n over 0
    for i in range(k):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, 2 * total / 2**n) if n <= 1000 else min(1.0, _ratio(2 * total, n))


def _ratio(count: int, n: int) -> float:
    """Return count / 2^n, both of which may be too large for a float."""
    shift = max(0, count.bit_length() - 64)
    return float(np.ldexp(float(count >> shift), shift - n))


def permutation(one: Array, other: Array) -> Paired:
    """Return how two models compare by their losses of each example.

    Args:
        one: (N,) losses of the first one.
        other: (N,) of the other one, in the same order.

    Example:
        >>> found = permutation(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.6]))
        >>> found.wins, found.losses, found.p
        (3, 0, 0.25)
        >>> permutation(np.ones(4), np.ones(4)).p
        1.0
    """
    apart = np.asarray(other, dtype=np.float64) - np.asarray(one, dtype=np.float64)
    moved = apart[apart != 0]
    wins = int((moved > 0).sum())
    return Paired(
        test="permutation",
        n=len(apart),
        p=_signs(moved),
        wins=wins,
        losses=len(moved) - wins,
        advantage=float(apart.mean()) if len(apart) else 0.0,
    )


def _signs(moved: Array) -> float:
    if not len(moved):
        return 1.0
    seen = abs(float(moved.sum()))
    slack = 1e-12 * float(np.abs(moved).sum())
    if len(moved) <= MOST_EXACT:
        every = np.array(list(itertools.product((-1.0, 1.0), repeat=len(moved))))
        return float((np.abs(every @ moved) >= seen - slack).mean())
    rng, n_as_large, left = np.random.default_rng(0), 1, N_FLIPS  # what was seen is a deal, too
    while left:
        block = min(left, max(1, AT_ONCE // len(moved)))
        signs = rng.integers(0, 2, size=(block, len(moved)), dtype=np.int8) * 2.0 - 1.0
        n_as_large += int((np.abs(signs @ moved) >= seen - slack).sum())
        left -= block
    return n_as_large / (N_FLIPS + 1)


def paired_text(paired: Paired, *, one: str, other: str) -> str:
    """Return how two models compare on the same examples, in words.

    Example:
        >>> found = Paired(test="McNemar", n=359, p=0.039, wins=12, losses=3, advantage=0.025)
        >>> paired_text(found, one="0012", other="0000")
        'of 359 examples 12 are right with 0012 alone and 3 with 0000 alone, p = 0.039 (McNemar)'
    """
    if paired.test == "McNemar":
        return (
            f"of {paired.n} examples {paired.wins} are right with {one} alone and {paired.losses} "
            f"with {other} alone, p = {paired.p:.2g} (McNemar)"
        )
    return (
        f"of {paired.n} examples {one} has the smaller loss for {paired.wins} and {other} for "
        f"{paired.losses}, p = {paired.p:.2g} (paired permutation test)"
    )


def holm(ps: Sequence[float]) -> list[float]:
    """Return each p allowing for all of them: how sure the whole list is.

    Example:
        >>> holm([0.04, 0.01, 0.5])
        [0.08, 0.03, 0.5]
    """
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    found, largest = [1.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, ps[place] * (len(ps) - rank)))
        found[place] = largest
    return found
