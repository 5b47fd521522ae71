"""What does a search improve, and in which direction?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The metric that the search improves, and in which direction.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> accuracy.loss(0.9), accuracy.loss(float("nan")), accuracy.loss(None)
        (-0.9, inf, inf)
    """

    metric: str
    """Name as the model logs it, such as "val/accuracy"."""
    direction: Direction
    """Whether more or less of it is better."""

    def loss(self, value: float | None) -> float:
        """Return a number that is smaller for better values; infinity for what is not finite."""
        if value is None or not math.isfinite(value):
            return math.inf
        return value if self.direction == "minimize" else -value

    def value(self, loss: float) -> float:
        """Return the value that a finite loss stands for.

        Example:
            >>> Objective(metric="val/accuracy", direction="maximize").value(-0.9)
            0.9
        """
        return loss if self.direction == "minimize" else -loss

    def is_better(self, value: float | None, than: float | None) -> bool:
        """Return whether `value` is strictly better than `than`; None and NaN are the worst."""
        return self.loss(value) < self.loss(than)
