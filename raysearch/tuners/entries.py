"""What is one hyperparameter, and when is it active?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from raysearch.space import Domain, Parameter
from raysearch.space.values import is_among
from raysearch.trial import Value
from raysearch.tuners.domains import KINDS, config_of, domain_of

MOST_VALUES = 10_000
"""Values that are listed of one hyperparameter at most."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A condition: another hyperparameter has one of these values, or this one.

    Example:
        >>> Parent("optimizer", "sgd").values, Parent("optimizer", ["adam", "sgd"]).values
        (('sgd',), ('adam', 'sgd'))
        >>> Parent("optimizer", "sgd").is_active({"optimizer": "adam"})
        False
    """

    name: str
    values: tuple[Value, ...]

    def __init__(self, name: str, values: Any) -> None:
        is_one = values is None or isinstance(values, bool | int | float | str)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "values", (values,) if is_one else tuple(values))

    def is_active(self, values: Mapping[str, Value]) -> bool:
        """Return whether it holds, given the values of all that is active."""
        return self.name in values and is_among(values[self.name], self.values)


@dataclass(frozen=True, slots=True)
class HyperParameter:
    """A name, its range and its conditions.

    Example:
        >>> from raysearch.space import Int
        >>> units = HyperParameter("units", Int(32, 512, step=32, default=32))
        >>> units.kind, units.default, units.prob_to_value(1.0), len(units.values)
        ('Int', 32, 512, 16)
    """

    name: str
    domain: Domain
    conditions: tuple[Parent, ...] = ()
    """All of them must hold."""

    @property
    def kind(self) -> str:
        """The method that asks for it: "Int", "Float", "Choice", "Boolean" or "Fixed"."""
        return KINDS.get(type(self.domain), type(self.domain).__name__)

    @property
    def default(self) -> Value:
        """The value that it has in the default configuration."""
        return self.domain.default_value()

    @property
    def values(self) -> tuple[Value, ...]:
        """All values; ten, evenly in its sampling, of a number that has too many."""
        size = self.domain.size()
        return tuple(self.domain.grid(10 if size is None or size > MOST_VALUES else None))

    def random_sample(self, seed: int | None = None) -> Value:
        """Return a random value; the same one for the same seed."""
        return self.domain.sample(np.random.default_rng(seed))

    def prob_to_value(self, prob: float) -> Value:
        """Return the value at a place in [0, 1]."""
        return self.domain.from_unit(prob)

    def value_to_prob(self, value: Value) -> float:
        """Return the place of a value in [0, 1]: the middle of its share."""
        return self.domain.to_unit(value)

    def get_config(self) -> dict[str, Any]:
        """Return it as plain values, in Keras Tuner's words."""
        conditions = [
            {"class_name": "Parent", "config": {"name": p.name, "values": list(p.values)}}
            for p in self.conditions
        ]
        return {"name": self.name, "conditions": conditions, **config_of(self.domain)}

    @classmethod
    def from_config(cls, kind: str, config: Mapping[str, Any]) -> HyperParameter:
        """Return what `get_config` described."""
        parents = [condition["config"] for condition in config.get("conditions", ())]
        conditions = tuple(Parent(p["name"], p["values"]) for p in parents)
        return cls(config["name"], domain_of(kind, config), conditions)

    @classmethod
    def of(cls, parameter: Parameter) -> HyperParameter:
        """Return the parameter of a space."""
        conditions = tuple(Parent(key, values) for key, values in parameter.when)
        return cls(parameter.key, parameter.domain, conditions)
