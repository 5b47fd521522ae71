"""How does a parameter of a space look to hyperopt?

hyperopt searches a flat set of labelled distributions. Numbers and ordered choices are searched by
their place on the unit interval, which knows bounds, steps and samplings, so that one kind of
distribution serves them all; unordered choices, and whatever has few values, by the index of the
value. Conditions are not told: a trial simply has no value for a parameter that was inactive in it,
and the estimators of a parameter are built from the trials that have one.

Measured on sums of distances with 2 to 30 steps per parameter, 80 trials, 20 to 40 seeds: with more
than 4 values, places are as good as hyperopt's quantised distributions, at a tenth of the time for
1,000 trials. With up to 4, indices halve the regret (0.07 against 0.15 for eight parameters of 4
values); with 6, they cost half as much again at 50 trials, since to them no values are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from raysearch.searchers.suitability import has_order
from raysearch.space import Domain, Parameter, Prior

FEW = 4
"""Up to this many values, their order is worth less than treating each for itself."""


@dataclass(frozen=True, slots=True)
class Categories:
    """Values that are treated each for itself, searched by their index from 0."""

    label: str
    chances: tuple[float, ...]
    """Prior probability of each value."""

    def distribution(self) -> Any:
        """Return hyperopt's expression for the prior."""
        from hyperopt import hp

        if len(set(self.chances)) == 1:
            return hp.randint(self.label, len(self.chances))
        return hp.pchoice(self.label, [(p, index) for index, p in enumerate(self.chances)])

    def from_unit(self, u: float) -> int:
        """Return what hyperopt is told for a place on the unit interval."""
        return min(int(u * len(self.chances)), len(self.chances) - 1)

    def to_unit(self, value: float) -> float:
        """Return the place on the unit interval of what hyperopt suggests."""
        return (int(value) + 0.5) / len(self.chances)


@dataclass(frozen=True, slots=True)
class Interval:
    """Values in an order, searched by their place on the unit interval.

    With a prior, hyperopt searches the place's quantile under it, a truncated normal distribution:
    what is uniform to hyperopt is then distributed as the prior says.
    """

    label: str
    prior: NormalDist | None = None
    """Of the place, before it is truncated to the unit interval; None if it is uniform."""

    def distribution(self) -> Any:
        """Return hyperopt's expression for the prior."""
        from hyperopt import hp

        return hp.uniform(self.label, 0.0, 1.0)

    def from_unit(self, u: float) -> float:
        """Return what hyperopt is told for a place on the unit interval."""
        if self.prior is None:
            return u
        low, high = self.prior.cdf(0.0), self.prior.cdf(1.0)
        return (self.prior.cdf(u) - low) / (high - low)

    def to_unit(self, value: float) -> float:
        """Return the place on the unit interval of what hyperopt suggests."""
        if self.prior is None:
            return min(max(float(value), 0.0), 1.0)
        low, high = self.prior.cdf(0.0), self.prior.cdf(1.0)
        quantile = low + float(value) * (high - low)
        if not 0.0 < quantile < 1.0:
            return 0.0 if quantile <= 0.0 else 1.0
        return min(max(self.prior.inv_cdf(quantile), 0.0), 1.0)


Dimension = Categories | Interval


def dimension_of(parameter: Parameter) -> Dimension | None:
    """Return how hyperopt searches the parameter, or None if it has one value only.

    Example:
        >>> from raysearch.space import Choice, Float, Space
        >>> space = Space({"norm": Choice(["none", "batch"]), "dropout": Float(0.0, 0.5)})
        >>> [dimension_of(parameter) for parameter in space.parameters]
        [Categories(label='norm', chances=(0.5, 0.5)), Interval(label='dropout', prior=None)]
    """
    domain = parameter.domain
    size = domain.size()
    if size == 1:
        return None
    prior: Prior | None = getattr(domain, "prior", None)
    if not has_order(domain):
        return Categories(parameter.label, _chances(domain, size or 0, prior=prior))
    centred = None
    if prior is not None:
        centred = NormalDist(domain.to_unit(prior.centre), prior.spread)
    if size is None or size > FEW or not _has_equal_cells(domain, size):
        return Interval(parameter.label, centred)
    return Categories(parameter.label, _ordered_chances(size, prior=centred))


def _has_equal_cells(domain: Domain, size: int) -> bool:
    """Return whether value i lies at (i + 0.5) / size: not so for all integers of a log scale."""
    return len({domain.from_unit((index + 0.5) / size) for index in range(size)}) == size


def _chances(domain: Domain, size: int, *, prior: Prior | None) -> tuple[float, ...]:
    if prior is None:
        return (1 / size,) * size
    chances = [(1 - prior.confidence) / size] * size
    chances[int(domain.to_unit(prior.centre) * size)] += prior.confidence
    return tuple(chances)


def _ordered_chances(size: int, *, prior: NormalDist | None) -> tuple[float, ...]:
    if prior is None:
        return (1 / size,) * size
    bounds = [prior.cdf(index / size) for index in range(size + 1)]
    total = bounds[-1] - bounds[0]
    return tuple((high - low) / total for low, high in pairwise(bounds))
