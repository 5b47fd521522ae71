"""How does the section `refit` read: true, false, or a mapping with the number of seeds?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from raysearch.experiment.remedies import BOOLEAN, sentence
from raysearch.experiment.values import Refit


def refit_of(value: object) -> object:
    """Return the mapping that true stands for, and None for false: the winner is not refitted."""
    if isinstance(value, bool):
        return {} if value else None
    if not isinstance(value, dict):
        n_seeds = value if type(value) is int and value > 1 else 3
        right = [BOOLEAN, f"a mapping such as {{seeds: {n_seeds}}}"]
        raise ValueError(sentence(right, value=value))
    return value


def refit_settings(refit: Refit | None) -> bool | dict[str, Any]:
    """Return the section `refit`: false, true for a single seed, or a mapping.

    Example:
        >>> [refit_settings(refit) for refit in (None, Refit(), Refit(seeds=3))]
        [False, True, {'seeds': 3}]
    """
    if refit is None or refit == Refit():
        return refit is not None
    return asdict(refit)


def seeds_of(settings: Mapping[str, Any]) -> int:
    """Return how many models resolved settings, of any version, want refitted; 0 for none.

    Example:
        >>> [seeds_of({"refit": refit}) for refit in (False, True, {"seeds": 3})], seeds_of({})
        ([0, 1, 3], 1)
    """
    refit = settings.get("refit", True)
    return int(refit["seeds"] if isinstance(refit, Mapping) else refit)
