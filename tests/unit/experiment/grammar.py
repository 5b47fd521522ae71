"""Experiments as a person might write them, drawn from the tables that say what may be written.

Sections come from the JSON schema, ranges from the families' own spaces, names from the tables of
searchers, schedulers, data and metrics: what is added there is drawn here. Nearly all of what is
drawn is sound; where keys depend on each other, it may not be.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from raysearch.experiment import from_settings, json_schema

SCHEMA = json_schema()
SETS = {"digits": ["val/accuracy", "val/loss", "val/f1"], "diabetes": ["val/rmse", "val/r2"]}
"""Data set -> objectives."""
FAMILIES = ("mlp", "cnn")
OPTIONAL = (
    "name", "seed", "searcher", "scheduler", "budget", "resources", "parallel", "checkpoint",
    "failures", "refit", "compress",
)  # fmt: skip
SMALL_NUMBER, LARGEST_FLOAT = 12, 1e6


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what a part of the schema allows."""
    if "$ref" in schema:
        return of_schema(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*map(of_schema, schema["anyOf"]))
    match schema.get("type"):
        case "object":
            return _mapping(schema)
        case "array":
            return st.lists(of_schema(schema.get("items", {})), max_size=2)
        case "integer":
            least = schema.get("minimum", 1)
            return st.integers(least, min(schema.get("maximum", least + SMALL_NUMBER), 10**9))
        case "number":
            least = max(schema.get("minimum", 0), schema.get("exclusiveMinimum", -1) + 1e-3)
            most = min(schema.get("maximum", LARGEST_FLOAT), LARGEST_FLOAT)
            return st.floats(least, most)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "string":
            return _text(schema)
    raise TypeError(f"no strategy for {schema}")


def _mapping(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    parts = {key: of_schema(part) for key, part in schema.get("properties", {}).items()}
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {key: part for key, part in parts.items() if key in needed},
        optional={key: part for key, part in parts.items() if key not in needed},
    )


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        kept = re.compile(schema["pattern"])
        return st.from_regex(schema["pattern"], fullmatch=True).filter(lambda t: kept.search(t))
    return st.sampled_from(schema.get("examples", ["small"]))


def _recommended(family: str, data: str) -> dict[str, dict[str, Any]]:
    settings = {
        "data": data,
        "model": family,
        "objective": SETS[data][0],
        "fidelity": {"max_epochs": 3},
    }
    space = from_settings(settings).space.to_json()
    return {entry["key"]: entry["domain"] for entry in space["parameters"]}


RANGES = {
    (family, data): _recommended(family, data)
    for family in FAMILIES
    for data in SETS
    if (family, data) != ("cnn", "diabetes")
}
"""(Family, data set) -> parameter -> its range as a file has it."""


@st.composite
def ranges(draw: st.DrawFn, domain: dict[str, Any]) -> Any:
    """A part of a range, in one of the forms that files may have; or a value to fix it."""
    if "choice" in domain or "bool" in domain:
        values = domain.get("choice", [True, False])
        chosen = draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
        return chosen[0] if len(chosen) == 1 and draw(st.booleans()) else {"choice": chosen}
    kind = "int" if "int" in domain else "float"
    low, high = domain[kind]
    numbers = st.integers(low, high) if kind == "int" else st.floats(low, high)
    first, last = sorted(draw(st.tuples(numbers, numbers)))
    if first == last:
        return first
    written: dict[str, Any] = {kind: [first, last]}
    form = draw(st.sampled_from(("plain", "log", "step", "sampling", "default")))
    if form == "log" and first > 0:
        written["log"] = True
    elif form == "step":
        written["step"] = draw(st.integers(1, 4)) if kind == "int" else (last - first) / 4
    elif form == "sampling":
        written["sampling"] = "linear"
    elif form == "default":
        written["default"] = draw(st.sampled_from((first, last)))
    return written


@st.composite
def experiments(draw: st.DrawFn) -> dict[str, Any]:
    """A whole experiment."""
    data = draw(st.sampled_from(sorted(SETS)))
    fitting = [family for family, of in RANGES if of == data]
    models = draw(st.lists(st.sampled_from(fitting), min_size=1, unique=True))
    values: dict[str, Any] = {
        "data": draw(st.sampled_from((data, {"name": data}))),
        "model": models[0] if len(models) == 1 and draw(st.booleans()) else models,
        "objective": draw(st.sampled_from(SETS[data])),
        "fidelity": draw(
            st.one_of(
                st.builds(lambda n: {"max_epochs": n}, st.integers(13, 300)),
                st.builds(
                    lambda every, n: {"max_steps": every * n, "every_steps": every},
                    st.integers(1, 500),
                    st.integers(13, 100),
                ),
            )
        ),
    }
    known = {(f, key): domain for f in models for key, domain in RANGES[f, data].items()}
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True))
    if chosen:
        values["space"] = {
            key if key.startswith("data.") else f"{family}.{key}": draw(
                ranges(known[family, key])
            )
            for family, key in chosen
        }  # fmt: skip
    for section in draw(st.lists(st.sampled_from(OPTIONAL), max_size=4, unique=True)):
        values[section] = draw(of_schema(SCHEMA["properties"][section]))
    return values
