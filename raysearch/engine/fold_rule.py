"""After some of its folds, can a trial still become the best?

Two trials are compared fold by fold, since both were validated on the same examples: a fold that is
hard is hard for both. What wins is the mean over all folds, so the question is how likely the mean
of the differences over all k folds is to turn, given those of the first j. If they are draws from
one normal distribution, with mean d and standard deviation s of those that are known,

    d * sqrt(j / s^2) * sqrt(k / (k - j))

against Student's t with j - 1 degrees of freedom says so exactly: that is its predictive
distribution for the folds that are left. It is the paired t statistic times a factor above one,
since only k - j folds are left to make good for j. A trial is looked at after 2, 3, ... k - 1
folds; the risk is shared out evenly (Bonferroni), so that it bounds the chance, over all looks,
that a trial is stopped that would have become the best.

References:
    Student, "The Probable Error of a Mean", Biometrika 6, 1908.
    Geisser, "Predictive Inference", 1993, section 3.1.
    Maron and Moore, "Hoeffding Races", NeurIPS 1993, which stop by a bound on the mean of errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 2
"""Folds after which a trial is first looked at: one difference says nothing of its noise."""

_SAME = 1e-9
"""Share of their mean by which differences that are the same may differ for want of digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRule:
    """When the folds that are left of a trial need not be trained.

    Example:
        >>> rule = FoldRule(n_folds=5, risk=0.01)
        >>> rule.level
        0.0033333333333333335
        >>> rule.is_hopeless([0.1, 0.11, 0.1]), rule.is_hopeless([0.1, -0.02, 0.1])
        (True, False)
    """

    n_folds: int
    """Folds of a trial, at least 2."""
    risk: float
    """Chance at most that a trial is stopped that would have become the best; 0 to stop none."""

    @property
    def level(self) -> float:
        """What each look may take of the risk."""
        return self.risk / max(1, self.n_folds - FEWEST)

    def is_hopeless(self, differences: Sequence[float]) -> bool:
        """Return whether a trial is so unlikely to become the best that it is stopped.

        Args:
            differences: Its loss minus that of the best, for each fold that is done, in order.
        """
        n = len(differences)
        if self.risk <= 0 or not FEWEST <= n < self.n_folds:
            return False
        return chance(differences, n_folds=self.n_folds) < self.level


def chance(differences: Sequence[float], *, n_folds: int) -> float:
    """Return how likely the mean of differences over all folds is below zero, given the first ones.

    Differences that are all the same say nothing of their noise; then it is 1, so that nothing
    follows from it. So do metrics that count examples, of which two folds often tell the same.

    Args:
        differences: At least 2, and fewer than `n_folds`.
        n_folds: All folds.

    Example:
        >>> round(chance([0.10, 0.12], n_folds=5), 3), chance([0.1, 0.1], n_folds=5)
        (0.022, 1.0)
    """
    n = len(differences)
    mean = math.fsum(differences) / n
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in differences) / (n - 1))
    if spread <= _SAME * abs(mean) or not math.isfinite(spread):
        return 1.0
    t = mean * math.sqrt(n) / spread
    return upper_tail(t * math.sqrt(n_folds / (n_folds - n)), freedom=n - 1)


def upper_tail(t: float, *, freedom: int) -> float:
    """Return the probability that Student's t is above a value.

    Args:
        t: The value.
        freedom: Degrees of freedom, an integer of at least 1.

    Example:
        >>> round(upper_tail(6.3138, freedom=1), 5), round(upper_tail(-2.776, freedom=4), 3)
        (0.05, 0.975)

    References:
        Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    is_odd = freedom % 2 == 1
    term = cosine if is_odd else 1.0
    total = 0.0
    for k in range(freedom // 2):
        total += term
        step = 2 * k + (2 if is_odd else 1)
        term *= step / (step + 1) * cosine**2
    within = (angle + sine * total) * 2 / math.pi if is_odd else sine * total
    return (1 - within) / 2
