"""What must every domain of a parameter offer?

A domain is the set of values that one parameter may take, together with how they are drawn. Each
value has a place on the unit interval (its encoding), where sampling, priors and the mutations of
numbers take place:

    domain = Float(1e-4, 1e-1, log=True)
    domain.from_unit(0.5)          # 0.00316227766
    domain.to_unit(1e-2)           # 0.6666666666666666
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from raysearch.errors import ConfigurationError
from raysearch.space.values import show
from raysearch.space.when import When
from raysearch.trial import Value

if TYPE_CHECKING:  # annotations only: numpy takes longer to import than all of this package
    import numpy as np


@dataclass(frozen=True, slots=True)
class Prior:
    """A belief about where good values lie.

    Numbers and ordered choices are then drawn from a normal distribution around `centre`, truncated
    to the domain, whose standard deviation on the unit interval is (1 - confidence) / 2: a quarter
    of the range for 0.5, a twentieth for 0.9. Of other values, `centre` is drawn with probability
    confidence + (1 - confidence) / n, and the other n - 1 with (1 - confidence) / n each.

    Raises:
        ConfigurationError: The confidence is no float between 0 and 1.

    Example:
        >>> Prior(0.001, 0.75).spread
        0.125
    """

    centre: Value
    """A value of the domain."""
    confidence: float
    """Between 0 (as good as no prior) and 1 (as good as fixed), both excluded."""

    def __post_init__(self) -> None:
        if type(self.confidence) is not float or not 0 < self.confidence < 1:
            raise ConfigurationError(
                f"prior.confidence is {show(self.confidence)}, and must be a float above 0 and "
                f"below 1. Try 0.5, or leave the prior out."
            )

    @property
    def spread(self) -> float:
        """Standard deviation on the unit interval."""
        return (1 - self.confidence) / 2


class Domain(ABC):
    """The values that one parameter may take, and how they are drawn.

    Implementations are frozen dataclasses. Values passed in are those of the domain unless said
    otherwise, and every value returned is a plain Python value of the domain.
    """

    __slots__ = ()

    has_places: ClassVar[bool] = True
    """Whether values have places on the unit interval, and so vectors and grids; graphs do not."""

    when: When
    """Under which conditions the parameter is active; None always."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Value:
        """Return a value drawn according to the sampling and the prior."""

    @abstractmethod
    def contains(self, value: object) -> bool:
        """Return whether the value is legal. Types count: 1.0 is no Int, and True is no number."""

    @abstractmethod
    def refusal(self, value: object) -> str:
        """Return why a value that is not legal is not, with the nearest one that is."""

    @abstractmethod
    def default_value(self) -> Value:
        """Return the default: the given one, else by the rule of the domain's class."""

    @abstractmethod
    def to_unit(self, value: Any) -> float:
        """Return the value's place in [0, 1]."""

    @abstractmethod
    def from_unit(self, u: float) -> Value:
        """Return the value at a place in [0, 1]; the inverse of `to_unit` for drawn values."""

    @abstractmethod
    def grid(self, points: int | None = None) -> Iterator[Value]:
        """Return the values in their order, or at most `points` of a number's, ends included.

        Raises:
            ConfigurationError: There are infinitely many, and `points` is None.
        """

    @abstractmethod
    def size(self) -> int | None:
        """Return how many values there are; None if infinitely many."""

    @abstractmethod
    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""

    @abstractmethod
    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> Value:
        """Return a different value near the given one; the same one if there is no other.

        Args:
            value: The value to move away from.
            rng: Governs the draw.
            scale: Standard deviation of a number's step on the unit interval, in (0, 1].
        """

    @abstractmethod
    def describe(self) -> str:
        """Return a short text such as "8 to 64, step 8" or "relu, gelu"."""

    def explain(self, value: object) -> str | None:
        """Return why the value is not legal, with the nearest that is; None if it is legal."""
        return None if self.contains(value) else self.refusal(value)

    def crossover(self, one: Any, other: Any, rng: np.random.Generator) -> Value:
        """Return a child of two values: either of them, with equal chances."""
        child: Value = one if rng.random() < 0.5 else other
        return child

    def canonical(self, value: Value) -> Value:
        """Return a legal value in the domain's own type: a Float turns 1 into 1.0."""
        return value


def unconditional(domain: Domain) -> Domain:
    """Return the same domain without `when`; a choice of sub-spaces becomes one of their names."""
    return dataclasses.replace(domain, when=None)  # type: ignore[type-var]  # all are dataclasses


def covers_each(domain: Domain, other: Domain) -> bool:
    """Return whether every value of the other domain, tried one by one, is legal in the first."""
    mine, theirs = domain.size(), other.size()
    if theirs is None or (mine is not None and theirs > mine):
        return False
    return all(map(domain.contains, other.grid()))


def draw_near(centre: float, rng: np.random.Generator, *, spread: float) -> float:
    """Return a draw from a normal distribution, truncated to [0, 1].

    Args:
        centre: Mean before truncation, in [0, 1].
        rng: Governs the draw.
        spread: Standard deviation before truncation, in (0, 1]. At worst a third of the attempts
            are accepted, so that rejection needs few of them.
    """
    while True:
        u = rng.normal(centre, spread)
        if 0.0 <= u <= 1.0:
            return u


def belief_faults(domain: Domain, *, default: object, prior: object) -> list[str]:
    """Return what is wrong with the default and the prior of a domain; None is no fault."""
    faults = []
    if default is not None and not domain.contains(default):
        faults.append(f"default: {domain.refusal(default)}")
    if prior is not None and not isinstance(prior, Prior):
        faults.append(f"prior is {show(prior)}. Give Prior(centre, confidence).")
    elif prior is not None and not domain.contains(prior.centre):
        faults.append(f"prior.centre: {domain.refusal(prior.centre)}")
    return faults


def raise_faults(faults: Iterable[str]) -> None:
    """Raise all the faults together, each once, if there are any.

    Raises:
        ConfigurationError: There are faults.
    """
    found = list(dict.fromkeys(faults))
    if found:
        raise ConfigurationError(found)
