"""What do the resolved settings of two searches say of their models, data and trainings?

They are plain values, as the journal has them, of this version or of an older one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.engine.fold_curves import folds_in
from raysearch.experiment import Fidelity

WAYS = ("name", "class", "function", "builder")
"""Keys of the section `model` that say what it is."""

DATA = "data."
"""Begins the keys of the data's parameters."""


def other_folds(former: Mapping[str, Any], present: Mapping[str, Any]) -> list[str]:
    """Return what to say where values of the earlier run are of other folds than those here.

    Example:
        >>> other_folds({"repeats": {"folds": 5}}, {"repeats": False})
        ['its values are means over 5 folds, those of this search of one split: told as they are']
    """
    counts = [folds_in(settings) for settings in (former, present)]
    if counts[0] == counts[1]:
        return []
    theirs, ours = ("of one split" if n == 1 else f"means over {n} folds" for n in counts)
    return [f"its values are {theirs}, those of this search {ours}: told as they are"]


def sections_of(settings: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the sections of the models by the names that configurations have for them."""
    return {_name(section): section for section in settings["model"]}


def _name(section: Mapping[str, Any]) -> str:
    return identity_of(section)[1].rpartition(":")[2]


def identity_of(section: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a section of a model says that it is: the key, and what stands there."""
    return next(((way, str(section[way])) for way in WAYS if section.get(way)), ("", ""))


def arguments_of(section: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what a section of a model or of data fixes."""
    section = section or {}
    arguments: Mapping[str, Any] = section.get("args", section.get("arguments", {}))
    return arguments  # the second is the word of the first journals


def keys_of_data(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of data under the keys that configurations have for them."""
    return {DATA + key: value for key, value in arguments.items()}


def fidelity_of(settings: Mapping[str, Any]) -> Fidelity:
    """Return how long trials are trained."""
    return Fidelity(**settings["fidelity"])
