"""What are the layers of a Transformer? Feed-forward layers, and the blocks of both stacks.

A block is a chain of branches, each with a shortcut around it. Where the placement is "pre", a
branch reads a normalised copy of the sum that runs past it, and the stack ends in a normalisation;
where it is "post", as in the first paper, the sum itself is normalised behind each branch.

Shapes:
    x: (B, N, W) float32, for all modules here
    B batch, N positions, W width

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020 (placement).
    Zhang and Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019 (rms).
    Shazeer, "GLU Variants Improve Transformer", 2020 (gated activations).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from torch import Tensor, nn

from raysearch.data_spec import PADDING
from raysearch.models.attention.design import GATED, TransformerDesign
from raysearch.models.attention.heads import CrossAttention, KeysValues, SelfAttention
from raysearch.models.attention.positions import Rotation
from raysearch.models.shared.layers import activation, shrink_branches

_EPSILON = 1e-5
"""Added to the variance before it divides."""

GATES: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    dict(zip(GATED, (nn.Sigmoid, nn.ReLU, nn.GELU, nn.SiLU), strict=True))
)
"""Gated activation -> the function of the half that gates."""


def norm(design: TransformerDesign) -> nn.Module:
    """Return a normalisation of each position by itself."""
    if design.normalization == "rms":
        return nn.RMSNorm(design.width, eps=_EPSILON)
    return nn.LayerNorm(design.width, eps=_EPSILON)


def last_norm(design: TransformerDesign) -> nn.Module:
    """Return what ends a stack of blocks."""
    return norm(design) if design.norm_placement == "pre" else nn.Identity()


class Gate(nn.Module):
    """Half of the units times a function of the other half: (B, N, 2 F) to (B, N, F)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.function = GATES[name]()

    def forward(self, x: Tensor) -> Tensor:
        """Return the product."""
        gate, value = x.chunk(2, dim=-1)
        return cast(Tensor, self.function(gate) * value)


class FeedForward(nn.Sequential):
    """Linear - activation - dropout - linear, at each position by itself."""

    def __init__(self, design: TransformerDesign) -> None:
        is_gated = design.activation in GATED
        hidden = design.hidden_width
        super().__init__(
            nn.Linear(design.width, 2 * hidden if is_gated else hidden),
            Gate(design.activation) if is_gated else activation(design.activation),
            nn.Dropout(design.dropout),
            nn.Linear(hidden, design.width),
        )


class Around(nn.Module):
    """The shortcut around a branch, with the branch's normalisation and dropout."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.is_before = design.norm_placement == "pre"
        self.norm = norm(design)
        self.dropout = nn.Dropout(design.dropout)

    def forward(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        """Return `x` with what the branch makes of it added."""
        if self.is_before:
            return cast(Tensor, x + self.dropout(branch(self.norm(x))))
        return cast(Tensor, self.norm(x + self.dropout(branch(x))))


class EncoderBlock(nn.Module):
    """Attention of a sequence to itself, then a feed-forward layer."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.attention = SelfAttention(design)
        self.around_attention = Around(design)
        self.feedforward = FeedForward(design)
        self.around_feedforward = Around(design)

    def branches(self) -> list[nn.Module]:
        """Return what there are shortcuts around."""
        return [self.attention, self.feedforward]

    def forward(self, x: Tensor, *, mask: Tensor | None, rotation: Rotation | None) -> Tensor:
        """Return the sequence, each position knowing of those that the mask allows."""
        x = self.around_attention(x, lambda x: self.attention(x, mask=mask, rotation=rotation))
        return cast(Tensor, self.around_feedforward(x, self.feedforward))


class DecoderBlock(nn.Module):
    """Attention of a sequence to its past, then to the encoded input; then a feed-forward layer."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.attention = SelfAttention(design)
        self.around_attention = Around(design)
        self.cross_attention = CrossAttention(design)
        self.around_cross_attention = Around(design)
        self.feedforward = FeedForward(design)
        self.around_feedforward = Around(design)

    def branches(self) -> list[nn.Module]:
        """Return what there are shortcuts around."""
        return [self.attention, self.cross_attention, self.feedforward]

    def forward(
        self, x: Tensor, *, memory: Tensor, mask: Tensor | None, rotation: Rotation | None
    ) -> Tensor:
        """Return the whole sequence (B, N, W), each position knowing of none behind it.

        Args:
            x: (B, N, W) the sequence.
            memory: (B, M, W) the encoded input.
            mask: (B, 1, 1, M) which positions of the input there are; None if all.
            rotation: Of the sequence's positions.
        """

        def attended(x: Tensor) -> Tensor:
            return cast(Tensor, self.attention(x, rotation=rotation, is_causal=True))

        x = self.around_attention(x, attended)
        return self._rest(x, remembered=self.cross_attention.remembered(memory), mask=mask)

    def step(
        self,
        x: Tensor,
        *,
        past: KeysValues,
        remembered: KeysValues,
        mask: Tensor | None,
        rotation: Rotation | None,
    ) -> tuple[Tensor, KeysValues]:
        """Return the same for the next position alone, (B, 1, W), and the past with it.

        Args:
            x: (B, 1, W) the next position.
            past: Keys and values of the positions before it.
            remembered: Keys and values of the encoded input.
            mask: (B, 1, 1, M) which positions of the input there are; None if all.
            rotation: Of the next position.
        """

        def attended(x: Tensor) -> Tensor:
            nonlocal past
            taken, past = self.attention.step(x, rotation=rotation, past=past)
            return taken

        x = self.around_attention(x, attended)
        return self._rest(x, remembered=remembered, mask=mask), past

    def _rest(self, x: Tensor, *, remembered: KeysValues, mask: Tensor | None) -> Tensor:
        def attended(x: Tensor) -> Tensor:
            return cast(Tensor, self.cross_attention(x, remembered=remembered, mask=mask))

        x = self.around_cross_attention(x, attended)
        return cast(Tensor, self.around_feedforward(x, self.feedforward))


def start_weights(network: nn.Module) -> None:
    """Start the weights of a whole Transformer.

    Linear layers are normal with variance 1 / inputs, biases zero; convolutions are
    as He et al. (2015) propose; embeddings are normal with
    variance 1 / width, so that they have unit size once scaled, and so have the logits where their
    matrix is the output layer too. Each branch's last layer is divided by the square root of their
    number (see `shared.layers.shrink_branches`), and what normalises is left as it is.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.in_features))
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.embedding_dim))
            layer.weight.data[PADDING] = 0.0
    for kind in (EncoderBlock, DecoderBlock):
        blocks = [block for block in network.modules() if isinstance(block, kind)]
        shrink_branches([branch for block in blocks for branch in block.branches()])
