"""Which steps of a padded batch are there, and what comes of those alone?

Steps are those of a series, tokens, or patches: whatever a batch has along one axis, padded to the
longest example.

Shapes:
    lengths: (B,) int64, from 1 to T
    inside: (B, T) bool, true at steps that there are; None where all examples have T steps
    x: (B, T, W) float32
    B batch, T steps, W numbers for each step
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def within(lengths: Tensor, n_steps: int) -> Tensor:
    """Return which steps are part of their examples, (B, T) bool.

    Example:
        >>> within(torch.tensor([1, 3]), 3).tolist()
        [[True, False, False], [True, True, True]]
    """
    return torch.arange(n_steps, device=lengths.device) < lengths[:, None]


def zeroed(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return channels (B, C, T), which come first here, with zeros behind the ends."""
    if lengths is None:
        return x
    return x.masked_fill(~within(lengths, x.shape[2])[:, None], 0.0)


def max_of(x: Tensor, inside: Tensor | None) -> Tensor:
    """Return the largest of each number over the steps that there are, (B, W)."""
    return (x if inside is None else x.masked_fill(~inside[..., None], -math.inf)).amax(1)


def mean_of(x: Tensor, inside: Tensor | None) -> Tensor:
    """Return the mean over the steps that there are, (B, W)."""
    if inside is None:
        return x.mean(1)
    shares = inside / inside.sum(1, keepdim=True)
    return (shares[..., None] * x).sum(1)


def weighted_mean(x: Tensor, scores: Tensor, inside: Tensor | None) -> Tensor:
    """Return the mean over the steps that there are, weighted by the softmax of scores, (B, W).

    Args:
        x: (B, T, W).
        scores: (B, T, 1), those of steps that there are not being of no account.
        inside: Which steps there are.
    """
    known = scores if inside is None else scores.masked_fill(~inside[..., None], -math.inf)
    return (known.softmax(1) * x).sum(1)
