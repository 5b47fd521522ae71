"""How does one parameter look as a column of many rows, and to a kernel?

See `vectors`, which puts the columns together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from raysearch.searchers.suitability import has_order
from raysearch.space import Domain, Parameter, Prior

Places = NDArray[np.float64]
"""Numbers in [0, 1], or what is made of them."""

Mask = NDArray[np.bool_]

MOST_LISTED = 10_000
"""Values of a parameter up to which rows hold exactly their places; beyond, any place."""

MOST_ONE_HOT = 32
"""Values without an order up to which each has a feature; beyond, they have random codes."""

N_QUANTILES = 513
"""Places at which the quantiles of a prior are tabulated."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter, as a column of rows."""

    places: Places | None
    """Of its values, in increasing order; None if any place is one."""
    is_category: bool
    """Whether its values have no order."""
    quantiles: Places
    """Cumulative chances of the values; or places at even quantiles, if any place is a value."""
    codes: Places | None
    """Features of each value without an order; None for a number."""

    @property
    def n_features(self) -> int:
        """How many numbers describe it to a kernel."""
        if self.places is not None and len(self.places) == 1:
            return 0
        return 1 if self.codes is None else int(self.codes.shape[1])

    def indices(self, u: Places) -> NDArray[np.intp]:
        """Return which values have these places."""
        assert self.places is not None
        middles = (self.places[1:] + self.places[:-1]) / 2
        return np.searchsorted(middles, u)

    def snapped(self, u: Places) -> Places:
        """Return the places of the values nearest to these."""
        return u if self.places is None else self.places[self.indices(u)]

    def drawn(self, quantiles: Places) -> Places:
        """Return the places at quantiles of the prior."""
        if self.places is None:
            grid = np.linspace(0.0, 1.0, len(self.quantiles))
            return np.interp(quantiles, grid, self.quantiles)
        chosen = np.searchsorted(self.quantiles, quantiles, side="right")
        return self.places[np.minimum(chosen, len(self.places) - 1)]

    def changed(self, u: Places, steps: Places, dice: Places) -> Places:
        """Return other places: a step away, or any other value where they have no order.

        Args:
            u: The places to leave.
            steps: How far to go, and to which side.
            dice: Draws from [0, 1), for what has no order.
        """
        if self.places is None:
            moved = u + steps
            reflected = np.abs(moved - 2 * np.round(moved / 2))  # on both ends
            inside: Places = np.clip(reflected, 0.0, 1.0)
            return inside
        n, before = len(self.places), self.indices(u)
        if n == 1:
            return u
        if self.is_category:
            other = np.minimum((dice * (n - 1)).astype(np.intp), n - 2)
            found: Places = self.places[other + (other >= before)]
            return found
        after = self.indices(np.clip(u + steps, 0.0, 1.0))
        beside = before + np.where(steps > 0, 1, -1)
        beside = np.where((beside < 0) | (beside >= n), 2 * before - beside, beside)
        return self.places[np.where(after == before, beside, after)]

    def features(self, u: Places, active: Mask) -> Places:
        """Return what a kernel sees of these places.

        Shapes:
            u, active: (N,)
            returns: (N, n_features)
        """
        if self.codes is not None:
            return np.where(active[:, None], self.codes[self.indices(u)], 0.0)
        if self.places is not None:
            u = (u - self.places[0]) / (self.places[-1] - self.places[0])
        return np.where(active, u, 0.5)[:, None]


def slot_of(parameter: Parameter) -> Slot:
    """Return how a parameter looks as a column."""
    domain = parameter.domain
    size = domain.size()
    is_category = not has_order(domain)
    prior: Prior | None = getattr(domain, "prior", None)
    if size is None or size > MOST_LISTED:
        return Slot(places=None, is_category=False, quantiles=_quantiles(domain, prior), codes=None)
    places = np.array([domain.to_unit(value) for value in domain.grid()])
    return Slot(
        places=places,
        is_category=is_category,
        quantiles=np.cumsum(_chances(domain, prior, places=places, is_category=is_category)),
        codes=_codes(size) if is_category else None,
    )


def _quantiles(domain: Domain, prior: Prior | None) -> Places:
    """Return the places at even quantiles of the prior of a number."""
    even = np.linspace(0.0, 1.0, N_QUANTILES)
    if prior is None:
        return even
    belief = NormalDist(domain.to_unit(prior.centre), prior.spread)
    low, high = belief.cdf(0.0), belief.cdf(1.0)
    inner = [belief.inv_cdf(low + q * (high - low)) for q in even[1:-1].tolist()]
    places: Places = np.clip(np.array([0.0, *inner, 1.0]), 0.0, 1.0)
    return places


def _chances(domain: Domain, prior: Prior | None, *, places: Places, is_category: bool) -> Places:
    """Return the prior chance of each value."""
    n = len(places)
    if is_category:
        chances = np.full(n, 1 / n)
        if prior is not None:
            chances *= 1 - prior.confidence
            chances[int(domain.to_unit(prior.centre) * n)] += prior.confidence
        return chances
    bounds = [0.0, *((places[1:] + places[:-1]) / 2).tolist(), 1.0]
    if prior is not None:
        belief = NormalDist(domain.to_unit(prior.centre), prior.spread)
        bounds = [belief.cdf(bound) for bound in bounds]
    widths = np.array([high - low for low, high in pairwise(bounds)])
    chances = widths / widths.sum()
    return np.asarray(chances)


def _codes(size: int) -> Places:
    """Return features of values without an order: any two of them have the distance 1.

    Of many values, the features are random, and the squared distances 1 up to a quarter.
    """
    if size <= MOST_ONE_HOT:
        return np.asarray(np.eye(size) / np.sqrt(2))
    rng = np.random.default_rng(size)
    return np.asarray(rng.standard_normal((size, MOST_ONE_HOT)) / np.sqrt(2 * MOST_ONE_HOT))
