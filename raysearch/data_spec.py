"""What must a model family know about the data before anything is read?

Plain values without torch, so that search spaces can be built, and wrong files refused, at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """Shapes, classes and task of a data set.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> digits.n_inputs
        64
    """

    task: Task
    """What is predicted: one class of several, or real numbers."""
    input_shape: tuple[int, ...]
    """Shape of one example without the batch: (F,) for F features, (C, H, W) for images."""
    n_outputs: int
    """Classes for classification, target values per example for regression."""
    n_train: int
    """Examples in the training split."""
    cardinalities: tuple[int, ...] = ()
    """Of tables: how many categories each categorical column has. These columns are the last ones
    of an example and hold the categories' numbers, counted from 0."""
    class_counts: tuple[int, ...] = ()
    """Training examples of each class, where they are known; empty where not."""
    target_scale: float = 1.0
    """Of a regression: what 1 in the targets of a batch is in the data's own unit. Tables hand out
    standardised targets, and this is their standard deviation; errors are logged times it."""

    @property
    def n_inputs(self) -> int:
        """Numbers in one example."""
        return math.prod(self.input_shape)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {
            "task": self.task,
            "input_shape": list(self.input_shape),
            "n_outputs": self.n_outputs,
            "n_train": self.n_train,
            "cardinalities": list(self.cardinalities),
            "class_counts": list(self.class_counts),
            "target_scale": self.target_scale,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DataSpec:
        """Return the specification that `to_json` wrote."""
        lists = ("input_shape", "cardinalities", "class_counts")
        return cls(**{**values, **{key: tuple(values[key]) for key in lists if key in values}})
