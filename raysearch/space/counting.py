"""Which configurations does a grid hold, and how many are there?

They are enumerated depth first: the first parameter varies slowest. They are counted without being
enumerated, by splitting what does not depend on each other into factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from raysearch.errors import ConfigurationError
from raysearch.space.conditions import Parameter
from raysearch.space.values import is_among, is_same, show
from raysearch.trial import Value

_OTHER = object()


def grid(parameters: Sequence[Parameter], *, points: int | None) -> Iterator[dict[str, Value]]:
    """Return every configuration, numbers being reduced to `points` values unless it is None.

    Raises:
        ConfigurationError: There are infinitely many, a parameter is a Graph, or `points` is not
            positive.
    """
    _check_points(points)
    infinite = _infinite(parameters)
    placeless = [p.label for p in parameters if not p.domain.has_places]
    if placeless:
        raise ConfigurationError(
            f"{placeless[0]} is a Graph, which has no grid: there are infinitely many, in no "
            "order. Fix the graph, or use a searcher that samples or evolves, such as neat."
        )
    if points is None and infinite:
        raise ConfigurationError(
            f"The grid is infinite, because of {', '.join(infinite)}. "
            f"Give points, the number of values to try, or give each a step."
        )
    return _completed({}, parameters, points)


def _check_points(points: object) -> None:
    if points is not None and (type(points) is not int or points < 1):
        raise ConfigurationError(f"points is {show(points)}. Give an int of at least 1.")


def _infinite(parameters: Sequence[Parameter]) -> list[str]:
    return [parameter.label for parameter in parameters if parameter.domain.size() is None]


def _completed(
    configuration: dict[str, Value], rest: Sequence[Parameter], points: int | None
) -> Iterator[dict[str, Value]]:
    for index, parameter in enumerate(rest):
        if parameter.is_active(configuration):
            for value in parameter.domain.grid(points):
                extended = {**configuration, parameter.key: value}
                yield from _completed(extended, rest[index + 1 :], points)
            return
    yield configuration


def grid_size(parameters: Sequence[Parameter], *, points: int | None) -> int | None:
    """Return how many configurations `grid` yields; None if infinitely many."""
    _check_points(points)
    if points is None and _infinite(parameters):
        return None
    return _count(list(parameters), {}, points)


def _count(parameters: list[Parameter], known: Mapping[str, object], points: int | None) -> int:
    """Return the number of ways to complete what is `known` of the parents."""
    return math.prod(_count_linked(group, known, points) for group in _linked(parameters))


def _count_linked(group: list[Parameter], known: Mapping[str, object], points: int | None) -> int:
    first, rest = group[0], group[1:]
    if not first.is_active(known):
        return _count(rest, known, points)
    named, others = _classes(first, rest, points)
    total = sum(_count(rest, {**known, first.key: value}, points) for value in named)
    if others:
        total += others * _count(rest, {**known, first.key: _OTHER}, points)
    return total


def _classes(
    parameter: Parameter, rest: Sequence[Parameter], points: int | None
) -> tuple[list[Value], int]:
    """Return the values that some condition names, and how many others there are."""
    domain = parameter.domain
    mentioned = [
        value for p in rest for key, values in p.when if key == parameter.key for value in values
    ]
    if points is None:
        legal = [v for v in mentioned if domain.contains(v) and is_same(v, domain.canonical(v))]
        size = domain.size() or 0
    else:
        on_grid = tuple(domain.grid(points))
        legal = [value for value in mentioned if is_among(value, on_grid)]
        size = len(on_grid)
    named = list(dict.fromkeys(legal))
    return named, size - len(named)


def _linked(parameters: Sequence[Parameter]) -> list[list[Parameter]]:
    """Return the parameters in groups without conditions or keys in common, parents first."""
    groups: list[tuple[set[str], list[Parameter]]] = []
    present = {parameter.key for parameter in parameters}
    for parameter in parameters:
        keys = {parameter.key, *(key for key, _ in parameter.when if key in present)}
        together = [group for group in groups if group[0] & keys]
        groups = [group for group in groups if not group[0] & keys]
        members = [member for _, listed in together for member in listed]
        groups.append((keys.union(*(found for found, _ in together)), [*members, parameter]))
    return [members for _, members in groups]
