"""What can an editor know about experiment files? A JSON schema, with the names that exist.

An editor that reads it completes keys and names, shows what they mean, and marks what cannot be:
`python -m raysearch schema > experiment.schema.json`, and as the first line of a file
`# yaml-language-server: $schema=experiment.schema.json`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from raysearch.data import DATA
from raysearch.experiment.components import SCHEDULER, SEARCHER, Role, settings_form
from raysearch.experiment.objectives import validation_metrics
from raysearch.experiment.settings import NAME, Settings
from raysearch.imports import load_object
from raysearch.measure import MEASURES
from raysearch.models import FAMILIES
from raysearch.models.metrics import LOGGED
from raysearch.space.genome import ACTIVATIONS
from raysearch.space.graph_faults import INITIAL

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCALAR = {"type": ["string", "number", "boolean", "null"]}
BOUNDS = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}

PATH = {
    "type": "string",
    "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
    "description": "A class or function of one's own, as package.module:Name.",
}
INCLUDE = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "Files with shared parts, relative to this one, which takes precedence.",
}

RANGE_KINDS = {
    "int": {**BOUNDS, "description": "Integers from the first to the second bound, both included."},
    "float": {**BOUNDS, "description": "Numbers from the first to the second bound."},
    "choice": {
        "type": "array",
        "items": SCALAR,
        "minItems": 1,
        "description": "One of several values.",
    },
    "bool": {"description": "False or true: write `{bool: {}}`."},
    "fixed": {**SCALAR, "description": "A single value; a plain value by itself means the same."},
    "graph": {
        "anyOf": [BOUNDS, {"type": "object", "maxProperties": 0}],
        "description": "Evolved networks: inputs and outputs, or `{}` where the data say them.",
    },
}
"""Key of a range that says what it is -> schema of its value."""

RANGE_SETTINGS = {
    "step": {"type": "number", "description": "Distance between values; a factor with log."},
    "log": {"type": "boolean", "description": "Whether orders of magnitude are equally likely."},
    "sampling": {
        "enum": ["linear", "log", "reverse_log"],
        "description": "How numbers are spread; reverse_log is dense at the upper end.",
    },
    "max_hidden": {"type": "integer", "description": "Hidden nodes of a graph at most."},
    "max_connections": {"type": "integer", "description": "Connections of a graph at most."},
    "activations": {
        "type": "array",
        "items": {"enum": list(ACTIVATIONS)},
        "minItems": 1,
        "description": "What hidden nodes of a graph may do with their sums.",
    },
    "initial": {
        "enum": list(INITIAL),
        "description": "Whether the minimal graph connects all inputs to all outputs, or none.",
    },
    "weight_scale": {"type": "number", "description": "Deviation of new weights of a graph."},
    "weight_limit": {"type": "number", "description": "Size of a graph's weights at most."},
    "ordered": {"type": "boolean", "description": "Whether neighbouring choices are alike."},
    "default": {**SCALAR, "description": "Value of the default configuration."},
    "prior": {
        "type": "object",
        "properties": {
            "centre": {**SCALAR, "description": "A value that is believed to be good."},
            "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        },
        "required": ["centre", "confidence"],
        "additionalProperties": False,
        "description": "A belief about the best value.",
    },
    "when": {
        "type": "object",
        "description": "Other parameters with their values under which this one is active.",
    },
}
"""Further keys of a range -> schema of their values."""


def json_schema() -> dict[str, Any]:
    """Return a JSON schema, draft 2020-12, of experiment files.

    Example:
        >>> schema = json_schema()
        >>> schema["properties"]["seed"]["description"]
        'Governs all that is drawn: configurations, splits, weights, batches.'
        >>> "digits" in schema["properties"]["data"]["anyOf"][0]["enum"]
        True
    """
    schema = _without_titles(Settings.model_json_schema())
    sections = schema["properties"]
    definitions = schema["$defs"]
    definitions["DataSection"]["properties"]["name"]["enum"] = sorted(DATA)
    definitions["ModelSection"]["properties"]["name"]["enum"] = sorted(FAMILIES)
    definitions["ObjectiveSection"]["properties"]["metric"]["examples"] = _metrics()
    for name in ("DataSection", "ModelSection"):
        definitions[name]["anyOf"] = [{"required": [way]} for way in _ways(definitions[name])]
    model = {"$ref": "#/$defs/ModelSection"}
    one_model = [{"enum": sorted(FAMILIES)}, PATH, model]
    several = {"type": "array", "minItems": 1, "items": {"anyOf": one_model}}
    _replace(sections["name"], {"type": "string", "pattern": f"^{NAME.pattern}$"})
    data = {"$ref": "#/$defs/DataSection"}
    _replace(sections["data"], _named(DATA, PATH, data, {"type": "null"}))
    _replace(sections["model"], {"anyOf": [*one_model, several]})
    objective = {"$ref": "#/$defs/ObjectiveSection"}
    one_objective = _named(_metrics(), {"type": "string"}, objective)
    _replace(sections["objective"], one_objective)
    _replace(sections["objectives"], {"type": "array", "items": one_objective})
    schema["required"].remove("objective")
    schema["anyOf"] = [{"required": ["objective"]}, {"required": ["objectives"]}]
    choose = {"$ref": "#/$defs/Choose"}
    _replace(sections["choose"], {"anyOf": [definitions["Choose"]["properties"]["by"], choose]})
    limit = {"type": "string", "pattern": "^ *(<=|>=|<|>) *[0-9]"}
    limits = {name: {**limit, "description": each.text} for name, each in MEASURES.items()}
    _replace(
        sections["constraints"],
        {"type": ["object", "null"], "properties": limits, "additionalProperties": False},
    )
    definitions["Measuring"]["properties"]["names"]["items"] = {"enum": list(MEASURES)}
    sections["include"] = INCLUDE
    select = {"$ref": "#/$defs/Select"}
    _replace(sections["select"], {"anyOf": [{"type": "boolean"}, select], "default": False})
    repeats = {"$ref": "#/$defs/Repeats"}
    no = {"enum": [False, None]}
    _replace(sections["repeats"], {"anyOf": [no, repeats], "default": False})
    refit = {"$ref": "#/$defs/Refit"}
    _replace(sections["refit"], {"anyOf": [{"type": "boolean"}, refit], "default": True})
    compress = {"$ref": "#/$defs/Compress"}
    _replace(sections["compress"], {"anyOf": [{"type": "boolean"}, compress], "default": False})
    for role in (SEARCHER, SCHEDULER):
        of_class = _of_class(f"{role.section.capitalize()}Section", definitions)
        forms = (*_components(role), PATH, of_class)
        _replace(sections[role.section], _named(role.table, *forms))
    _replace(sections["space"], {"type": ["object", "null"], "additionalProperties": _range()})
    return {"$schema": DIALECT, "title": "raysearch experiment", **schema}


def setting_descriptions(class_path: str) -> dict[str, str]:
    """Return what each argument of a class means, from the "Args" section of its docstring.

    Example:
        >>> setting_descriptions("raysearch.schedulers.asha:ASHA")["max_epochs"]
        'Epochs of a trial that is never stopped, at least 1.'
    """
    text = inspect.getdoc(load_object(class_path)) or ""
    found = re.search(r"^Args:\n((?:    .*\n|\n)*)", text + "\n", flags=re.MULTILINE)
    entries = re.findall(
        r"^    (\w+): (.*(?:\n {8}.*)*)", found.group(1) if found else "", flags=re.MULTILINE
    )
    return {name: " ".join(meaning.split()) for name, meaning in entries}


def _components(role: Role) -> list[dict[str, Any]]:
    """Return a schema for each component of a role, with its settings."""
    schemas = []
    for name, class_path in sorted(role.table.items()):
        schema = _without_titles(settings_form(class_path).model_json_schema())
        settings = schema.get("properties", {})
        for setting, description in setting_descriptions(class_path).items():
            if setting in settings:
                settings[setting]["description"] = description
        schema["properties"] = {"name": {"const": name}, **settings}
        schema["required"] = ["name", *schema.get("required", [])]
        schemas.append(schema)
    return schemas


def _of_class(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a searcher or scheduler that is named by its class."""
    properties = definitions.pop(name)["properties"]
    described = {"description": properties["class"]["description"]}
    return {
        "type": "object",
        "properties": {"class": {**PATH, **described}, "args": properties["args"]},
        "required": ["class"],
        "additionalProperties": False,
    }


def _ways(section: Mapping[str, Any]) -> list[str]:
    """Return the keys of which one says what a section names."""
    ways = ("name", "class", "function", "builder")
    return [way for way in ways if way in section["properties"]]


def _range() -> dict[str, Any]:
    """Return the schema of a parameter's range."""
    kinds: list[dict[str, Any]] = [{"required": [kind]} for kind in RANGE_KINDS]
    mapping = {
        "type": "object",
        "properties": {**RANGE_KINDS, **RANGE_SETTINGS},
        "additionalProperties": False,
        "oneOf": kinds,
    }
    return {"anyOf": [SCALAR, mapping], "description": "A range, or a plain value to fix it."}


def _metrics() -> list[str]:
    return sorted(validation_metrics(LOGGED))


def _named(names: Iterable[str], *mappings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a section that is a plain name or one of several mappings."""
    return {"anyOf": [{"enum": sorted(names)}, *mappings]}


def _replace(section: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Give a section another schema, keeping what describes it."""
    for key in section.keys() - {"description", "examples"}:
        del section[key]
    section.update(schema)


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that pydantic derives from names."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
