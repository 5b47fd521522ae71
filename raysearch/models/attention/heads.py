"""What does each position take from which others? Attention with several heads.

PyTorch's fused kernels do the work: `scaled_dot_product_attention` picks the best that the device
has. Each head has its share of the network's width (`TransformerDesign.head_width`), rounded up, so
that any width goes with any number of heads.

Shapes:
    x: (B, N, W) float32
    memory: (B, M, W) float32 what is attended to, where it is another sequence
    mask: (B, 1, 1, M) bool, true at what may be attended to; at least one for each example
    keys, values: (B, H, M, D) float32
    B batch, N and M positions, W width of the network, H heads, D components of a head

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.
    Dao et al., "FlashAttention", NeurIPS 2022.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.attention.design import TransformerDesign
from raysearch.models.attention.positions import Rotation, rotated


class KeysValues(NamedTuple):
    """What can be attended to: (B, H, M, D) both."""

    keys: Tensor
    values: Tensor

    def followed_by(self, later: KeysValues) -> KeysValues:
        """Return these with those of later positions behind them."""
        return KeysValues(
            torch.cat([self.keys, later.keys], dim=2),
            torch.cat([self.values, later.values], dim=2),
        )


class SelfAttention(nn.Module):
    """Attention of a sequence to itself: (B, N, W) to (B, N, W)."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.heads = design.heads
        self.dropout = design.attention_dropout
        inner = design.heads * design.head_width
        self.project = nn.Linear(design.width, 3 * inner)
        self.output = nn.Linear(inner, design.width)

    def forward(
        self,
        x: Tensor,
        *,
        rotation: Rotation | None,
        mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return what each position takes from all, or from none behind it where `is_causal`."""
        queries, own = self._projected(x, rotation)
        dropout = self.dropout if self.training else 0.0
        taken = F.scaled_dot_product_attention(
            queries, *own, attn_mask=mask, dropout_p=dropout, is_causal=is_causal
        )
        return cast(Tensor, self.output(_joined(taken)))

    def step(
        self, x: Tensor, *, rotation: Rotation | None, past: KeysValues
    ) -> tuple[Tensor, KeysValues]:
        """Return what the next position takes from the past and itself, and the past with it.

        Args:
            x: (B, 1, W) what is at the next position.
            rotation: Of that position.
            past: Keys and values of all positions before it, (B, H, N, D), N from 0.
        """
        queries, own = self._projected(x, rotation)
        past = past.followed_by(own)
        taken = F.scaled_dot_product_attention(queries, *past)
        return self.output(_joined(taken)), past

    def no_past(self, x: Tensor) -> KeysValues:
        """Return the past of a sequence that has not begun, for a batch like `x` (B, ..., W)."""
        head_width = self.project.out_features // (3 * self.heads)
        empty = x.new_empty(len(x), self.heads, 0, head_width)
        return KeysValues(empty, empty)

    def _projected(self, x: Tensor, rotation: Rotation | None) -> tuple[Tensor, KeysValues]:
        # (B, N, W) -> (B, N, 3 H D) -> three times (B, H, N, D)
        queries, keys, values = _split(self.project(x), heads=self.heads, parts=3)
        return rotated(queries, rotation), KeysValues(rotated(keys, rotation), values)


class CrossAttention(nn.Module):
    """Attention of a sequence to another one: (B, N, W) and (B, M, W) to (B, N, W)."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.heads = design.heads
        self.dropout = design.attention_dropout
        inner = design.heads * design.head_width
        self.query = nn.Linear(design.width, inner)
        self.remember = nn.Linear(design.width, 2 * inner)
        self.output = nn.Linear(inner, design.width)

    def remembered(self, memory: Tensor) -> KeysValues:
        """Return the keys and values of the other sequence, which are the same at every step."""
        # (B, M, W) -> (B, M, 2 H D) -> twice (B, H, M, D)
        return KeysValues(*_split(self.remember(memory), heads=self.heads, parts=2))

    def forward(self, x: Tensor, *, remembered: KeysValues, mask: Tensor | None) -> Tensor:
        """Return what each position takes from the other sequence."""
        (queries,) = _split(self.query(x), heads=self.heads, parts=1)
        dropout = self.dropout if self.training else 0.0
        taken = F.scaled_dot_product_attention(
            queries, *remembered, attn_mask=mask, dropout_p=dropout
        )
        return cast(Tensor, self.output(_joined(taken)))


def _split(x: Tensor, *, heads: int, parts: int) -> tuple[Tensor, ...]:
    """Return (B, N, P H D) as P tensors of (B, H, N, D)."""
    # (B, N, P H D) -> (B, N, P, H, D) -> P times (B, H, N, D)
    each = x.reshape(*x.shape[:2], parts, heads, -1).unbind(2)
    return tuple(part.transpose(1, 2) for part in each)


def _joined(x: Tensor) -> Tensor:
    # (B, H, N, D) -> (B, N, H D)
    return x.transpose(1, 2).flatten(2)
