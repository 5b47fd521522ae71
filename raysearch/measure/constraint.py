"""What may a model cost at most, and by how much does it miss that?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

Sign = Literal["<=", "<", ">=", ">"]

_FORM = re.compile(r"\s*(<=|>=|<|>)\s*([0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*")

RIGHT = 'Write a comparison with a number, such as "<= 50000".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A limit of one measure.

    Example:
        >>> small = Constraint(measure="params", sign="<=", limit=50000)
        >>> str(small), small.is_met(50000), small.excess(75000)
        ('params <= 50000', True, 0.5)
    """

    measure: str
    sign: Sign
    limit: float
    """In the measure's unit, at least 0."""

    def __str__(self) -> str:
        return f"{self.measure} {self.condition}"

    @property
    def condition(self) -> str:
        """The comparison, as it stands in a file."""
        return f"{self.sign} {self.limit:.12g}"

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps to the limit."""
        return {
            "<=": value <= self.limit,
            "<": value < self.limit,
            ">=": value >= self.limit,
            ">": value > self.limit,
        }[self.sign]

    def excess(self, value: float) -> float:
        """Return by which share of the limit a value misses it; 0 where it is met."""
        return 0.0 if self.is_met(value) else max(abs(value - self.limit) / (self.limit or 1), 1e-9)


def parse_constraint(measure: str, text: object) -> Constraint:
    """Return the constraint that a comparison such as "<= 50000" stands for.

    Raises:
        ValueError: It is none; the message says what would be right.

    Example:
        >>> parse_constraint("latency_ms", "<= 2")
        Constraint(measure='latency_ms', sign='<=', limit=2.0)
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(RIGHT)
    sign = cast(Sign, found.group(1))
    return Constraint(measure=measure, sign=sign, limit=float(found.group(2).replace("_", "")))


def unmet(constraints: Iterable[Constraint], measures: Mapping[str, float]) -> str:
    """Return which constraints a model does not meet, for a person; empty if it meets all.

    Example:
        >>> small = Constraint(measure="params", sign="<=", limit=50000)
        >>> unmet([small], {"params": 81234})
        'params is 81234, and must be <= 50000'
    """
    return "; ".join(
        f"{each.measure} is {measures[each.measure]:.6g}, and must be {each.condition}"
        for each in constraints
        if not each.is_met(measures[each.measure])
    )


def violation(constraints: Iterable[Constraint], measures: Mapping[str, float]) -> float:
    """Return by how much a model misses all constraints together, as shares of their limits."""
    return sum(each.excess(measures[each.measure]) for each in constraints)
