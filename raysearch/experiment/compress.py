"""How does the section `compress` read: true, false, or a mapping with what may be lost?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from raysearch.experiment.remedies import BOOLEAN, sentence
from raysearch.experiment.values import FORM

Positive = Annotated[int, Field(ge=1, strict=True)]
Share = Annotated[float, Field(gt=0, allow_inf_nan=False)]

SIZE_AIM, SPEED_AIM = 0.25, 1.5
"""What is aimed at, unless told: a share of the original's bytes, and how many times as fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compress:
    """How the winner is made smaller before it is tested."""

    __pydantic_config__ = FORM

    max_drop: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """How much worse the objective may be, in its units; null for a two hundredth of its value."""
    trials: Positive = 16
    """Recipes to try, the model as it is counted."""
    max_epochs: Positive | None = None
    """Most epochs of training after a change; null for as many as a trial has."""
    batch_size: Positive = 64
    """Examples in the batch whose latency counts."""
    size: Share = SIZE_AIM
    """Bytes that are aimed at, as a share of the original's, above 0."""
    speed: Share = SPEED_AIM
    """How many times as fast a batch of that size shall be, above 0."""


def compress_of(value: object) -> object:
    """Return the mapping that true stands for, and None for false: nothing is compressed."""
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, dict):
        right = [BOOLEAN, "a mapping such as {max_drop: 0.005}"]
        raise ValueError(sentence(right, value=value))
    return value


def compress_settings(compress: Compress | None) -> bool | dict[str, Any]:
    """Return the section `compress`: false, or a mapping.

    Example:
        >>> compress_settings(None), compress_settings(Compress(max_drop=0.01))["max_drop"]
        (False, 0.01)
    """
    return False if compress is None else asdict(compress)
