"""What was measured of a trial's model before it was trained? An event; see `events`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMeasured:
    """A worker has built the trial's model and measured what it costs; before the first epoch."""

    at: float
    """Unix time in seconds."""
    trial: str
    values: Mapping[str, float]
    """By name: see `raysearch.measure.MEASURES`."""
    violation: float = 0.0
    """By how much it misses the constraints, as shares of their limits; 0 if it meets all."""
    seconds: float = 0.0
    """How long that took."""
