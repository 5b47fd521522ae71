"""Which candidate promises most? The knowledge gradient, and the search for where it is largest.

References:
    Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions",
    1998, equation 15.
    Frazier, Powell and Dayanik, "The Knowledge-Gradient Policy for Correlated Normal Beliefs",
    INFORMS Journal on Computing 2009, equation 12.
    Scott, Frazier and Powell, "The Correlated Knowledge Gradient for Simulation Optimization of
    Continuous Parameters using Gaussian Process Regression", SIAM Journal on Optimization 2011.
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012: averaged over hyperparameters, and over fantasies for trials in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from raysearch.gaussian.kernel import Array
from raysearch.gaussian.process import GaussianProcess
from raysearch.searchers.vectors import Rows, Vectors

N_RANDOM = 128
"""Candidates drawn at random."""

N_MUTATED = 128
"""Candidates that are mutations of the best rows so far."""

N_CLIMBS = 2
"""Rounds in which neighbours of the best candidates are looked at."""

N_CLIMBING = 5
"""Candidates whose neighbours are looked at."""

N_NEIGHBOURS = 12
"""Neighbours of each."""

CLIMBING_STEP = 0.1
"""Standard deviation of a number's step to a neighbour, at most."""

N_LEADERS = 12
"""Rows that may be handed over, and be trained again."""

LEAST_DEVIATION = 1e-12
"""Of the difference of two values, below which they count as equal."""

_SURPRISES = np.linspace(-3.5, 3.5, 15)
"""Values that a training may have, in deviations from what is expected."""

_CHANCES = np.exp(-0.5 * _SURPRISES**2) / np.exp(-0.5 * _SURPRISES**2).sum()

_erf = np.frompyfunc(math.erf, 1, 1)


def expected_improvement(mean: Array, deviation: Array, *, best: Array) -> Array:
    """Return by how much a normally distributed value is expected to fall below the best one.

    Args:
        mean: Of the values; lower is better.
        deviation: Their standard deviations, above 0.
        best: What is to be improved on.

    Example:
        >>> expected_improvement(np.array([0.0, 1.0]), np.array([1.0, 0.5]), best=0.0).round(4)
        array([0.3989, 0.0042])
    """
    gap = best - mean
    z = gap / deviation
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + np.asarray(_erf(z / math.sqrt(2)), dtype=np.float64))
    improvement: Array = gap * below + deviation * density
    return np.maximum(improvement, 0.0, out=improvement)


def candidates(
    vectors: Vectors,
    score: Callable[[Rows], Array],
    *,
    parents: Rows,
    rng: np.random.Generator,
    pin: tuple[int, float] | None = None,
) -> Iterator[Rows]:
    """Yield rows that promise much, the best ones first.

    Args:
        vectors: Of the space.
        score: What rows promise, (N,) for (N, D).
        parents: The best rows so far, which candidates are mutations of.
        rng: Governs all draws.
        pin: A column and the place that all rows have there; None for all rows of the space.

    Shapes:
        yields: (D,)
    """

    def kept(rows: Rows) -> Rows:
        return rows if pin is None else vectors.pinned(rows, pin, rng)

    random = vectors.draw(N_RANDOM, rng)
    chosen = parents[rng.integers(len(parents), size=N_MUTATED)]
    rows = kept(np.concatenate([random, vectors.mutate(chosen, rng)]))
    scores = score(rows)
    for _ in range(N_CLIMBS):
        best = np.argsort(-scores, kind="stable")[:N_CLIMBING]
        neighbours = vectors.mutate(
            np.repeat(rows[best], N_NEIGHBOURS, axis=0), rng, largest_step=CLIMBING_STEP
        )
        neighbours = kept(neighbours)
        rows = np.concatenate([rows, neighbours])
        scores = np.concatenate([scores, score(neighbours)])
    for position in np.argsort(-scores, kind="stable"):
        yield rows[position]


def lowest(model: GaussianProcess, of: NDArray[np.intp], *, n: int) -> NDArray[np.intp]:
    """Return which of the data have the lowest posterior means, in order; of equal rows the first.

    Args:
        model: What is expected.
        of: Positions among its data that are looked at.
        n: How many at most.

    Shapes:
        returns: (n,) or fewer
    """
    _, first = np.unique(model.features[of], axis=0, return_index=True)
    order = first[np.argsort(model.means[:, of[first]].mean(axis=0), kind="stable")]
    return of[order[:n]]


def _leaders(model: GaussianProcess, of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the data of which one is going to be handed over, if each member may have its say."""
    best_of_each = of[model.means[:, of].argmin(axis=1)]
    return np.unique(np.concatenate([lowest(model, of, n=N_LEADERS), best_of_each]))


def worth_of_training(
    model: GaussianProcess, vectors: Vectors, *, may_win: NDArray[np.bool_]
) -> Callable[[Rows], Array]:
    """Return a function that scores rows by what training them is expected to be worth.

    That is how far the lowest posterior mean falls once more is known: that of a row itself, or of
    a leader, of which each training says something. Since it is a posterior mean by which a trial
    is handed over, and its luck is no part of it, a row that was trained may be worth another
    training.

    Args:
        model: What is expected of rows; its data are those that ended or are in training.
        vectors: Of the space.
        may_win: (N,), which of its data may be handed over; if none may, all count.

    Shapes:
        the function: (M,) for (M, D)
    """
    of = np.flatnonzero(may_win) if may_win.any() else np.arange(len(may_win))
    held = _leaders(model, of)
    at_held = model.at(model.features[held])
    means = model.means[:, held]  # (S, L)
    first = means.argmin(axis=1)
    best = means.min(axis=1)[:, None]

    def score(rows: Rows) -> Array:
        at_rows = model.at(vectors.features(rows))
        mean, deviation = at_rows.mean, at_rows.deviation  # (S, M)
        observed = np.sqrt(deviation**2 + model.luck[:, None])
        own = deviation**2 / observed  # what a row's mean moves by, for one deviation of its value
        others = model.covariance(at_held, at_rows) / observed[:, None, :]  # (S, L, M)
        of_first = np.take_along_axis(others, first[:, None, None], axis=1)[:, 0, :]
        apart = np.maximum(np.abs(own - of_first), LEAST_DEVIATION)
        worth = expected_improvement(mean, apart, best=best)  # exact, if only these two could win
        for surprise, chance in zip(_SURPRISES, _CHANCES, strict=True):
            two = np.minimum(best + of_first * surprise, mean + own * surprise)
            all_others = (means[:, :, None] + others * surprise).min(axis=1)
            worth += chance * (two - np.minimum(two, all_others))
        return np.asarray(worth.mean(axis=0))

    return score
