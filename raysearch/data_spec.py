"""What must a model family know about the data before anything is read?

Plain values without torch, so that search spaces can be built, and wrong files refused, at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["classification", "regression", "seq2seq", "density"]
Form = Literal["numbers", "tokens", "tree"]

PADDING, BEGIN, END, UNKNOWN = range(4)
"""Symbols that every vocabulary begins with: what fills a row up behind its end, what a decoder is
given first, what ends a target, and whatever the training split does not have."""


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
    """What is predicted: one class of several; real numbers; a sequence of symbols; or how probable
    an example is."""
    input_shape: tuple[int, ...]
    """Shape of one example without the batch: (F,) for F features, (C, T) for series of T steps,
    (C, H, W) for images, (C, D, H, W) for clips of D frames; (T,) for T tokens, (2, N) for trees of
    N nodes. The most steps, tokens and nodes that an example has, where they differ."""
    n_outputs: int
    """Classes for classification, target values per example for regression, symbols of a target
    for seq2seq. For density the values that each number can take, evenly spaced from 0 to 1."""
    n_train: int
    """Examples in the training split."""
    cardinalities: tuple[int, ...] = ()
    """Of tables: how many categories each categorical column has. These columns are the last ones
    of an example and hold the categories' numbers, counted from 0."""
    class_counts: tuple[int, ...] = ()
    """Training examples of each class, where they are known; empty where not."""
    form: Form = "numbers"
    """What an example holds. "numbers": float32. "tokens": int64 symbols. "tree": int64, the symbol
    of each node, and the index of its parent, -1 for the root; children come before their parents,
    in their order, so the root is the last one."""
    has_lengths: bool = False
    """Whether examples differ in length. A batch then has the lengths, (B,) int64 of at least 1,
    between inputs and targets, and whatever lies behind the length is 0 (-1 for a parent)."""
    vocabulary: int = 0
    """Of tokens and trees: how many symbols there are, those counted that every vocabulary begins
    with (`PADDING` and so on)."""
    target_length: int = 0
    """Of seq2seq: symbols in the longest target, its `END` counted. Targets are (B, L) int64, each
    with `END` behind its last symbol and `PADDING` behind that."""
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
            "form": self.form,
            "has_lengths": self.has_lengths,
            "vocabulary": self.vocabulary,
            "target_length": self.target_length,
            "target_scale": self.target_scale,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DataSpec:
        """Return the specification that `to_json` wrote."""
        lists = ("input_shape", "cardinalities", "class_counts")
        return cls(**{**values, **{key: tuple(values[key]) for key in lists if key in values}})
