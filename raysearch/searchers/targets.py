"""Which numbers stand for trials, some of which were stopped early or failed, in a model of values?

Of trials that ended, only the order is sure (see `ranking`): a loss after one epoch is none after
twenty-seven. Among the better half, those that were trained in full count by how far their losses
lie apart, since that is where a model must be exact. All others count by their rank alone, as the
quantile of a standard normal distribution: a trial that was stopped is known to be worse than those
before it, and not by how much; and a loss of 1e9 is no worse than a bad one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from raysearch.searchers.ranking import Rank, is_completed

LEAST_EXACT = 3
"""Trials trained in full among the better half from which on their losses count."""

LEAST_SPREAD = 1e-12
"""Losses whose mean lies closer to the worst of them, relative to the largest, count as equal."""
LEAST_SCALE = 1e-100
"""Losses that are all smaller, or as large as one over it, count by their ranks alone."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a model is shown of trials, the best first.

    Example:
        >>> targets = targets_of([(0, 0, loss, n) for n, loss in enumerate((1.0, 2.0, 4.0, 9e9))])
        >>> targets.values.round(2)  # too few for losses to count
        array([-1.15, -0.32,  0.32,  1.15])
    """

    values: NDArray[np.float64]
    """(N,), of about zero mean and unit variance; lower is better."""
    per_loss: float | None
    """What one unit of the loss is worth among the better half; None where losses do not count."""
    loss_at_zero: float = 0.0
    """The loss that has the target 0, by that measure."""

    def loss(self, target: float) -> float | None:
        """Return which loss a target stands for, by the measure of the better half."""
        return None if self.per_loss is None else self.loss_at_zero + target / self.per_loss


def targets_of(ranked: Sequence[Rank]) -> Targets:
    """Return what a model is shown of trials.

    Args:
        ranked: The ranks of all trials, the best first.
    """
    values = _quantiles(ranked)
    n_exact = 0
    while n_exact < (len(ranked) + 1) // 2 and is_completed(ranked[n_exact]):
        n_exact += 1
    losses = np.array([loss for _, _, loss, _ in ranked[:n_exact]])
    scale = float(np.abs(losses).max()) if n_exact >= LEAST_EXACT else 0.0
    if not LEAST_SCALE < scale < 1 / LEAST_SCALE:
        return Targets(values=values, per_loss=None)
    spread = float((losses[-1] / scale - losses / scale).mean())
    if spread < LEAST_SPREAD:
        return Targets(values=values, per_loss=None)
    last = float(values[n_exact - 1])
    per_loss = float(last - values[:n_exact].mean()) / (spread * scale)
    values[:n_exact] = last - per_loss * (losses[-1] - losses)
    return Targets(
        values=values, per_loss=per_loss, loss_at_zero=float(losses[-1] - last / per_loss)
    )


def _quantiles(ranked: Sequence[Rank]) -> NDArray[np.float64]:
    """Return a standard normal quantile for each rank; equals have the mean of theirs."""
    quantiles = np.array(_normal_quantiles(len(ranked)))
    start = 0
    for _, equals in groupby(ranked, key=lambda rank: rank[:-1]):
        end = start + sum(1 for _ in equals)
        quantiles[start:end] = quantiles[start:end].mean()
        start = end
    return quantiles


@lru_cache(maxsize=4)
def _normal_quantiles(n: int) -> tuple[float, ...]:
    normal = NormalDist()
    return tuple(normal.inv_cdf((position + 0.5) / n) for position in range(n))
