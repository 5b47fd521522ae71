"""What does the architecture of a Transformer consist of, and what follows from the choices?

Torch-free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from raysearch.data_spec import Form, Task

GATED = ("glu", "reglu", "geglu", "swiglu")
"""Activations that multiply one half of the hidden units by a function of the other half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerDesign:
    """An architecture; the same names and meanings as in the constructor of `Transformer`."""

    input_shape: list[int]
    n_outputs: int
    task: Task
    form: Form
    vocabulary: int
    target_length: int
    stem: str
    patch_size: int
    depth: int
    decoder_depth: int
    width: int
    heads: int
    feedforward_ratio: float
    activation: str
    norm_placement: str
    normalization: str
    positions: str
    pooling: str
    weight_tying: bool
    dropout: float
    attention_dropout: float

    @property
    def head_width(self) -> int:
        """Components of a head's queries, keys and values: its share of the width, rounded up.

        With rotary positions to a multiple of two for each axis of the input, since these turn as
        many pairs of components by each coordinate.
        """
        multiple = 2 * len(self.grid) if self.positions == "rotary" else 1
        return multiple * math.ceil(self.width / self.heads / multiple)

    @property
    def hidden_width(self) -> int:
        """Hidden units of a feed-forward layer.

        With a gated activation two thirds as many, since each then has two rows of weights in front
        of it: so a ratio means the same number of parameters (Shazeer, 2020).
        """
        share = 2 / 3 if self.activation in GATED else 1.0
        return max(1, round(share * self.feedforward_ratio * self.width))

    @property
    def stem_width(self) -> int:
        """Channels of a convolutional stem."""
        return max(8, self.width // 4)

    @property
    def axes(self) -> tuple[int, ...]:
        """Lengths of an input's axes: of tokens, or behind the channels."""
        return tuple(self.input_shape if self.form == "tokens" else self.input_shape[1:])

    @property
    def patch_sizes(self) -> tuple[int, ...]:
        """Steps, pixels or frames of a patch along each axis, no more than the axis has.

        So a clip of few frames is not padded to as many as a patch has pixels.
        """
        return tuple(min(self.patch_size, length) for length in self.axes)

    @property
    def grid(self) -> tuple[int, ...]:
        """Positions of an input along each of its axes: tokens, or patches."""
        each = zip(self.axes, self.patch_sizes, strict=True)
        return tuple(math.ceil(length / size) for length, size in each)
