"""How are configurations drawn, mutated and crossed over?

Each operator walks the parameters, parents before children, and fills in those that are active
given what is there already. So the result is always a configuration of the space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from raysearch.errors import ConfigurationError
from raysearch.space.conditions import Parameter
from raysearch.space.values import show
from raysearch.trial import Configuration, Value

if TYPE_CHECKING:
    import numpy as np


def sample(parameters: Sequence[Parameter], rng: np.random.Generator) -> dict[str, Value]:
    """Return a configuration with every active parameter drawn from its domain."""
    configuration: dict[str, Value] = {}
    for parameter in parameters:
        if parameter.is_active(configuration):
            configuration[parameter.key] = parameter.domain.sample(rng)
    return configuration


def completed(parameters: Sequence[Parameter], partial: Mapping[str, Value]) -> dict[str, Value]:
    """Return the active parameters with the values given, and at their defaults where none is.

    A given value activates what it would in any configuration. It is not checked; keys that are
    unknown or inactive do not appear.
    """
    configuration: dict[str, Value] = {}
    for parameter in parameters:
        key, domain = parameter.key, parameter.domain
        if parameter.is_active(configuration):
            value = partial[key] if key in partial else domain.default_value()
            configuration[key] = domain.canonical(value)
    return configuration


def mutate(
    parameters: Sequence[Parameter],
    configuration: Configuration,
    rng: np.random.Generator,
    *,
    n_mutations: int,
    scale: float,
) -> dict[str, Value]:
    """Return a configuration that differs in up to `n_mutations` parameters and what hangs on them.

    The mutated parameters are drawn, without repetition, from the active ones with more than one
    value. Where a change makes other parameters active, these take the value that their key had
    before, if it is legal, and are drawn otherwise.

    Raises:
        ConfigurationError: `n_mutations` is not positive, or `scale` lies outside (0, 1].
    """
    if type(n_mutations) is not int or n_mutations < 1:
        raise ConfigurationError(f"n_mutations is {show(n_mutations)}. Give an int from 1 on.")
    if type(scale) not in (int, float) or not 0 < scale <= 1:
        raise ConfigurationError(f"scale is {show(scale)}. Give a number in (0, 1].")
    candidates = [p for p in parameters if p.is_active(configuration) and p.domain.size() != 1]
    n = min(n_mutations, len(candidates))
    chosen = {candidates[i].label for i in rng.permutation(len(candidates))[:n]}
    child: dict[str, Value] = {}
    for parameter in parameters:
        if not parameter.is_active(child):
            continue
        value, domain = configuration.get(parameter.key), parameter.domain
        if parameter.label in chosen:
            value = domain.mutate(value, rng, scale)
        elif parameter.key not in configuration or not domain.contains(value):
            value = domain.sample(rng)
        child[parameter.key] = domain.canonical(value)
    return child


def crossover(
    parameters: Sequence[Parameter],
    one: Configuration,
    other: Configuration,
    rng: np.random.Generator,
) -> dict[str, Value]:
    """Return a child of two configurations.

    A parameter that is active in both parents takes the value of either with equal chances, and a
    graph is bred from both; one that is active in one of them takes that parent's value, so that a
    branch which only one parent has comes from it as a whole. A parameter that is active in
    neither, as its conditions never met before, takes the value of the same key in a parent, if it
    is legal, and is drawn otherwise.
    """
    child: dict[str, Value] = {}
    for parameter in parameters:
        if not parameter.is_active(child):
            continue
        donors = [parent for parent in (one, other) if parameter.is_active(parent)] or [
            parent
            for parent in (one, other)
            if parameter.key in parent and parameter.domain.contains(parent[parameter.key])
        ]
        if donors:
            values = [parameter.domain.canonical(donor[parameter.key]) for donor in donors]
            child[parameter.key] = parameter.domain.crossover(values[0], values[-1], rng)
        else:
            child[parameter.key] = parameter.domain.sample(rng)
    return child
