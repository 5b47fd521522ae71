"""Which numbers may a parameter take?

Bounds are inclusive. With a step, the values are the steps from `low` on, and a `high` that no step
meets is rounded down to the last one: Int(8, 60, step=8) ends in 56, and `describe` says so. On
a log scale the step multiplies. On a reverse_log scale the steps are the mirror image of those of
log: they start at `high`, and `low` is rounded up to the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from raysearch.space import ranges
from raysearch.space.domain import Domain, Prior, belief_faults, covers_each, raise_faults
from raysearch.space.lattice import Lattice
from raysearch.space.scales import Continuum, Integers, Sampling, Scale, grid
from raysearch.space.values import show
from raysearch.space.when import When, conditions_of
from raysearch.trial import Value

if TYPE_CHECKING:
    import numpy as np

LARGEST_INT = 2**40
"""Largest magnitude of an Int's bound; places on the unit interval are exact up to there."""


@dataclass(frozen=True, slots=True)
class Int(Domain):
    """Integers between two bounds.

    Raises:
        ConfigurationError: With all that is wrong with the arguments.

    Example:
        >>> domain = Int(8, 256, step=2, log=True)
        >>> list(domain.grid()), domain.default_value()
        ([8, 16, 32, 64, 128, 256], 32)
        >>> domain.explain(50)
        '50 is not on a step of 8 to 256, log, step 2. The nearest legal value is 64.'
    """

    low: int
    high: int
    _: KW_ONLY
    step: int = 1
    """Added from value to value, or multiplied if the sampling is logarithmic (then 1: no step)."""
    sampling: Sampling = "linear"
    """"linear", "log", or "reverse_log" (dense near `high`)."""
    log: bool = False
    """Short for sampling="log"."""
    default: int | None = None
    """None: the middle of the range, geometric for log, rounded down to a step."""
    prior: Prior | None = None
    when: When = None
    scale: Scale = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = ranges.argument_faults(self, kinds=(int,))
        if not faults:
            _settle_sampling(self)
            step = self.step if self.sampling == "linear" or self.step != 1 else None
            faults += ranges.range_faults(self.low, self.high, step=step, sampling=self.sampling)
            faults += _size_faults(self)
        if not faults:
            scale: Scale = (
                Integers(self.low, self.high, self.sampling)
                if step is None
                else Lattice(self.low, self.high, step, self.sampling)
            )
            object.__setattr__(self, "scale", scale)
            faults += belief_faults(self, default=self.default, prior=self.prior)
        object.__setattr__(self, "when", conditions_of(self.when, faults=faults))
        raise_faults(faults)

    def sample(self, rng: np.random.Generator) -> int:
        """Return an integer drawn according to the sampling and the prior."""
        return self.from_unit(ranges.draw(self, rng))

    def contains(self, value: object) -> bool:
        """Return whether the value is an int, not a bool, between the bounds and on a step."""
        if type(value) is not int or not self.low <= value <= self.high:
            return False
        return self.scale.nearest(value) == value

    def refusal(self, value: object) -> str:
        """Return why a value that is not legal is not, with the nearest one that is."""
        return ranges.refusal(self, value)

    def default_value(self) -> int:
        """Return the default: the given one, else the middle of the range."""
        return int(self.scale.between(0.5)) if self.default is None else self.default

    def to_unit(self, value: Any) -> float:
        """Return the value's place in [0, 1]: the middle of its cell, where there are steps."""
        return self.scale.to_unit(value)

    def from_unit(self, u: float) -> int:
        """Return the integer whose cell holds the place."""
        return int(self.scale.from_unit(u))

    def grid(self, points: int | None = None) -> Iterator[int]:
        """Return the values in order, or at most `points` of them, ends included."""
        return map(int, grid(self.scale, points=points))

    def size(self) -> int | None:
        """Return how many values there are."""
        return self.scale.count

    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""
        return ranges.covers(self, other) if isinstance(other, Int) else covers_each(self, other)

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> int:
        """Return a different integer, a truncated normal step away; the same if it is alone."""
        return int(ranges.mutated(self.scale, value, rng, spread=scale))

    def describe(self) -> str:
        """Return a short text such as "8 to 64, step 8"."""
        return ranges.describe(self)


@dataclass(frozen=True, slots=True)
class Float(Domain):
    """Real numbers between two bounds; integers given for them become floats.

    Without a step, numbers are drawn to ten digits (see `scales.Continuum`).

    Raises:
        ConfigurationError: With all that is wrong with the arguments.

    Example:
        >>> domain = Float(1e-4, 1e-1, log=True)
        >>> domain.describe(), domain.default_value()
        ('1e-4 to 0.1, log', 0.00316227766)
        >>> list(Float(0, 0.5, step=0.25).grid())
        [0.0, 0.25, 0.5]
    """

    low: float
    high: float
    _: KW_ONLY
    step: float | None = None
    """Added from value to value, or multiplied if the sampling is logarithmic; None: no step."""
    sampling: Sampling = "linear"
    """"linear", "log", or "reverse_log" (dense near `high`)."""
    log: bool = False
    """Short for sampling="log"."""
    default: float | None = None
    """None: the middle of the range, geometric for log, rounded down to a step."""
    prior: Prior | None = None
    when: When = None
    scale: Scale = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = ranges.argument_faults(self, kinds=(int, float))
        if not faults:
            _settle_sampling(self)
            for name in ("low", "high", "step", "default"):
                object.__setattr__(self, name, self.canonical(getattr(self, name)))
            faults += ranges.range_faults(
                self.low, self.high, step=self.step, sampling=self.sampling
            )
        if not faults:
            scale: Scale = (
                Continuum(self.low, self.high, self.sampling)
                if self.step is None
                else Lattice(self.low, self.high, self.step, self.sampling)
            )
            object.__setattr__(self, "scale", scale)
            faults += belief_faults(self, default=self.default, prior=self.prior)
        object.__setattr__(self, "when", conditions_of(self.when, faults=faults))
        raise_faults(faults)

    def sample(self, rng: np.random.Generator) -> float:
        """Return a float drawn according to the sampling and the prior."""
        return self.from_unit(ranges.draw(self, rng))

    def contains(self, value: object) -> bool:
        """Return whether the value is a float or int, not a bool, in range and on a step."""
        if type(value) is not float and type(value) is not int:
            return False
        return self.low <= value <= self.high and self.scale.nearest(value) == value

    def canonical(self, value: Value) -> Value:
        """Return a legal value as a float."""
        return float(value) if type(value) is int else value

    def refusal(self, value: object) -> str:
        """Return why a value that is not legal is not, with the nearest one that is."""
        return ranges.refusal(self, value)

    def default_value(self) -> float:
        """Return the default: the given one, else the middle of the range."""
        return self.scale.between(0.5) if self.default is None else self.default

    def to_unit(self, value: Any) -> float:
        """Return the value's place in [0, 1]: the middle of its cell, where there are steps."""
        return self.scale.to_unit(value)

    def from_unit(self, u: float) -> float:
        """Return the number at a place in [0, 1]."""
        return float(self.scale.from_unit(u))

    def grid(self, points: int | None = None) -> Iterator[float]:
        """Return the steps in order, or at most `points` numbers, ends included.

        Raises:
            ConfigurationError: There is no step, and `points` is None.
        """
        if points is None and self.size() is None:
            raise_faults([f"{self.describe()} has no step, so its grid is infinite. Give points."])
        return grid(self.scale, points=points)

    def size(self) -> int | None:
        """Return how many values there are; None, infinitely many, without a step."""
        return self.scale.count

    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""
        if isinstance(other, Int | Float):
            return ranges.covers(self, other)
        return covers_each(self, other)

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> float:
        """Return a different float, a truncated normal step away; the same if it is alone."""
        return ranges.mutated(self.scale, value, rng, spread=scale)

    def describe(self) -> str:
        """Return a short text such as "1e-4 to 0.1, log"."""
        return ranges.describe(self)


def _settle_sampling(domain: Int | Float) -> None:
    """Make `log` and `sampling` say the same."""
    if domain.log:
        object.__setattr__(domain, "sampling", "log")
    object.__setattr__(domain, "log", domain.sampling == "log")


def _size_faults(domain: Int) -> list[str]:
    return [
        f"{name} is {show(value)}. Stay within -{LARGEST_INT} and {LARGEST_INT}."
        for name, value in (("low", domain.low), ("high", domain.high))
        if abs(value) > LARGEST_INT
    ]
