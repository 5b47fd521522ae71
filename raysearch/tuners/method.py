"""Which searcher and which scheduler is a tuner, and how many trials does it have?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A search method in the engine's words."""

    searcher: Mapping[str, Any]
    """Name and settings."""
    n_trials: Callable[[Space], int]
    """How many configurations are tried, at least 1."""
    scheduler: Mapping[str, Any] = field(default_factory=lambda: {"name": "none"})
    """Name and settings."""
    max_epochs: int | None = None
    """Epochs of a trial that is never stopped, where the method says so; else `search` does."""
