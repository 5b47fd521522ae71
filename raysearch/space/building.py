"""How do domains become the parameters of a space, and how is a space derived from another?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space.choice import Choice
from raysearch.space.conditions import (
    Occurrences,
    Parameter,
    can_hold,
    condition_faults,
    in_order,
    labelled,
    occurrences_of,
    reference_faults,
)
from raysearch.space.domain import Domain, raise_faults, unconditional
from raysearch.space.plain import Fixed
from raysearch.space.values import distinct, show, type_name
from raysearch.space.when import Conditions, conditions_of
from raysearch.trial import Value


def flattened(domains: Mapping[str, Domain | Value]) -> list[Parameter]:
    """Return the parameters of a space and of the sub-spaces in it.

    Raises:
        ConfigurationError: A key or a domain is none.
    """
    if not isinstance(domains, Mapping):
        raise ConfigurationError(
            f"A space is made of {show(domains)}, {type_name(domains)}. "
            f"Give a mapping from keys to domains."
        )
    return [parameter for listed in _expanded(domains).values() for parameter in listed]


def _expanded(domains: Mapping[str, Domain | Value]) -> dict[str, list[Parameter]]:
    """Return, for each key, its parameter followed by those of its sub-spaces."""
    expanded: dict[str, list[Parameter]] = {}
    faults: list[str] = []
    for key, domain in domains.items():
        if type(key) is not str or not key:
            faults.append(f"{show(key)} is {type_name(key)}, and a key is needed. Use a text.")
            continue
        try:
            expanded[key] = _parameters_of(key, domain)
        except ConfigurationError as error:
            faults += [f"{key}: {fault}" for fault in error.faults]
    raise_faults(faults)
    return expanded


def _parameters_of(key: str, domain: Domain | Value) -> list[Parameter]:
    if isinstance(domain, list | tuple | Mapping):
        raise ConfigurationError(
            f"{show(domain)} is {type_name(domain)}, and a domain or a plain value is needed. "
            f"To choose among several values, use Choice."
        )
    domain = domain if isinstance(domain, Domain) else Fixed(domain)
    own = conditions_of(domain.when, faults=[]) or ()
    parameters = [Parameter(key=key, domain=unconditional(domain), own=own)]
    if isinstance(domain, Choice):
        for name, subspace in zip(domain.values, domain.subspaces, strict=False):
            branch: Conditions = ((key, (name,)),)
            parameters += [replace(p, branch=branch + p.branch) for p in subspace.parameters]
    return parameters


def settled(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return the parameters checked, in order, with labels, and conditions in their parents' types.

    Raises:
        ConfigurationError: With all that is wrong with the conditions.
    """
    occurrences = occurrences_of(parameters)
    raise_faults(
        fault for p in parameters for fault in reference_faults(p, occurrences=occurrences)
    )
    typed = [
        replace(
            p,
            branch=_in_parents_types(p.branch, occurrences=occurrences),
            own=_in_parents_types(p.own, occurrences=occurrences),
        )
        for p in parameters
    ]
    ordered, cycles = in_order(typed)
    raise_faults(cycles + condition_faults(typed))
    return tuple(
        replace(p, label=label) for p, label in zip(ordered, labelled(ordered), strict=True)
    )


def _in_parents_types(conditions: Conditions, *, occurrences: Occurrences) -> Conditions:
    """Return the conditions with the values that some parent may have, in that parent's type."""
    typed: list[tuple[str, tuple[Value, ...]]] = []
    for key, values in conditions:
        legal = (
            parent.domain.canonical(value)
            for parent in occurrences.get(key, ())
            for value in values
            if parent.domain.contains(value)
        )
        typed.append((key, distinct(legal)))
    return tuple(typed)


def renamed(parameters: Sequence[Parameter], *, prefix: str) -> list[Parameter]:
    """Return the parameters with a prefix before their keys and those in their conditions."""

    def prefixed(conditions: Conditions) -> Conditions:
        return tuple((prefix + key, values) for key, values in conditions)

    return [
        replace(p, key=prefix + p.key, branch=prefixed(p.branch), own=prefixed(p.own))
        for p in parameters
    ]


def replaced(
    parameters: Sequence[Parameter], domains: Mapping[str, Domain | Value]
) -> list[Parameter]:
    """Return the parameters with other domains, without those that can no longer be active.

    A replaced parameter stays in its branch. It keeps its own conditions unless the new domain has
    a `when`, be it empty. Conditions of other parameters lose the values that a new domain does not
    have, and parameters whose conditions have lost all are left out; so are the parameters of
    sub-spaces that new sub-spaces replace.

    Raises:
        ConfigurationError: A key does not exist, or a domain is none.
    """
    keys = occurrences_of(parameters)
    kind = "a parameter of this space"
    raise_faults(unknown_name(str(k), kind=kind, valid=keys) for k in domains if k not in keys)
    rebranched = {k for k, d in domains.items() if isinstance(d, Choice) and d.subspaces}
    expanded = _expanded(domains)
    derived: list[_Derived] = []
    for old in parameters:
        if old.key in domains:
            derived += _successors(old, expanded[old.key], domain=domains[old.key])
        elif not rebranched.intersection(key for key, _ in old.branch):
            derived.append(_Derived(old, own_is_new=False))
    return _possible(derived)


class _Derived(NamedTuple):
    """A parameter of a space that is being derived from another."""

    parameter: Parameter
    own_is_new: bool
    """Whether its own conditions were just given, so that what is wrong with them is a fault."""


def _successors(
    old: Parameter, expanded: Sequence[Parameter], *, domain: Domain | Value
) -> list[_Derived]:
    """Return what takes the place of a parameter: itself with another domain, and sub-spaces."""
    first, *below = expanded
    own_is_new = isinstance(domain, Domain) and domain.when is not None
    first = replace(first, branch=old.branch, own=first.own if own_is_new else old.own)
    return [
        _Derived(first, own_is_new=own_is_new),
        *(_Derived(replace(p, branch=old.branch + p.branch), own_is_new=True) for p in below),
    ]


def _possible(derived: Sequence[_Derived]) -> list[Parameter]:
    """Return the parameters whose kept conditions can hold, with what is left of these."""
    occurrences = occurrences_of(parameter for parameter, _ in derived)
    possible: list[Parameter] = []
    for parameter, own_is_new in derived:
        branch = _in_parents_types(parameter.branch, occurrences=occurrences)
        own = parameter.own
        if not own_is_new:
            own = _in_parents_types(own, occurrences=occurrences)
        narrowed = replace(parameter, branch=branch, own=own)
        conditions = branch if own_is_new else narrowed.when
        if can_hold(conditions, occurrences=occurrences) and narrowed not in possible:
            possible.append(narrowed)
    return possible
