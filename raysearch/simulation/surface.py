"""How bad is a configuration? A random response surface over any space.

The badness of a configuration is the weighted mean of the ratings of its active parameters, each
from 0 to 1:

    ((u - o) / max(o, 1 - o)) ** 2    for a number or ordered choice at u on the unit interval
    i / (n - 1)                       for another choice of n values, as the i-th best, from 0

The optimum o and the order of the values are drawn, and so are the weights, from an exponential
distribution: few parameters matter much. Inactive parameters have no say, so the only interactions
are those of conditions.

References:
    Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012: on most
    data sets few hyperparameters matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.space import Bool, Choice, Domain, Space

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Well:
    """Rates values that have an order: the farther from the optimum, the worse."""

    optimum: float
    """On the unit interval."""

    def __call__(self, u: float) -> float:
        """Return the rating of a place on the unit interval."""
        return ((u - self.optimum) / max(self.optimum, 1 - self.optimum)) ** 2


@dataclass(frozen=True, slots=True)
class Levels:
    """Rates values without an order."""

    ratings: tuple[float, ...]
    """Of each value, in the order of the choice."""

    def __call__(self, u: float) -> float:
        """Return the rating of a place on the unit interval."""
        return self.ratings[min(int(u * len(self.ratings)), len(self.ratings) - 1)]


Rating = Well | Levels


class Surface:
    """The badness of configurations, given as vectors.

    Args:
        space: The search space.
        rng: Governs weights, optima and orders.

    Example:
        >>> import numpy as np
        >>> from raysearch.space import Float
        >>> surface = Surface(Space({"dropout": Float(0.0, 0.5)}), rng=np.random.default_rng(0))
        >>> [round(surface([u]), 2) for u in (0.0, 0.25, 0.5, 1.0)]
        [0.21, 0.01, 0.07, 1.0]
    """

    def __init__(self, space: Space, *, rng: np.random.Generator) -> None:
        self._terms = [
            (float(rng.exponential()), _rating(parameter.domain, rng)) for parameter in space
        ]

    def __call__(self, places: Sequence[float]) -> float:
        """Return the badness, from 0 to 1; 0 if nothing is active that could be rated.

        Args:
            places: As `Space.encode` has them, NaN where inactive.
        """
        weights = badness = 0.0
        for u, (weight, rating) in zip(places, self._terms, strict=True):
            if rating is not None and not math.isnan(u):
                weights += weight
                badness += weight * rating(u)
        return badness / weights if weights else 0.0


def _rating(domain: Domain, rng: np.random.Generator) -> Rating | None:
    """Return a random rating of the domain's values, or None if there is only one."""
    size = domain.size()
    if size == 1:
        return None
    if size is not None and isinstance(domain, Bool | Choice) and not _is_ordered(domain):
        return Levels(tuple((rng.permutation(size) / (size - 1)).tolist()))
    return Well(float(rng.uniform(0.1, 0.9)))


def _is_ordered(domain: Bool | Choice) -> bool:
    return isinstance(domain, Choice) and domain.ordered
