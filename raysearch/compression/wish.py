"""What shall be found where a model is made smaller?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from raysearch.experiment.compress import SIZE_AIM, SPEED_AIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is searched for."""

    max_drop: float | None = None
    """How much worse the objective may be, in its units, at least 0; None for a two hundredth of
    its value."""
    trials: int = 16
    """Recipes to try, the model as it is counted, at least 1."""
    max_epochs: int | None = None
    """Most epochs of training after a change, at least 1; None for as many as a trial has."""
    batch_size: int = 64
    """Examples in the batch whose latency is compared, at least 1."""
    size: float = SIZE_AIM
    """Bytes that are aimed at, as a share of the original's, above 0."""
    speed: float = SPEED_AIM
    """How many times as fast a batch shall be, above 0."""
    trainings: int = 3
    """How often the recipes that come into question are trained, at least 1."""
    runs: int = 100
    """How often a latency is measured in the search, at least 1."""
    searcher: str = "hyperopt"
    """Name of the search method."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
