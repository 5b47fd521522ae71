"""Which blocks can a convolutional network be made of?

A block is a branch of convolutions, normalisations and activations, and what follows it. Whether a
shortcut leads around the branch, `connections` alone says: around all of them where it is
"residual", around none elsewhere. So ResNet's block is "basic" with residual connections, and that
of MobileNetV2 "inverted_bottleneck" with them, which then have a shortcut also where the shape
changes.

Shapes:
    x: (B, C, ...) float32
    returns: (B, D, ...) float32, each axis divided by the stride, rounding up
    B batch, C and D channels, then one axis of series, two of images, three of clips

References:
    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (basic blocks, shortcuts).
    Howard et al., "MobileNets", 2017 (depthwise separable blocks).
    Sandler et al., "MobileNetV2", CVPR 2018 (inverted bottlenecks).
    Huang et al., "Densely Connected Convolutional Networks", CVPR 2017 (dense connections).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.models.cnn.design import CNNDesign
from raysearch.models.shared.layers import activation, image_norm
from raysearch.models.shared.spatial import Kernel, convolution


@dataclass(frozen=True, slots=True)
class Change:
    """How a block changes its input, (B, C, ...) to (B, D, ...)."""

    in_channels: int
    """The C of its input."""
    out_channels: int
    """The D of its output."""
    stride: int = 1
    """By which each axis is divided, rounding up: 1 or 2."""

    @property
    def is_none(self) -> bool:
        """Whether the output has the shape of the input."""
        return self.stride == 1 and self.in_channels == self.out_channels


class Convolution(nn.Sequential):
    """Convolution - normalisation, changing the shape as told and only by that.

    `groups` as in `nn.Conv2d`: as many as channels for a depthwise convolution.
    """

    def __init__(
        self,
        change: Change,
        *,
        design: CNNDesign,
        kernel_size: int,
        groups: int = 1,
    ) -> None:
        super().__init__(
            convolution(
                change.in_channels,
                change.out_channels,
                Kernel(kernel_size, stride=change.stride),
                n_axes=design.n_axes,
                groups=groups,
                # a normalisation has a shift of its own
                bias=design.normalization == "none",
            ),
            image_norm(design.normalization, change.out_channels, n_axes=design.n_axes),
        )


class Shortcut(nn.Module):
    """A branch with a shortcut around it, and an activation of their sum.

    Where the shape changes, the shortcut is a 1x1 convolution (option B of ResNet's paper).
    """

    def __init__(
        self, branch: nn.Module, *, change: Change, design: CNNDesign, last: nn.Module
    ) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = (
            nn.Identity() if change.is_none else Convolution(change, design=design, kernel_size=1)
        )
        self.activation = last

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D, ...) for (B, C, ...)."""
        # (B, C, ...) -> (B, D, ...), in both terms
        return cast(Tensor, self.activation(self.shortcut(x) + self.branch(x)))


class Dense(nn.Module):
    """A block whose output is put behind its input: (B, C, ...) to (B, C + D, ...)."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return all channels of the input and those that the block adds."""
        return torch.cat([x, self.block(x)], dim=1)


def _plain(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return one convolution."""
    return [Convolution(change, design=design, kernel_size=design.kernel_size)]


def _basic(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return the two convolutions of ResNet's basic block."""
    inner = Change(change.out_channels, change.out_channels)
    return [
        Convolution(change, design=design, kernel_size=design.kernel_size),
        activation(design.activation),
        Convolution(inner, design=design, kernel_size=design.kernel_size),
    ]


def _depthwise_separable(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return a convolution of each channel on its own, then a 1x1 one across channels."""
    channels = change.in_channels
    return [
        # (B, C, ...) -> (B, C, ...), already smaller
        Convolution(
            Change(channels, channels, change.stride),
            design=design,
            kernel_size=design.kernel_size,
            groups=channels,
        ),
        activation(design.activation),
        # (B, C, ...) -> (B, D, ...)
        Convolution(Change(channels, change.out_channels), design=design, kernel_size=1),
    ]


def _inverted_bottleneck(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Widen by a factor, convolve each channel on its own, narrow again without activation."""
    wide = change.in_channels * design.expansion
    return [
        # (B, C, ...) -> (B, E C, ...), with E the expansion
        Convolution(Change(change.in_channels, wide), design=design, kernel_size=1),
        activation(design.activation),
        # (B, E C, ...) -> (B, E C, ...), already smaller
        Convolution(
            Change(wide, wide, change.stride),
            design=design,
            kernel_size=design.kernel_size,
            groups=wide,
        ),
        activation(design.activation),
        # (B, E C, ...) -> (B, D, ...)
        Convolution(Change(wide, change.out_channels), design=design, kernel_size=1),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What distinguishes a kind of block."""

    branch: Callable[..., list[nn.Module]]
    """(change, design=design) -> the layers up to the sum with a shortcut."""
    has_last_activation: bool = True


BLOCKS: Mapping[str, Kind] = MappingProxyType(
    {
        "plain": Kind(branch=_plain),
        "basic": Kind(branch=_basic),
        "depthwise_separable": Kind(branch=_depthwise_separable),
        "inverted_bottleneck": Kind(branch=_inverted_bottleneck, has_last_activation=False),
    }
)
"""Name in a configuration -> kind of block."""


def block_of(change: Change, *, design: CNNDesign) -> nn.Module:
    """Return a block of the design's kind, with a shortcut where the connections are residual."""
    kind = BLOCKS[design.block]
    branch = nn.Sequential(*kind.branch(change, design=design))
    last = activation(design.activation) if kind.has_last_activation else nn.Identity()
    if design.connections == "residual":
        return Shortcut(branch, change=change, design=design, last=last)
    return nn.Sequential(OrderedDict(branch=branch, activation=last))
