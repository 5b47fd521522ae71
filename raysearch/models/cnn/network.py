"""What does a convolutional network compute?

A stem, then stages of blocks, then global pooling and a linear output. Each stage but the first
halves the image, rounding up, and has more channels. A stage's first block changes size and
channels; the others keep both.

Shapes:
    x: (B, C, H, W) float32
    returns: (B, K) float32
    B batch, C channels, H and W height and width in pixels, K outputs

References:
    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (residual blocks).
    Howard et al., "MobileNets", 2017 (depthwise separable blocks).
    Sandler et al., "MobileNetV2", CVPR 2018 (inverted bottlenecks).
    Lin, Chen and Yan, "Network in Network", ICLR 2014 (global average pooling).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import cast

from torch import Tensor, nn

from raysearch.models.shared.layers import (
    activation,
    image_norm,
    initialize,
    shrink_branches,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CNNDesign:
    """An architecture; the same names and meanings as in the constructor of `CNN`."""

    input_shape: list[int]
    n_outputs: int
    block: str
    expansion: int
    stages: int
    blocks_per_stage: int
    width: int
    width_growth: float
    pooling: str
    kernel_size: int
    normalization: str
    activation: str
    head_pooling: str
    dropout: float


def stage_widths(*, width: int, growth: float, stages: int) -> tuple[int, ...]:
    """Return the channels of each stage, after the first in multiples of eight as hardware likes.

    Args:
        width: Channels of the first stage, at least 1.
        growth: Factor from stage to stage, at least 1.
        stages: At least 1.

    Example:
        >>> stage_widths(width=16, growth=1.5, stages=3)
        (16, 24, 40)
        >>> stage_widths(width=12, growth=1.0, stages=2)
        (12, 16)
    """
    later = (8 * max(1, math.floor(width * growth**stage / 8 + 0.5)) for stage in range(1, stages))
    return (width, *later)


@dataclass(frozen=True, slots=True)
class Change:
    """How a block changes its input, (B, C, H, W) to (B, D, H/S, W/S) rounded up."""

    in_channels: int
    """The C of its input."""
    out_channels: int
    """The D of its output."""
    stride: int = 1
    """The S by which height and width are divided, 1 or 2."""

    @property
    def is_none(self) -> bool:
        """Whether the output has the shape of the input."""
        return self.stride == 1 and self.in_channels == self.out_channels


class Convolution(nn.Sequential):
    """Convolution - normalisation, changing the shape as told and only by that.

    Padding keeps height and width, or halves them rounding up. `groups` as in `nn.Conv2d`: as many
    as channels for a depthwise convolution.
    """

    def __init__(
        self, change: Change, *, design: CNNDesign, kernel_size: int, groups: int = 1
    ) -> None:
        super().__init__(
            nn.Conv2d(
                change.in_channels,
                change.out_channels,
                kernel_size,
                stride=change.stride,
                padding=kernel_size // 2,
                groups=groups,
                # a normalisation has a shift of its own
                bias=design.normalization == "none",
            ),
            image_norm(design.normalization, change.out_channels),
        )


class PlainBlock(nn.Sequential):
    """Convolution - normalisation - activation."""

    def __init__(self, change: Change, *, design: CNNDesign) -> None:
        super().__init__(
            Convolution(change, design=design, kernel_size=design.kernel_size),
            activation(design.activation),
        )


class ResidualBlock(nn.Module):
    """Two convolutions with a shortcut around them, as the basic block of ResNet.

    Where the shape changes, the shortcut is a 1x1 convolution (the paper's option B).
    """

    def __init__(self, change: Change, *, design: CNNDesign) -> None:
        super().__init__()
        inner = Change(change.out_channels, change.out_channels)
        self.branch = nn.Sequential(
            Convolution(change, design=design, kernel_size=design.kernel_size),
            activation(design.activation),
            Convolution(inner, design=design, kernel_size=design.kernel_size),
        )
        self.shortcut = (
            nn.Identity() if change.is_none else Convolution(change, design=design, kernel_size=1)
        )
        self.activation = activation(design.activation)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D, H/S, W/S) for (B, C, H, W)."""
        # (B, C, H, W) -> (B, D, H/S, W/S), in both terms
        return cast(Tensor, self.activation(self.shortcut(x) + self.branch(x)))


class DepthwiseSeparableBlock(nn.Sequential):
    """A convolution of each channel on its own, then a 1x1 convolution across channels."""

    def __init__(self, change: Change, *, design: CNNDesign) -> None:
        channels = change.in_channels
        super().__init__(
            # (B, C, H, W) -> (B, C, H/S, W/S)
            Convolution(
                Change(channels, channels, change.stride),
                design=design,
                kernel_size=design.kernel_size,
                groups=channels,
            ),
            activation(design.activation),
            # (B, C, H/S, W/S) -> (B, D, H/S, W/S)
            Convolution(Change(channels, change.out_channels), design=design, kernel_size=1),
            activation(design.activation),
        )


class InvertedBottleneckBlock(nn.Module):
    """Widen by a factor, convolve each channel on its own, narrow again without activation.

    A shortcut joins the narrow ends where the shape stays.
    """

    def __init__(self, change: Change, *, design: CNNDesign) -> None:
        super().__init__()
        wide = change.in_channels * design.expansion
        self.branch = nn.Sequential(
            # (B, C, H, W) -> (B, E C, H, W), with E the expansion
            Convolution(Change(change.in_channels, wide), design=design, kernel_size=1),
            activation(design.activation),
            # (B, E C, H, W) -> (B, E C, H/S, W/S)
            Convolution(
                Change(wide, wide, change.stride),
                design=design,
                kernel_size=design.kernel_size,
                groups=wide,
            ),
            activation(design.activation),
            # (B, E C, H/S, W/S) -> (B, D, H/S, W/S)
            Convolution(Change(wide, change.out_channels), design=design, kernel_size=1),
        )
        self.has_shortcut = change.is_none

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D, H/S, W/S) for (B, C, H, W)."""
        changed = cast(Tensor, self.branch(x))
        return x + changed if self.has_shortcut else changed


BLOCKS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "plain": PlainBlock,
        "residual": ResidualBlock,
        "depthwise_separable": DepthwiseSeparableBlock,
        "inverted_bottleneck": InvertedBottleneckBlock,
    }
)
"""Name in a configuration -> block, constructed as `Block(change, design=design)`."""


class CNNNetwork(nn.Module):
    """A convolutional network from images to K outputs."""

    def __init__(self, design: CNNDesign) -> None:
        super().__init__()
        widths = stage_widths(width=design.width, growth=design.width_growth, stages=design.stages)
        stem = Change(design.input_shape[0], widths[0])
        self.stem = PlainBlock(stem, design=design)
        self.stages = nn.Sequential(
            _stage(Change(widths[0], widths[0]), design=design),
            *(
                _stage(Change(before, after, 2), design=design)
                for before, after in pairwise(widths)
            ),
        )
        pool = nn.AdaptiveAvgPool2d if design.head_pooling == "average" else nn.AdaptiveMaxPool2d
        self.pool = pool(1)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(widths[-1], design.n_outputs)
        initialize(self, output=self.output)
        shrink_branches(_branches(self))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (B, K) for images (B, C, H, W)."""
        # (B, C, H, W) -> (B, D, h, w), with D channels and h, w pixels after the last stage
        x = self.stages(self.stem(x))
        # (B, D, h, w) -> (B, D)
        x = self.pool(x).flatten(1)
        # (B, D) -> (B, K)
        return cast(Tensor, self.output(self.dropout(x)))


def _stage(change: Change, *, design: CNNDesign) -> nn.Sequential:
    """Return a stage's blocks, of which the first makes the change."""
    block = BLOCKS[design.block]
    halving: list[nn.Module] = []
    if change.stride == 2 and design.pooling != "stride":
        pool = nn.MaxPool2d if design.pooling == "max" else nn.AvgPool2d
        halving = [pool(2, ceil_mode=True)]
        change = Change(change.in_channels, change.out_channels)
    same = Change(change.out_channels, change.out_channels)
    changes = [change] + [same] * (design.blocks_per_stage - 1)
    return nn.Sequential(*halving, *(block(each, design=design) for each in changes))


def _branches(network: nn.Module) -> list[nn.Module]:
    """Return the branches around which there is a shortcut."""
    return [
        block.branch
        for block in network.modules()
        if isinstance(block, ResidualBlock)
        or (isinstance(block, InvertedBottleneckBlock) and block.has_shortcut)
    ]
