"""When is a parameter active, and can conditions hold together?

A parameter is active when all its conditions hold: each names a parent, which must be active, and
the values that it may have. One key may belong to several parameters ("occurrences") of which at
most one is ever active. Whether that is so, which occurrence of a parent a condition can mean, and
whether a condition can hold at all, is decided exactly, by searching for a `scenario`: a choice of
one occurrence and of allowed values for every ancestor, without contradiction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from raysearch.errors import unknown_name
from raysearch.space.domain import Domain
from raysearch.space.values import is_among, show
from raysearch.space.when import Conditions
from raysearch.trial import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a space: an occurrence of a key."""

    key: str
    """Flat, dotted key of the configuration."""
    domain: Domain
    """Its values, without conditions."""
    branch: Conditions = ()
    """Conditions from the sub-spaces that it lies in."""
    own: Conditions = ()
    """Conditions of its own."""
    label: str = ""
    """Unique in its space: the key, with the conditions in brackets if it occurs several times."""

    @property
    def when(self) -> Conditions:
        """All conditions: (parent key, values that it may have), each parent once."""
        together = merged(self.branch, self.own)
        return self.branch + self.own if together is None else tuple(together.items())

    def is_active(self, configuration: Mapping[str, object]) -> bool:
        """Return whether all conditions hold, given the active parameters above this one."""
        return all(
            key in configuration and is_among(configuration[key], values)
            for key, values in self.branch + self.own
        )

    def needs(self) -> str:
        """Return the conditions as a phrase, such as "optimizer = sgd or adam, depth = 2"."""
        return ", ".join(
            f"{key} = {' or '.join(show(value) for value in values)}" for key, values in self.when
        )


Occurrences = Mapping[str, Sequence[Parameter]]
"""The parameters of a space by key."""


def occurrences_of(parameters: Iterable[Parameter]) -> dict[str, tuple[Parameter, ...]]:
    """Return the parameters by key, in their order."""
    found: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        found.setdefault(parameter.key, []).append(parameter)
    return {key: tuple(listed) for key, listed in found.items()}


def merged(*conditions: Conditions) -> dict[str, tuple[Value, ...]] | None:
    """Return all the conditions as one: of each parent, the values that all of them allow.

    None if they contradict each other, which leaves a parent without a value.

    Example:
        >>> merged((("depth", (1, 2)),), (("depth", (2, 3)), ("norm", ("none",))))
        {'depth': (2,), 'norm': ('none',)}
        >>> merged((("depth", (1, 2)),), (("depth", (3,)),))
    """
    together: dict[str, tuple[Value, ...]] = {}
    for key, values in itertools.chain(*conditions):
        if key in together:
            values = tuple(value for value in together[key] if is_among(value, values))
        if not values:
            return None
        together[key] = values
    return together


def scenarios(
    conditions: Conditions, *, occurrences: Occurrences
) -> Iterator[dict[str, Parameter]]:
    """Yield every way in which the conditions can hold, as the occurrence of each ancestor.

    Nothing is yielded if they contradict each other, directly or through their ancestors.
    """
    required = merged(conditions)
    if required is not None:
        yield from _extended(required, {}, occurrences)


def can_hold(conditions: Conditions, *, occurrences: Occurrences) -> bool:
    """Return whether some configuration fulfils all the conditions."""
    return next(scenarios(conditions, occurrences=occurrences), None) is not None


def _extended(
    required: dict[str, tuple[Value, ...]], bound: dict[str, Parameter], occurrences: Occurrences
) -> Iterator[dict[str, Parameter]]:
    """Yield the scenarios in which `required` holds and the ancestors in `bound` are settled."""
    key = next((key for key in required if key not in bound), None)
    if key is None:
        yield bound
        return
    for parent in occurrences.get(key, ()):
        legal = tuple(filter(parent.domain.contains, required[key]))
        above = merged(((key, legal),), tuple(required.items()), parent.branch, parent.own)
        if above is not None:
            yield from _extended(above, {**bound, key: parent}, occurrences)


def in_order(parameters: Sequence[Parameter]) -> tuple[tuple[Parameter, ...], list[str]]:
    """Return the parameters, parents before children, else in the order given; and what is wrong.

    Returns:
        The order, and a message about the first cycle, which leaves the order meaningless.
    """
    occurrences = occurrences_of(parameters)
    ordered: dict[int, Parameter] = {}  # by identity: equal parameters are a fault found elsewhere
    faults: list[str] = []

    def visit(parameter: Parameter, path: tuple[Parameter, ...]) -> None:
        """Put a parameter behind its parents, unless it is among its own ancestors, the path."""
        if id(parameter) in ordered or faults:
            return
        if any(parameter is ancestor for ancestor in path):
            keys = [ancestor.key for ancestor in path[path.index(parameter) :]] + [parameter.key]
            faults.append(
                f"{parameter.key} is active only when {parameter.needs()}, which depends on "
                f"{parameter.key} itself ({' <- '.join(keys)}). Remove one of these conditions."
            )
            return
        for parent in _parents(parameter, occurrences=occurrences):
            visit(parent, (*path, parameter))
        ordered[id(parameter)] = parameter

    for parameter in parameters:
        visit(parameter, ())
    return tuple(ordered.values()), faults


def _parents(parameter: Parameter, *, occurrences: Occurrences) -> list[Parameter]:
    """Return the occurrences of the parents with which the parameter can be active."""
    parents: list[Parameter] = []
    for key, _ in parameter.when:
        candidates = occurrences.get(key, ())
        for parent in candidates:
            narrowed = {**occurrences, key: (parent,)}
            if len(candidates) == 1 or can_hold(parameter.when, occurrences=narrowed):
                parents.append(parent)
    return parents


def condition_faults(parameters: Sequence[Parameter]) -> list[str]:
    """Return what is wrong with the conditions: contradictions and clashes."""
    occurrences = occurrences_of(parameters)
    faults: list[str] = []
    for parameter in parameters:
        if not can_hold(parameter.when, occurrences=occurrences):
            faults.append(
                f"{parameter.key} can never be active: its conditions, {parameter.needs()}, "
                f"contradict each other or those of its parents. Change or remove one."
            )
    for key, listed in occurrences.items():
        faults += [
            f"{key} occurs twice at once: {_place(one)} and {_place(other)} can both hold. "
            f"Rename one, or give them conditions that exclude each other."
            for index, one in enumerate(listed)
            for other in listed[index + 1 :]
            if can_hold(one.when + other.when, occurrences=occurrences)
        ]
    return faults


def reference_faults(parameter: Parameter, *, occurrences: Occurrences) -> list[str]:
    """Return which parents of its own conditions, or which of their values, do not exist."""
    faults = []
    for key, values in parameter.own:
        if key not in occurrences:
            where = f"{parameter.key}, when: "
            faults.append(
                unknown_name(key, kind="a parameter of this space", valid=occurrences, where=where)
            )
            continue
        for value in values:
            if not any(parent.domain.contains(value) for parent in occurrences[key]):
                faults.append(
                    f"{parameter.key}, when {key}: {occurrences[key][0].domain.explain(value)}"
                )
    return faults


def _place(parameter: Parameter) -> str:
    return f'"{parameter.needs()}"' if parameter.when else "always"


def labelled(parameters: Sequence[Parameter]) -> list[str]:
    """Return a label for each parameter: its key, with its conditions if the key is not unique.

    Example:
        >>> from raysearch.space import Choice, Int, Space
        >>> sizes = {"small": Space({"n": Int(1, 4)}), "large": Space({"n": Int(5, 9)})}
        >>> [p.label for p in Space({"size": Choice(sizes)}).parameters]
        ['size', 'n[size=small]', 'n[size=large]']
    """
    occurrences = occurrences_of(parameters)
    return [_label(p, among=occurrences[p.key]) for p in parameters]


def _label(parameter: Parameter, *, among: Sequence[Parameter]) -> str:
    if len(among) == 1:
        return parameter.key
    branches_differ = len({p.branch for p in among}) == len(among)
    conditions = parameter.branch if branches_differ else parameter.when
    short = ",".join(f"{key}={'|'.join(map(show, values))}" for key, values in conditions)
    return f"{parameter.key}[{short}]"
