"""Which of several values, or of several sub-spaces, may a parameter take?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from raysearch.space.domain import (
    Domain,
    Prior,
    belief_faults,
    covers_each,
    draw_near,
    raise_faults,
)
from raysearch.space.values import (
    is_among,
    is_same,
    not_among,
    scalar_fault,
    show,
    show_all,
    type_name,
)
from raysearch.space.when import When, conditions_of
from raysearch.trial import Value

if TYPE_CHECKING:
    import numpy as np

    from raysearch.space.space import Space


class NotGiven(Enum):
    """What stands for a default that was not given."""

    NOT_GIVEN = "not given"


NOT_GIVEN = NotGiven.NOT_GIVEN  # None may be one of the values, and then the default

MOST_VALUES = 10_000
"""Values that a choice may have."""


@dataclass(frozen=True, slots=True, init=False)
class Choice(Domain):
    """One of several plain values, or one of several whole sub-spaces.

    The values may mix types, but must differ in Python's sense as well: 1, 1.0 and True together
    are refused, because configurations with them would compare equal. The n values have the places
    (i + 0.5) / n on the unit interval, in the order given.

    A choice of sub-spaces holds the name of the one that was chosen. In a `Space` it becomes a
    choice of names, next to the parameters of all sub-spaces, each active under its name.

    Args:
        values: The values, or the sub-spaces by name.
        ordered: Whether neighbours are alike: mutations then move to a neighbour, and priors fall
            off with the distance.
        default: One of the values; the first if not given. None counts as not given unless it is
            one of the values.
        prior: A belief about the best value.
        when: Conditions under which the parameter is active.

    Raises:
        ConfigurationError: With all that is wrong with the arguments.

    Example:
        >>> domain = Choice(["relu", "gelu", None], default="gelu")
        >>> domain.default_value(), domain.to_unit("relu"), domain.describe()
        ('gelu', 0.16666666666666666, 'relu, gelu, null')
        >>> domain.explain("rleu")
        'rleu is not one of relu, gelu, null. Did you mean relu?'
    """

    values: tuple[Value, ...]
    ordered: bool
    default: Value
    prior: Prior | None
    when: When
    subspaces: tuple[Space, ...] = field(init=False)
    """One for each value, or none at all."""
    _kinds: tuple[type, ...] = field(init=False, repr=False)

    def __init__(
        self,
        values: Sequence[Value] | Mapping[str, Space],
        *,
        ordered: bool = False,
        default: Value | NotGiven = NOT_GIVEN,
        prior: Prior | None = None,
        when: When = None,
    ) -> None:
        faults = _value_faults(values) + _ordered_faults(ordered)
        listed = () if faults else tuple(values)
        if default is NOT_GIVEN or (default is None and None not in listed):
            default = listed[0] if listed else None
        subspaces = tuple(values.values()) if isinstance(values, Mapping) else ()
        for name, value in (
            ("values", listed),
            ("ordered", ordered),
            ("default", default),
            ("prior", prior),
            ("when", conditions_of(when, faults=faults)),
            ("subspaces", subspaces),
            ("_kinds", tuple(map(type, listed))),  # so that [1] and [True] are different domains
        ):
            object.__setattr__(self, name, value)
        if listed:
            faults += belief_faults(self, default=default, prior=prior)
        raise_faults(faults)

    def sample(self, rng: np.random.Generator) -> Value:
        """Return a value drawn uniformly, or according to the prior."""
        prior = self.prior
        if prior is None:
            return self.from_unit(rng.random())
        if self.ordered:
            return self.from_unit(draw_near(self.to_unit(prior.centre), rng, spread=prior.spread))
        return prior.centre if rng.random() < prior.confidence else self.from_unit(rng.random())

    def contains(self, value: object) -> bool:
        """Return whether the value, with its type, is one of the values."""
        return is_among(value, self.values)

    def refusal(self, value: object) -> str:
        """Return why a value that is not legal is not, with the nearest one that is."""
        return not_among(value, self.values)

    def default_value(self) -> Value:
        """Return the default: the given one, else the first."""
        return self.default

    def to_unit(self, value: Any) -> float:
        """Return the middle of the value's cell."""
        return (self.values.index(value) + 0.5) / len(self.values)

    def from_unit(self, u: float) -> Value:
        """Return the value whose cell holds the place."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def grid(self, points: int | None = None) -> Iterator[Value]:
        """Return all values in their order, whatever `points` is."""
        return iter(self.values)

    def size(self) -> int:
        """Return how many values there are."""
        return len(self.values)

    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""
        return covers_each(self, other)

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> Value:
        """Return another value, a neighbour if they are ordered; the same if it is alone."""
        index, n = self.values.index(value), len(self.values)
        if n == 1:
            return value  # type: ignore[no-any-return]
        if self.ordered:
            step = 1 if rng.random() < 0.5 else -1
            return self.values[index + step if 0 <= index + step < n else index - step]
        other = int(rng.random() * (n - 1))
        return self.values[other if other < index else other + 1]

    def describe(self) -> str:
        """Return the values, such as "relu, gelu"."""
        return show_all(self.values)


def _value_faults(values: object) -> list[str]:
    if isinstance(values, Mapping | list | tuple) and len(values) > MOST_VALUES:
        return [
            f"The choice has {len(values)} values, and may have {MOST_VALUES}. Give a range of "
            "numbers, or split it into several parameters."
        ]
    if isinstance(values, Mapping):
        faults = _subspace_faults(values)
    elif isinstance(values, list | tuple):
        faults = [fault for fault in map(scalar_fault, values) if fault] or _twin_faults(values)
    else:
        return [f"{show(values)} is {type_name(values)}. List the values to choose from."]
    return faults if values else ["The choice is empty. List the values to choose from."]


def _subspace_faults(subspaces: Mapping[object, object]) -> list[str]:
    from raysearch.space.space import Space  # here, since a space is made of choices

    names = [name for name in subspaces if type(name) is not str or not name]
    faults = [f"{show(n)} is {type_name(n)}, and names a sub-space. Use a text." for n in names]
    return faults + [
        f"sub-space {show(name)}: {show(space)} is {type_name(space)}. Give a Space."
        for name, space in subspaces.items()
        if not isinstance(space, Space)
    ]


def _twin_faults(values: Sequence[Value]) -> list[str]:
    """Return which values are listed twice, or count as equal although their types differ."""
    faults = []
    seen: dict[Value, Value] = {}
    for value in values:
        is_first = value not in seen
        first = seen.setdefault(value, value)
        if not is_same(first, value):
            faults.append(
                f"{show(first)} and {show(value)} count as equal. Keep one, or write both as text."
            )
        elif not is_first:
            faults.append(f"{show(value)} is listed twice. Remove one.")
    return faults


def _ordered_faults(ordered: object) -> list[str]:
    if type(ordered) is bool:
        return []
    return [f"ordered is {show(ordered)}, {type_name(ordered)}. Give true or false."]
