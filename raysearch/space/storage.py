"""How is a space stored as JSON, and read back unchanged?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.space.conditions import Parameter
from raysearch.space.domain import raise_faults
from raysearch.space.settings import (
    conditions_to_json,
    domain_from_settings,
    domain_to_settings,
)
from raysearch.space.values import show
from raysearch.space.when import conditions_of

_SCHEMA_VERSION = 1


def parameters_to_json(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the parameters as plain JSON values, conditions included."""
    return {
        "schema_version": _SCHEMA_VERSION,
        "parameters": [_to_json(parameter) for parameter in parameters],
    }


def _to_json(parameter: Parameter) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": parameter.key, "domain": domain_to_settings(parameter.domain)}
    if parameter.branch:
        entry["branch"] = conditions_to_json(parameter.branch)
    if parameter.own:
        entry["when"] = conditions_to_json(parameter.own)
    return entry


def parameters_from_json(values: Mapping[str, Any]) -> list[Parameter]:
    """Return the parameters that `parameters_to_json` wrote.

    Raises:
        ConfigurationError: The values are of another version, or a domain is wrong.
    """
    version = values.get("schema_version")
    if version != _SCHEMA_VERSION:
        raise ConfigurationError(
            f"The space has schema_version {show(version)}, and {_SCHEMA_VERSION} can be read. "
            f"Use the version of raysearch that wrote it."
        )
    parameters: list[Parameter] = []
    faults: list[str] = []
    for entry in values.get("parameters", [None]):
        if not isinstance(entry, Mapping) or not {"key", "domain"} <= set(entry):
            faults.append(f"The space holds {show(entry)}, and not a key and its domain.")
            continue
        try:
            domain = domain_from_settings(entry["domain"])
        except ConfigurationError as error:
            faults += [f"{entry['key']}: {fault}" for fault in error.faults]
            continue
        parameters.append(
            Parameter(
                key=entry["key"],
                domain=domain,
                branch=conditions_of(entry.get("branch", {}), faults=faults) or (),
                own=conditions_of(entry.get("when", {}), faults=faults) or (),
            )
        )
    raise_faults(faults)
    return parameters
