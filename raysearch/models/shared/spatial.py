"""Which layers are for series, for images and for clips?

They differ in how many axes there are behind the channels: one for series (B, C, T), two for images
(B, C, H, W), three for clips (B, C, D, H, W). What is built from these functions is written once
for all of them. Normalisations are `image_norm` in `layers`.

Shapes:
    x: (B, C, ...) float32
    B batch, C channels, then one to three axes
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class HalvingMeans3d(nn.AvgPool3d):
    """Means of pairs along three axes, also along an axis that has no pair, which torch refuses."""

    def __init__(self) -> None:
        super().__init__(2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, ...), each axis halved, rounding up."""
        pairs = [min(2, size) for size in x.shape[2:]]
        return F.avg_pool3d(x, pairs, ceil_mode=True)


class SameSizeMeans3d(nn.Module):
    """Means of 3 values along three axes, also along one that is shorter, which torch refuses."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, D, H, W): at the ends the mean of what is there."""
        # (B, C, D, H, W) and (1, 1, D, H, W): shares of 27 values, of which some are padding
        means, shares = (
            F.avg_pool3d(F.pad(values, [1] * 6), 3, stride=1)
            for values in (x, torch.ones_like(x[:1, :1]))
        )
        return means / shares


_CONVOLUTIONS: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_MAX_POOLS: dict[int, Any] = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
_AVERAGE_POOLS: dict[int, Any] = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
_MAXIMA: dict[int, Any] = {
    1: nn.AdaptiveMaxPool1d, 2: nn.AdaptiveMaxPool2d, 3: nn.AdaptiveMaxPool3d,
}  # fmt: skip
_MEANS: dict[int, Any] = {
    1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kernel:
    """Which values a convolution reads for each that it gives, along each axis."""

    size: int
    """Values that are read; an odd number."""
    _: KW_ONLY
    stride: int = 1
    """By which the axes are divided, rounding up."""
    dilation: int = 1
    """From one value that is read to the next."""

    @property
    def padding(self) -> int:
        """Zeros at each end, with which a stride of 1 keeps the size."""
        return self.dilation * (self.size // 2)


def convolution(
    in_channels: int,
    out_channels: int,
    kernel: Kernel,
    *,
    n_axes: int,
    groups: int = 1,
    bias: bool = True,
) -> nn.Module:
    """Return a convolution along one to three axes, padded with zeros.

    Args:
        in_channels: C of its input.
        out_channels: C of its output.
        kernel: What it reads.
        n_axes: Axes behind the channels, 1 to 3.
        groups: As in `nn.Conv2d`: as many as channels for a depthwise convolution.
        bias: Whether it adds a number to each channel.
    """
    layer: nn.Module = _CONVOLUTIONS[n_axes](
        in_channels,
        out_channels,
        kernel.size,
        stride=kernel.stride,
        padding=kernel.padding,
        dilation=kernel.dilation,
        groups=groups,
        bias=bias,
    )
    return layer


def halving_pool(name: str, *, n_axes: int) -> nn.Module:
    """Return a pooling of pairs that halves each axis, rounding up: "max" or "average".

    At an odd end it pools what is there.
    """
    if name == "average" and n_axes == 3:
        return HalvingMeans3d()
    pools = _MAX_POOLS if name == "max" else _AVERAGE_POOLS
    layer: nn.Module = pools[n_axes](2, ceil_mode=True)
    return layer


def same_size_pool(name: str, *, n_axes: int) -> nn.Module:
    """Return a pooling of 3 values along each axis that keeps the size: "max" or "average".

    At the ends it pools what is there, without the padding.
    """
    if name == "average" and n_axes == 3:
        return SameSizeMeans3d()
    layer: nn.Module
    if name == "max":
        layer = _MAX_POOLS[n_axes](3, stride=1, padding=1)
    else:
        layer = _AVERAGE_POOLS[n_axes](3, stride=1, padding=1, count_include_pad=False)
    return layer


def global_pooling(name: str, *, n_axes: int) -> nn.Module:
    """Return a pooling of (B, C, ...) to (B, C, 1, ...), over all axes: "max" or "average"."""
    pools = _MAXIMA if name == "max" else _MEANS
    layer: nn.Module = pools[n_axes](1)
    return layer
