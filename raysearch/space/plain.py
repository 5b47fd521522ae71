"""Which parameters are just on or off, and which do not vary at all?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from raysearch.space.domain import Domain, Prior, belief_faults, covers_each, raise_faults
from raysearch.space.values import is_same, not_among, scalar_fault, show
from raysearch.space.when import When, conditions_of
from raysearch.trial import Value

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Domain):
    """False or True.

    Raises:
        ConfigurationError: With all that is wrong with the arguments.

    Example:
        >>> Bool().default_value(), Bool().to_unit(True), Bool().contains(1)
        (False, 0.75, False)
    """

    default: bool | None = None
    """None: False."""
    prior: Prior | None = None
    when: When = None

    def __post_init__(self) -> None:
        faults = belief_faults(self, default=self.default, prior=self.prior)
        object.__setattr__(self, "when", conditions_of(self.when, faults=faults))
        raise_faults(faults)

    def sample(self, rng: np.random.Generator) -> bool:
        """Return a value drawn uniformly, or according to the prior."""
        if self.prior is not None and rng.random() < self.prior.confidence:
            return bool(self.prior.centre)
        return self.from_unit(rng.random())

    def contains(self, value: object) -> bool:
        """Return whether the value is a bool."""
        return type(value) is bool

    def refusal(self, value: object) -> str:
        """Return why a value that is not legal is not."""
        return not_among(value, (False, True))

    def default_value(self) -> bool:
        """Return the default: the given one, else False."""
        return self.default or False

    def to_unit(self, value: Any) -> float:
        """Return the middle of the value's half."""
        return 0.75 if value else 0.25

    def from_unit(self, u: float) -> bool:
        """Return the value whose half holds the place."""
        return bool(u >= 0.5)

    def grid(self, points: int | None = None) -> Iterator[bool]:
        """Return False and True, whatever `points` is."""
        return iter((False, True))

    def size(self) -> int:
        """Return 2."""
        return 2

    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""
        return covers_each(self, other)

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> bool:
        """Return the other value."""
        return not value

    def describe(self) -> str:
        """Return "false, true"."""
        return "false, true"


@dataclass(frozen=True, slots=True)
class Fixed(Domain):
    """A single value.

    Raises:
        ConfigurationError: The value is no plain scalar, or the conditions are none.

    Example:
        >>> Fixed(0.9).default_value(), Fixed(0.9).size(), Fixed(1).contains(True)
        (0.9, 1, False)
    """

    value: Value
    when: When = None
    _kind: type = field(init=False, repr=False)  # so that Fixed(1) and Fixed(True) are different

    def __post_init__(self) -> None:
        fault = scalar_fault(self.value)
        faults = [] if fault is None else [fault]
        object.__setattr__(self, "when", conditions_of(self.when, faults=faults))
        object.__setattr__(self, "_kind", type(self.value))
        raise_faults(faults)

    def sample(self, rng: np.random.Generator) -> Value:
        """Return the value."""
        return self.value

    def contains(self, value: object) -> bool:
        """Return whether this is the value, with its type."""
        return is_same(value, self.value)

    def refusal(self, value: object) -> str:
        """Return why another value is not legal."""
        return not_among(value, (self.value,))

    def default_value(self) -> Value:
        """Return the value."""
        return self.value

    def to_unit(self, value: Any) -> float:
        """Return the middle of the unit interval."""
        return 0.5

    def from_unit(self, u: float) -> Value:
        """Return the value."""
        return self.value

    def grid(self, points: int | None = None) -> Iterator[Value]:
        """Return the value."""
        return iter((self.value,))

    def size(self) -> int:
        """Return 1."""
        return 1

    def covers(self, other: Domain) -> bool:
        """Return whether the other domain holds this value only."""
        return covers_each(self, other)

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> Value:
        """Return the value: there is no other."""
        return self.value

    def describe(self) -> str:
        """Return the value."""
        return show(self.value)
