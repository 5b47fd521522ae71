"""Which candidate promises most? Expected improvement, and the search for where it is largest.

References:
    Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions",
    1998, equation 15.
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012: averaged over hyperparameters, and over fantasies for trials in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

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


def improvement_over(
    model: GaussianProcess, vectors: Vectors, *, best: Array
) -> Callable[[Rows], Array]:
    """Return a function that scores rows by their expected improvement, averaged over the model.

    Args:
        model: What is expected of rows.
        vectors: Of the space.
        best: The lowest posterior mean of each member of the model, (S,).
    """

    def score(rows: Rows) -> Array:
        mean, deviation = model.posterior(vectors.features(rows))
        improvement = expected_improvement(mean, deviation, best=best[:, None])
        return np.asarray(improvement.mean(axis=0))

    return score
