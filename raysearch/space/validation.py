"""Which faults does a configuration have, given the parameters of a space?

All faults are found in one pass. Parameters below one that is itself missing or illegal are not
judged, since nobody can know whether they are active.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raysearch.errors import unknown_name
from raysearch.space.conditions import Occurrences, Parameter
from raysearch.space.values import show, type_name
from raysearch.trial import Configuration, Value


def checked(
    parameters: Sequence[Parameter], configuration: Configuration, *, occurrences: Occurrences
) -> tuple[dict[str, Value], list[str]]:
    """Return the configuration in its canonical form and order, and one message per fault.

    The configuration returned holds the active parameters that are legal.
    """
    given: object = configuration
    if not isinstance(given, Mapping):
        kind = type_name(given)
        return {}, [f"{show(given)} is {kind}, and a configuration maps keys to values."]
    legal: dict[str, Value] = {}
    unclear: set[str] = set()  # keys that are missing or illegal, and those that depend on them
    faults: list[str] = []
    for parameter in parameters:
        key = parameter.key
        if not parameter.is_active(legal):
            if any(parent in unclear for parent, _ in parameter.when):
                unclear.add(key)
            continue
        fault = _value_fault(parameter, configuration)
        if fault is None:
            legal[key] = parameter.domain.canonical(configuration[key])
        else:
            faults.append(fault)
            unclear.add(key)
    for key, value in configuration.items():
        if key not in occurrences:
            kind = "a parameter of this space"
            faults.append(unknown_name(str(key), kind=kind, valid=occurrences))
        elif key not in legal and key not in unclear:
            faults.append(_inactive_fault(key, value, occurrences=occurrences))
    return legal, faults


def _value_fault(parameter: Parameter, configuration: Configuration) -> str | None:
    key, domain = parameter.key, parameter.domain
    if key not in configuration:
        because = f", because {parameter.needs()}" if parameter.when else ""
        return (
            f"{key} is missing, and it is active{because}. "
            f"Give it one of {domain.describe()}; its default is {show(domain.default_value())}."
        )
    fault = domain.explain(configuration[key])
    return None if fault is None else f"{parameter.label}: {fault}"


def _inactive_fault(key: str, value: Value, *, occurrences: Occurrences) -> str:
    needs = "; or ".join(parameter.needs() for parameter in occurrences[key])
    return f"{key} is {show(value)}, but it is inactive: it needs {needs}. Leave it out."
