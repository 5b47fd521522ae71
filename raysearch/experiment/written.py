"""How do models and data stand in the resolved settings, so that they are read back the same?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.experiment.datasets import DataSet
from raysearch.experiment.families import Family
from raysearch.experiment.values import ModelChoice
from raysearch.init_from import INIT_FROM

WAYS = {"module": "class", "builder": "builder", "function": "function"}
"""What a path names -> the key under which it is written."""


def data_settings(data: DataSet | None) -> dict[str, Any] | None:
    """Return the section `data` with all defaults filled in; None where there is none."""
    if data is None:
        return None
    choice = data.choice
    if not choice.is_own:
        return {"name": choice.name, "args": dict(choice.arguments)}
    spec = {} if data.spec is None else {"spec": _spec(data.spec.to_json())}
    return {"class": choice.class_path, "args": dict(choice.arguments), **spec}


def _spec(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a section `spec` says, without what is at its default."""
    needed = ("task", "input_shape", "n_outputs", "n_train")
    others = ("form", "has_lengths", "vocabulary", "target_length")
    return {
        **{key: described[key] for key in needed},
        **{key: described[key] for key in others if described[key] not in (0, False, "numbers")},
    }


def model_settings(family: Family, *, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of the section `model`, which says also what a path of one's own names."""
    choice = family.choice
    named = {WAYS[choice.kind]: choice.class_path} if choice.is_own else {"name": choice.name}
    return {**named, "args": dict(args), **start_settings(choice)}


def start_settings(choice: ModelChoice) -> dict[str, Any]:
    """Return the key `init_from` of an entry of the section `model`, if a checkpoint is fixed."""
    if not choice.start:
        return {}
    options = {key.partition(".")[2]: value for key, value in choice.start.items() if "." in key}
    return {INIT_FROM: {"checkpoint": choice.start[INIT_FROM], **options}}
