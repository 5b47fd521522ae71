"""Which numbers are the steps of a range, and where on the unit interval do they lie?

Steps are added on a linear scale, and multiplied on a logarithmic one. The last step is the largest
that does not exceed the upper bound. Steps of reverse_log are the mirror image of those of log, so
that the first is the one that need not meet a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from raysearch.space.scales import Sampling


@dataclass(frozen=True, slots=True)
class Lattice:
    """The steps of a range, equally likely: low + i * step, or low * step**i if logarithmic.

    They are computed in decimal, so that 0.1 + 2 * 0.1 is 0.3.

    Example:
        >>> scale = Lattice(8, 100, 2, "log")
        >>> [scale.point(i) for i in range(scale.count)], scale.to_unit(16)
        ([8, 16, 32, 64], 0.375)
    """

    low: float
    high: float
    step: float
    """Above 0 for linear, above 1 otherwise."""
    sampling: Sampling
    count: int = field(init=False)
    _exact: tuple[Decimal, Decimal, Decimal] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        exact = Decimal(repr(self.low)), Decimal(repr(self.high)), Decimal(repr(self.step))
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "count", self._last_index() + 1)

    def _last_index(self) -> int:
        low, high, step = self._exact
        if self.sampling == "linear":
            return int((high - low) / step)
        index = round(math.log(self.high / self.low) / math.log(self.step))
        return index if low * step**index <= high else index - 1

    @property
    def first(self) -> float:
        """The smallest number."""
        return self.point(0)

    @property
    def last(self) -> float:
        """The largest number."""
        return self.point(self.count - 1)

    def point(self, index: int) -> float:
        """Return the number with this index, from 0, in ascending order."""
        low, high, step = self._exact
        if self.sampling == "linear":
            number = low + index * step
        elif self.sampling == "log":
            number = low * step**index
        else:
            number = low + high - low * step ** (self.count - 1 - index)
        return int(number) if type(self.low) is int else float(number)

    def index(self, value: float) -> int:
        """Return the index of the number nearest to a value between the bounds."""
        if self.sampling == "linear":
            steps = (value - self.low) / self.step
        elif self.sampling == "log":
            steps = math.log(value / self.low) / math.log(self.step)
        else:
            mirrored = max(self.low + self.high - value, self.low)
            steps = self.count - 1 - math.log(mirrored / self.low) / math.log(self.step)
        return min(max(round(steps), 0), self.count - 1)

    def nearest(self, value: float) -> float:
        """Return the number nearest to a value between the bounds."""
        return self.point(self.index(value))

    def to_unit(self, value: float) -> float:
        """Return the middle of the number's cell."""
        return (self.index(value) + 0.5) / self.count

    def from_unit(self, u: float) -> float:
        """Return the number whose cell holds the place."""
        return self.point(min(int(u * self.count), self.count - 1))

    def between(self, fraction: float) -> float:
        """Return the number nearest to a fraction of the way; the lower of two."""
        return self.point(math.ceil(fraction * (self.count - 1) - 0.5))

    def beside(self, value: float, *, up: bool) -> float:
        """Return the next number on that side; the one on the other side at an end."""
        index, step = self.index(value), 1 if up else -1
        return self.point(index + step if 0 <= index + step < self.count else index - step)
