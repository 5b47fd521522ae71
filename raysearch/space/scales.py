"""Where on the unit interval does a number lie, and which number lies there?

Three scales share one interface. On a `Lattice` (in `lattice`), the steps of a range, all values
have cells of equal width, so that a uniform draw makes them equally likely. On `Integers`, every
integer of a logarithmic range, the cells shrink as the logarithm says. A `Continuum` has no cells.

Samplings: "linear"; "log", where equal distances are equal factors; "reverse_log", its mirror
image low + high - x, which is dense near the upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

Sampling = Literal["linear", "log", "reverse_log"]

DIGITS = 10
"""Digits to which a continuous number is drawn, so that its place gives it back exactly."""

_MOST_DIGITS = 14  # significant ones: beyond these, a float's logarithm does not give it back


class Scale(Protocol):
    """Numbers between two bounds and their places on the unit interval."""

    @property
    def first(self) -> float:
        """The smallest number."""
        ...

    @property
    def last(self) -> float:
        """The largest number."""
        ...

    @property
    def count(self) -> int | None:
        """How many numbers there are; None if infinitely many."""
        ...

    def nearest(self, value: float) -> float:
        """Return the number nearest to a value between the bounds; the value if it is legal."""
        ...

    def to_unit(self, value: float) -> float:
        """Return the place in [0, 1] of a number."""
        ...

    def from_unit(self, u: float) -> float:
        """Return the number at a place in [0, 1]."""
        ...

    def between(self, fraction: float) -> float:
        """Return the number at a fraction of the way from the first to the last, by the sampling.

        Fractions are for grids and defaults: unlike places, they take no account of cells.
        """
        ...

    def beside(self, value: float, *, up: bool) -> float:
        """Return the next number on that side; the one on the other side at an end."""
        ...


@dataclass(frozen=True, slots=True)
class Integers:
    """Every integer of a logarithmic range, as likely as its share of the logarithm.

    The share of an integer reaches half an integer to both sides.

    Example:
        >>> scale = Integers(1, 100, "log")
        >>> scale.from_unit(0.0), scale.from_unit(0.5), scale.from_unit(1.0), scale.between(0.5)
        (1, 7, 100, 10)
    """

    low: int
    high: int
    sampling: Sampling

    @property
    def first(self) -> int:
        """The smallest number."""
        return self.low

    @property
    def last(self) -> int:
        """The largest number."""
        return self.high

    @property
    def count(self) -> int:
        """How many integers there are."""
        return self.high - self.low + 1

    def nearest(self, value: float) -> int:
        """Return the integer nearest to the value."""
        return min(max(round(value), self.low), self.high)

    def to_unit(self, value: float) -> float:
        """Return the integer's place."""
        return _place(value, self.low - 0.5, self.high + 0.5, self.sampling)

    def from_unit(self, u: float) -> int:
        """Return the integer whose cell holds the place."""
        return self.nearest(_number(u, self.low - 0.5, self.high + 0.5, self.sampling))

    def between(self, fraction: float) -> int:
        """Return the integer nearest to a fraction of the way from the first to the last."""
        return self.nearest(_number(fraction, self.low, self.high, self.sampling))

    def beside(self, value: float, *, up: bool) -> int:
        """Return the next integer on that side; the one on the other side at an end."""
        goes_up = value < self.high if up else value <= self.low
        return self.nearest(value + 1 if goes_up else value - 1)


@dataclass(frozen=True, slots=True)
class Continuum:
    """All floats between two bounds.

    Drawn numbers are rounded to `DIGITS` digits: significant ones for log, decimals relative to the
    width of the range otherwise. So they read well, and their place gives them back exactly.

    Example:
        >>> scale = Continuum(0.0001, 0.1, "log")
        >>> scale.from_unit(0.5), scale.from_unit(scale.to_unit(0.02))
        (0.00316227766, 0.02)
    """

    low: float
    high: float
    sampling: Sampling

    @property
    def first(self) -> float:
        """The smallest number."""
        return self.low

    @property
    def last(self) -> float:
        """The largest number."""
        return self.high

    @property
    def count(self) -> int | None:
        """None, infinitely many, unless the bounds are equal."""
        return 1 if self.low == self.high else None

    def nearest(self, value: float) -> float:
        """Return the value, moved to the nearer bound if it lies outside."""
        return min(max(value, self.low), self.high)

    def to_unit(self, value: float) -> float:
        """Return the number's place."""
        return _place(value, self.low, self.high, self.sampling)

    def from_unit(self, u: float) -> float:
        """Return the number at the place, rounded."""
        if 0.0 < u < 1.0 and self.low < self.high:
            number = self.nearest(self._rounded(_number(u, self.low, self.high, self.sampling)))
            u = self.to_unit(number)  # next to a bound, its place may be that of the bound
            if 0.0 < u < 1.0:
                return number
        return self.high if u >= 1.0 else self.low

    def _rounded(self, number: float) -> float:
        if self.sampling == "log":
            narrowness = -math.log10(math.log(self.high / self.low))
            digits = min(max(DIGITS, DIGITS + math.ceil(narrowness)), _MOST_DIGITS)
            return float(f"{number:.{digits}g}")
        largest = max(abs(self.low), abs(self.high))
        decimals = DIGITS - math.floor(math.log10(self.high - self.low))
        return round(number, min(decimals, _MOST_DIGITS - 1 - math.floor(math.log10(largest))))

    def between(self, fraction: float) -> float:
        """Return the number at a fraction of the way from the first to the last."""
        return self.from_unit(fraction)

    def beside(self, value: float, *, up: bool) -> float:
        """Return the bound on that side; the other one if the value is that bound."""
        near, far = (self.high, self.low) if up else (self.low, self.high)
        return near if value != near else far


def grid(scale: Scale, *, points: int | None) -> Iterator[float]:
    """Yield all the numbers of a finite scale in order, or at most `points`, ends included.

    Example:
        >>> list(grid(Integers(1, 100, "log"), points=3))
        [1, 10, 100]
    """
    if scale.count is not None and (points is None or scale.count <= points):
        number = scale.first
        yield number
        for _ in range(scale.count - 1):
            number = scale.beside(number, up=True)
            yield number
        return
    n = points or 1
    fractions = [i / (n - 1) for i in range(n)] if n > 1 else [0.5]
    yield from dict.fromkeys(map(scale.between, fractions))


def _place(number: float, low: float, high: float, sampling: Sampling) -> float:
    """Return where between two bounds the number lies, from 0 to 1."""
    if low == high:
        return 0.5
    if number <= low or number >= high:
        return 0.0 if number <= low else 1.0
    if sampling == "linear":
        return (number - low) / (high - low)
    if sampling == "log":
        return math.log(number / low) / math.log(high / low)
    return 1.0 - math.log((low + high - number) / low) / math.log(high / low)


def _number(u: float, low: float, high: float, sampling: Sampling) -> float:
    """Return the number at a place between two bounds; the inverse of `_place`."""
    if sampling == "linear":
        return low + u * (high - low)
    if sampling == "log":
        return low * math.exp(u * math.log(high / low))
    return low + high - low * math.exp((1.0 - u) * math.log(high / low))
