"""How probable are examples, in which unit is that told, and what is it worth?

A density gives every possible example a probability. Each number of an example has one of K
levels, evenly spaced from 0 to 1 (`DataSpec.n_outputs`), so there are finitely many, and what all
families tell can be compared: nats per example, -ln P(x), which `DensityScores` turns into bits per
dimension. What knows a bound alone, tells that of the bound.

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]
    levels: (B, C, H, W) int64 in [0, K)
    B batch, C channels, H and W height and width in pixels, K levels
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from raysearch.errors import ConfigurationError


def levels_of(x: Tensor, n_levels: int) -> Tensor:
    """Return the number of each level, int64; the nearest one for a value that is none.

    Example:
        >>> levels_of(torch.tensor([0.0, 0.5, 1.0]), 17).tolist()
        [0, 8, 16]
    """
    # of NaN, which no integer stands for, an arbitrary level: what is computed of x itself tells it
    return (x * (n_levels - 1)).round().long().clamp(0, n_levels - 1)


def values_of(levels: Tensor, n_levels: int) -> Tensor:
    """Return the values in [0, 1] of levels by number, float32: what `levels_of` is undone by."""
    return levels.to(torch.float32) / (n_levels - 1)


def bits_per_dim(nats: Tensor, *, n_dims: int) -> Tensor:
    """Return nats per example as bits per number of an example.

    Example:
        >>> bits_per_dim(torch.tensor(2 * math.log(17)), n_dims=2).item() - math.log2(17) < 1e-6
        True
    """
    return nats / (n_dims * math.log(2))


class DensityScores(Metric):
    """Bits per dimension over the examples so far, from all devices together.

    Args:
        n_dims: Numbers in an example.
        parts: Names of what the nats of an example are the sum of, where that is measured as well;
            each is given in nats per dimension, as the loss is.

    Example:
        >>> scores = DensityScores(n_dims=4)
        >>> scores.update(torch.full((3,), 4 * math.log(2)))
        >>> scores.compute()["bits_per_dim"]
        tensor(1.)
    """

    full_state_update = False
    nats: Tensor
    n_examples: Tensor

    def __init__(self, *, n_dims: int, parts: Sequence[str] = ()) -> None:
        super().__init__()
        self.n_dims = n_dims
        self.parts = tuple(parts)
        self.add_state("nats", default=torch.zeros(1 + len(parts)), dist_reduce_fx="sum")
        self.add_state("n_examples", default=torch.zeros(()), dist_reduce_fx="sum")

    def update(self, nats: Tensor, *parts: Tensor) -> None:
        """Add a batch: nats (B,) of each example, and of each part."""
        self.nats = self.nats + torch.stack([nats, *parts]).float().sum(1)
        self.n_examples = self.n_examples + len(nats)

    def compute(self) -> dict[str, Tensor]:
        """Return every metric under its name without a split, ()."""
        each = self.nats / (self.n_examples * self.n_dims)
        parts = dict(zip(self.parts, each[1:], strict=True))
        return {"bits_per_dim": each[0] / math.log(2), "loss": each[0], **parts}


class PixelCategorical:
    """A density in which every pixel is drawn on its own: what a model has to beat.

    The share of each level at each pixel among the training examples, each level counted
    `smoothing` times more than it was seen, since one that was never seen is not impossible.

    Args:
        x: The training examples.
        n_levels: K.
        smoothing: Above 0.

    Example:
        >>> x = torch.tensor([0.0, 1.0, 1.0]).reshape(3, 1, 1, 1)
        >>> baseline = PixelCategorical(x, n_levels=2, smoothing=0.5)
        >>> baseline.nats(torch.ones(1, 1, 1, 1)).neg().exp()
        tensor([0.6250])
    """

    def __init__(self, x: Tensor, *, n_levels: int, smoothing: float) -> None:
        if not (smoothing > 0 and math.isfinite(smoothing)):
            raise ConfigurationError(
                f"smoothing is {smoothing}. It must be a number above 0: with 0 a level that was "
                "not seen in training would be impossible."
            )
        self.n_levels = n_levels
        levels = levels_of(x, n_levels).flatten(1)
        # (B, D) -> (D, K)
        counts = torch.stack([(levels == level).sum(0) for level in range(n_levels)], dim=1)
        smoothed = counts.double() + smoothing
        self._log_shares = (smoothed / smoothed.sum(1, keepdim=True)).log()

    def nats(self, x: Tensor) -> Tensor:
        """Return -ln P(x), (B,) float32, for examples."""
        levels = levels_of(x, self.n_levels).flatten(1)
        # (D, K) at (B, D) -> (B, D)
        each = self._log_shares.to(x.device)[torch.arange(levels.shape[1], device=x.device), levels]
        return -each.sum(1).float()
