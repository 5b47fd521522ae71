"""What does the encoder of a Transformer compute?

Shapes:
    x: (B, T) int64 tokens; or (B, C, T), (B, C, H, W), (B, C, D, H, W) float32
    lengths: (B,) int64, how many of the T there are; None if all
    memory: (B, N, W) float32
    mask: (B, N) bool, true at positions that there are; None if all
    B batch, N positions, W width of the network
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from raysearch.models.attention.blocks import EncoderBlock, last_norm
from raysearch.models.attention.design import TransformerDesign
from raysearch.models.attention.inputs import Patches, Symbols
from raysearch.models.attention.positions import Positions, grid_coordinates
from raysearch.models.shared.masking import within
from raysearch.models.shared.padding import cut_behind_longest


class Encoded(NamedTuple):
    """What an encoder makes of a batch."""

    memory: Tensor
    """(B, N, W) what is known at each position."""
    mask: Tensor | None
    """(B, N) bool, true at positions that there are; None if all."""


class Encoder(nn.Module):
    """Inputs of any kind to what is known at each position."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.patch_size = design.patch_sizes[-1]  # of sequences, the only ones with lengths
        self.inputs: nn.Module = (
            Symbols(design.vocabulary, width=design.width)
            if design.form == "tokens"
            else Patches(design)
        )
        coordinates = grid_coordinates(design.grid)
        self.class_token = None
        if design.pooling == "class_token" and design.task != "seq2seq":
            self.class_token = nn.Parameter(torch.empty(design.width))
            nn.init.normal_(self.class_token)
            origin = coordinates.new_zeros(1, coordinates.shape[1])
            coordinates = torch.cat([origin, coordinates + 1])
        self.positions = Positions(design, coordinates=coordinates)
        self.dropout = nn.Dropout(design.dropout)
        self.blocks = nn.ModuleList(EncoderBlock(design) for _ in range(design.depth))
        self.norm = last_norm(design)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        """Return what is known at each position; the class token, if there is one, comes first."""
        x = self.inputs(cut_behind_longest(x, lengths), lengths)
        if self.class_token is not None:
            # (W,) -> (B, 1, W); (B, N, W) -> (B, 1 + N, W)
            x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        x = self.dropout(self.positions(x))
        mask = self._mask(lengths, n_positions=x.shape[1])
        rotation = self.positions.rotation(start=0, end=x.shape[1])
        for block in self.blocks:
            x = block(x, mask=key_mask(mask), rotation=rotation)
        return Encoded(self.norm(x), mask)

    def _mask(self, lengths: Tensor | None, *, n_positions: int) -> Tensor | None:
        if lengths is None:
            return None
        n_real = (lengths + self.patch_size - 1) // self.patch_size
        n_real = n_real + (self.class_token is not None)
        return within(n_real, n_positions)


def key_mask(mask: Tensor | None) -> Tensor | None:
    """Return a mask (B, N) as that of attention, (B, 1, 1, N)."""
    return None if mask is None else mask[:, None, None]
