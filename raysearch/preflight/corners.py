"""Which configurations are tried before a search starts?

The default of each family, and the same from each checkpoint that it may begin from; then its
highest and its lowest corner, where every number stands at one end of its range, then the points
that the search begins with, and each value of a `Choice` or `Bool` that none of those has. What
holds at the ends mostly holds in between: the highest corner is the largest model and the longest
epoch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from raysearch.experiment import Experiment
from raysearch.experiment.spaces import MODEL
from raysearch.init_from import INIT_FROM
from raysearch.space import Bool, Choice, Float, Int, Parameter, Space
from raysearch.space.values import is_among, show
from raysearch.trial import Configuration, Value

MOST = 32
"""Configurations that are tried at most; those of the largest spaces are cut off at the end."""

DEFAULT, HIGHEST, LOWEST = "default", "highest", "lowest"

Chooser = Callable[[Parameter], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """One configuration that is tried, and why."""

    name: str
    """"default", "highest", "lowest", or the value that it is tried for: "optimizer = sgd"."""
    family: str
    """Of several families the one it is of, else empty."""
    configuration: Configuration

    @property
    def is_of_checkpoint(self) -> bool:
        """Whether it is tried for a checkpoint that it begins from."""
        return self.name.partition(" ")[0].rpartition(".")[2] == INIT_FROM

    @property
    def label(self) -> str:
        """The name, with the family in front if it needs that: "cnn, highest"."""
        is_of_family = self.family and self.name in (DEFAULT, HIGHEST, LOWEST)
        return f"{self.family}, {self.name}" if is_of_family else self.name


def corners_of(experiment: Experiment, *, most: int = MOST) -> tuple[Corner, ...]:
    """Return the configurations of an experiment to try; see `corners`."""
    names = [choice.name for choice in experiment.models]
    families = names if len(names) > 1 else []
    return corners(experiment.space, families=families, points=experiment.points, most=most)


def corners(
    space: Space,
    *,
    families: Sequence[str] = (),
    points: Sequence[Configuration] = (),
    most: int = MOST,
) -> tuple[Corner, ...]:
    """Return configurations of a space that are worth trying, each once.

    Args:
        space: The search space.
        families: Values of the parameter `model`; empty if there is no such parameter.
        points: Configurations that the search will try first.
        most: How many at most, at least 1.

    Returns:
        The default first, then those of the other families; then one for each checkpoint that is
        begun from; then of each family the highest corner, of each the lowest; then the points;
        then one for each value of a `Choice` or `Bool` that is still missing, with the rest at its
        default. All of them lie in the space.

    Example:
        >>> space = Space(
        ...     {
        ...         "depth": Int(1, 6),
        ...         "optimizer": Choice(["adam", "sgd"]),
        ...         "momentum": Float(0.0, 0.9, when={"optimizer": ["sgd"]}),
        ...     }
        ... )
        >>> for corner in corners(space):
        ...     print(corner.label, corner.configuration)
        default {'depth': 3, 'optimizer': 'adam'}
        highest {'depth': 6, 'optimizer': 'adam'}
        lowest {'depth': 1, 'optimizer': 'adam'}
        optimizer = sgd {'depth': 3, 'optimizer': 'sgd', 'momentum': 0.45}
    """
    found: list[Corner] = []
    starts = [p for p in space if p.key.rpartition(".")[2] == INIT_FROM]
    wanted = itertools.chain(
        _ends(space, {DEFAULT: _default}, families=families),
        _values(starts, space, families=families, found=found),
        _ends(space, {HIGHEST: _highest, LOWEST: _lowest}, families=families),
        _points(points, families=families),
        _values(space.parameters, space, families=families, found=found),
    )
    for corner in wanted:
        if len(found) == most:
            break
        if all(corner.configuration != other.configuration for other in found):
            found.append(corner)
    return tuple(found)


def _ends(
    space: Space, choosers: Mapping[str, Chooser], *, families: Sequence[str]
) -> Iterator[Corner]:
    """Yield one corner by each way to choose; the family of the default configuration first."""
    default = space.default()
    first = default.get(MODEL)
    ordered = sorted(families, key=lambda name: name != first) or [""]
    for name, chooser in choosers.items():
        for family in ordered:
            forced: dict[str, Value] = {MODEL: family} if family else {}
            configuration = _filled(space, choose=chooser, forced=forced)
            yield Corner(name=name, family=family, configuration=configuration)


def _points(points: Sequence[Configuration], *, families: Sequence[str]) -> Iterator[Corner]:
    for number, point in enumerate(points, start=1):
        family = str(point[MODEL]) if families else ""
        yield Corner(name=f"point {number}", family=family, configuration=point)


def _values(
    parameters: Sequence[Parameter],
    space: Space,
    *,
    families: Sequence[str],
    found: Sequence[Corner],
) -> Iterator[Corner]:
    """Yield a configuration for each value of parameters that none of those found, by then, has.

    Those of parameters under few conditions come first, as of the optimiser before the many of a
    cell's edges. A value that some condition puts out of reach of the defaults of its parents'
    parents is left.
    """
    for parameter in sorted(parameters, key=lambda parameter: len(parameter.when)):
        if not isinstance(parameter.domain, Choice | Bool):
            continue
        for value in parameter.domain.grid():
            if any(_has(corner.configuration, parameter, value) for corner in found):
                continue
            forced = {**_needed(space, parameter), parameter.key: value}
            configuration = _filled(space, choose=_default, forced=forced)
            if _has(configuration, parameter, value):
                name = f"{parameter.key} = {show(value)}"
                family = str(configuration[MODEL]) if families else ""
                yield Corner(name=name, family=family, configuration=configuration)


def _has(configuration: Configuration, parameter: Parameter, value: Value) -> bool:
    is_there = parameter.is_active(configuration) and parameter.key in configuration
    return is_there and is_among(configuration[parameter.key], [value])


def _needed(space: Space, parameter: Parameter) -> dict[str, Value]:
    """Return values of a parameter's ancestors under which it is active."""
    needed: dict[str, Value] = {}
    for key, values in parameter.when:
        for parent in space[key]:
            default = parent.domain.default_value()
            legal = [value for value in values if parent.domain.contains(value)]
            if legal:
                value = default if is_among(default, values) else legal[0]
                needed |= {**_needed(space, parent), key: value}
                break
    return needed


def _filled(space: Space, *, choose: Chooser, forced: Mapping[str, Value]) -> dict[str, Value]:
    """Return the configuration with some values given, and the others chosen."""
    configuration: dict[str, Value] = {}
    for parameter in space:
        if not parameter.is_active(configuration):
            continue
        value = forced.get(parameter.key)
        is_given = parameter.key in forced and parameter.domain.contains(value)
        configuration[parameter.key] = value if is_given else choose(parameter)
    return configuration


def _default(parameter: Parameter) -> Value:
    return parameter.domain.default_value()


def _highest(parameter: Parameter) -> Value:
    return _end(parameter, u=1.0)


def _lowest(parameter: Parameter) -> Value:
    return _end(parameter, u=0.0)


def _end(parameter: Parameter, *, u: float) -> Value:
    """Return the value at one end of a range of numbers, the default of other domains."""
    domain = parameter.domain
    if isinstance(domain, Int | Float):
        return domain.from_unit(u)
    if isinstance(domain, Choice) and _are_numbers(domain.values):
        return max(domain.values, key=_number) if u else min(domain.values, key=_number)
    return domain.default_value()


def _are_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _number(value: Value) -> float:
    return float(value)  # type: ignore[arg-type]  # only called for numbers
