"""How is one parameter distributed, and how does that move towards the values of good trials?

Distributions are over the place on the unit interval (see `Space.encode`), begin with the prior of
the parameter, and are plain data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from raysearch.searchers.dimensions import Categories, dimension_of
from raysearch.space import Domain, Parameter
from raysearch.space.domain import draw_near

if TYPE_CHECKING:
    import numpy as np

WIDE = 1.0
"""Spread of a parameter without a prior: the density at the ends is 0.88 of that in the middle."""

_DIGITS = 4
"""Of figures as plain data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """A chance for each value of a parameter.

    Example:
        >>> even = Chances(chances=(0.5, 0.5), prior=(0.5, 0.5))
        >>> even.towards([0.75, 0.75, 0.75], share=0.5).chances  # three of the second, one prior
        (0.3125, 0.6875)
    """

    chances: tuple[float, ...]
    prior: tuple[float, ...]

    def draw(self, rng: np.random.Generator) -> float:
        """Return the place of a value."""
        index = int(rng.choice(len(self.chances), p=self.chances))
        return (index + 0.5) / len(self.chances)

    def towards(self, places: Sequence[float], *, share: float) -> Chances:
        """Return the distribution, moved by a share towards the one that some places have.

        One draw of the prior is added to them, so that no value is ruled out.
        """
        n = len(self.chances)
        counts = [0] * n
        for u in places:
            counts[min(int(u * n), n - 1)] += 1
        fitted = [(c + p) / (len(places) + 1) for c, p in zip(counts, self.prior, strict=True)]
        moved = [
            (1 - share) * old + share * new for old, new in zip(self.chances, fitted, strict=True)
        ]
        total = sum(moved)
        return replace(self, chances=tuple(chance / total for chance in moved))

    def to_json(self, domain: Domain) -> dict[str, Any]:
        """Return the values with their chances, as plain data."""
        values = [domain.from_unit((i + 0.5) / len(self.chances)) for i in range(len(self.chances))]
        rounded = [round(chance, _DIGITS) for chance in self.chances]
        return {"chances": [list(pair) for pair in zip(values, rounded, strict=True)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """A normal distribution over the place, truncated to the unit interval.

    Example:
        >>> Truncated(mean=0.5, spread=1.0, least=0.05).towards([0.1, 0.3], share=0.5)
        Truncated(mean=0.35, spread=0.55, least=0.05)
    """

    mean: float
    spread: float
    """Standard deviation before truncation."""
    least: float
    """The smallest spread."""

    def draw(self, rng: np.random.Generator) -> float:
        """Return a place."""
        return draw_near(self.mean, rng, spread=self.spread)

    def towards(self, places: Sequence[float], *, share: float) -> Truncated:
        """Return the distribution, moved by a share towards mean and spread of some places."""
        centre = sum(places) / len(places)
        deviation = math.sqrt(sum((u - centre) ** 2 for u in places) / len(places))
        mean = (1 - share) * self.mean + share * centre
        spread = (1 - share) * self.spread + share * max(deviation, self.least)
        return replace(self, mean=min(max(mean, 0.0), 1.0), spread=spread)

    def to_json(self, domain: Domain) -> dict[str, Any]:
        """Return mean and spread, and the value at the mean, as plain data."""
        return {
            "mean": round(self.mean, _DIGITS),
            "spread": round(self.spread, _DIGITS),
            "centre": domain.from_unit(self.mean),
        }


Distribution = Chances | Truncated


def distribution_of(parameter: Parameter, *, least_spread: float) -> Distribution | None:
    """Return what a parameter's distribution begins with, or None if it has one value only.

    Args:
        parameter: With its sampling and its prior.
        least_spread: The smallest spread of a normal distribution; half a step if that is more.

    Example:
        >>> from raysearch.space import Bool, Int, Prior, Space
        >>> space = Space({"bias": Bool(), "width": Int(0, 9, prior=Prior(4, 0.5))})
        >>> for parameter in space.parameters:
        ...     print(distribution_of(parameter, least_spread=0.01))
        Chances(chances=(0.5, 0.5), prior=(0.5, 0.5))
        Truncated(mean=0.45, spread=0.25, least=0.05)
    """
    dimension = dimension_of(parameter)
    if dimension is None:
        return None
    if isinstance(dimension, Categories):
        return Chances(chances=dimension.chances, prior=dimension.chances)
    size = parameter.domain.size()
    least = max(least_spread, 0.0 if size is None else 0.5 / size)
    if dimension.prior is None:
        return Truncated(mean=0.5, spread=WIDE, least=least)
    return Truncated(mean=dimension.prior.mean, spread=dimension.prior.stdev, least=least)
