"""What does a Transformer compute? An encoder with K outputs, or an encoder and a decoder.

The parts have modules of their own: `inputs`, `positions`, `heads`, `blocks`, `encoder`, `decoder`.

Shapes:
    x: (B, T) int64 tokens; or (B, C, T), (B, C, H, W), (B, C, D, H, W) float32
    lengths: (B,) int64, how many of the T there are; None if all
    returns: (B, K) float32; for seq2seq see `decoder`
    B batch, N positions, W width of the network, K outputs

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    Devlin et al., "BERT", NAACL 2019 (class token).
    Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021 (images).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from raysearch.models.attention.blocks import start_weights
from raysearch.models.attention.decoder import EncoderDecoderNetwork
from raysearch.models.attention.design import TransformerDesign
from raysearch.models.attention.encoder import Encoded, Encoder
from raysearch.models.shared.masking import max_of, mean_of, weighted_mean


def network_of(design: TransformerDesign) -> EncoderNetwork | EncoderDecoderNetwork:
    """Return the network of the design, which its task decides."""
    if design.task == "seq2seq":
        return EncoderDecoderNetwork(design)
    return EncoderNetwork(design)


class Pooling(nn.Module):
    """One vector for all positions, (B, N, W) to (B, W).

    Args:
        design: Names the way: "mean" or "max" over the positions; "class_token", the first one; or
            "attention", a mean weighted by a learnt score of each.
    """

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.kind = design.pooling
        if self.kind == "attention":
            self.score = nn.Linear(design.width, 1)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return a vector for each example; positions that there are not have no part in it."""
        memory, mask = encoded
        if self.kind == "class_token":
            return memory[:, 0]
        if self.kind == "attention":
            return weighted_mean(memory, self.score(memory), mask)
        return max_of(memory, mask) if self.kind == "max" else mean_of(memory, mask)


class EncoderNetwork(nn.Module):
    """A Transformer's encoder with K outputs."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.encoder = Encoder(design)
        self.pooling = Pooling(design)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(design.width, design.n_outputs)
        start_weights(self)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs (B, K) for a batch of inputs, and their lengths if they differ."""
        pooled = self.pooling(self.encoder(x, lengths))
        return cast(Tensor, self.output(self.dropout(pooled)))
