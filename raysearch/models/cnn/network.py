"""What does a convolutional network compute?

A stem, then stages, then global pooling and a linear output. Each stage but the first halves every
axis, rounding up, and has more channels. What a stage is made of depends on `connections`:

- "plain" and "residual": blocks one after the other, of which the first changes size and channels;
  see `blocks`.
- "dense": each block reads all channels of the stage and adds some; between stages a convolution
  brings them down to the width of the next.
- "cell": the same graph of operations again and again, see `cells`; between stages there is a
  convolution of kernel size 3. Convolutions follow their activation here, so the stem has none, and
  normalisation and activation stand behind the last cell. (NAS-Bench-201 has residual blocks
  between stages; a convolution leaves more of the result to the cell.)

Shapes:
    x: (B, C, T), (B, C, H, W) or (B, C, D, H, W) float32
    returns: (B, K) float32
    B batch, C channels, T steps of a series, H and W height and width in pixels, D frames of a
    clip, K outputs

References:
    Lin, Chen and Yan, "Network in Network", ICLR 2014 (global average pooling).
    Huang et al., "Densely Connected Convolutional Networks", CVPR 2017.
    Dong and Yang, "NAS-Bench-201", ICLR 2020.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

from torch import Tensor, nn

from raysearch.models.cnn.blocks import Change, Convolution, Dense, Shortcut, block_of
from raysearch.models.cnn.cells import Cell, last_of, preactivated
from raysearch.models.cnn.design import CNNDesign
from raysearch.models.cnn.space import WIDEST
from raysearch.models.shared.layers import activation, initialize, shrink_branches
from raysearch.models.shared.sizes import width_for
from raysearch.models.shared.spatial import global_pooling, halving_pool


def stage_widths(*, width: float, growth: float, stages: int, multiple: int = 8) -> tuple[int, ...]:
    """Return the channels of each stage, after the first in multiples of eight as hardware likes.

    Args:
        width: Channels of the first stage, at least 1 unless it is no whole number.
        growth: Factor from stage to stage, at least 1.
        stages: At least 1.
        multiple: What the channels are multiples of; 1 lets the network grow in small steps.

    Example:
        >>> stage_widths(width=16, growth=1.5, stages=3)
        (16, 24, 40)
        >>> stage_widths(width=12, growth=1.0, stages=2)
        (12, 16)
    """
    later = (
        multiple * max(1, math.floor(width * growth**stage / multiple + 0.5))
        for stage in range(1, stages)
    )
    return (max(1, round(width)), *later)


def fitted(design: CNNDesign) -> CNNDesign:
    """Return the design with the width that its `n_parameters` ask for; itself if that is 0.

    The width is tried in steps of one channel of the last stage, of which the first ones may have
    a part only, so that the parameters grow in small steps.
    """
    if design.n_parameters == 0:
        return design
    growth = design.width_growth ** (design.stages - 1)

    def with_last(width: int) -> CNNDesign:
        return replace(design, width=width / growth)

    last = width_for(
        design.n_parameters, build=lambda width: CNNNetwork(with_last(width)), widest=WIDEST
    )
    return with_last(last)


class CNNNetwork(nn.Module):
    """A convolutional network from series, images or clips to K outputs."""

    def __init__(self, design: CNNDesign) -> None:
        super().__init__()
        widths = stage_widths(
            width=design.width,
            growth=design.width_growth,
            stages=design.stages,
            multiple=1 if design.n_parameters else 8,
        )
        is_cell = design.connections == "cell"
        self.stem = _stem(Change(design.input_shape[0], widths[0]), design=design)
        stages, channels = [], widths[0]
        for number, width in enumerate(widths):
            change = Change(channels, width, 1 if number == 0 else 2)
            stages.append(_stage(change, design=design))
            channels = _channels_after(width, design=design)
        self.stages = nn.Sequential(*stages)
        self.last = last_of(channels, design=design) if is_cell else nn.Identity()
        self.pool = global_pooling(design.head_pooling, n_axes=design.n_axes)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(channels, design.n_outputs)
        initialize(self, output=self.output)
        shrink_branches([m.branch for m in self.modules() if isinstance(m, Shortcut)])

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (B, K) for examples (B, C, ...)."""
        # (B, C, ...) -> (B, E, ...), with E channels, and what is left of the axes
        x = self.last(self.stages(self.stem(x)))
        # (B, E, ...) -> (B, E)
        x = self.pool(x).flatten(1)
        # (B, E) -> (B, K)
        return cast(Tensor, self.output(self.dropout(x)))


def _stem(change: Change, *, design: CNNDesign) -> nn.Module:
    stem = Convolution(change, design=design, kernel_size=design.kernel_size)
    if design.connections == "cell":
        return stem
    return nn.Sequential(stem, activation(design.activation))


def _stage(change: Change, *, design: CNNDesign) -> nn.Sequential:
    """Return a stage, of which the first parts make the change."""
    layers: list[nn.Module] = []
    if change.stride == 2 and design.pooling != "stride":
        layers = [halving_pool(design.pooling, n_axes=design.n_axes)]
        change = Change(change.in_channels, change.out_channels)
    build = {"dense": _dense, "cell": _cells}.get(design.connections, _chain)
    return nn.Sequential(*layers, *build(change, design=design))


def _chain(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return blocks of which the first makes the change."""
    same = Change(change.out_channels, change.out_channels)
    changes = [change] + [same] * (design.blocks_per_stage - 1)
    return [block_of(each, design=design) for each in changes]


def _dense(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return a convolution that makes the change, if there is one, and blocks that add channels."""
    layers: list[nn.Module] = []
    if not change.is_none:
        # that of DenseNet, where it need not halve the image
        kernel_size = 1 if change.stride == 1 else design.kernel_size
        convolution = Convolution(change, design=design, kernel_size=kernel_size)
        layers = [nn.Sequential(convolution, activation(design.activation))]
    width, added = change.out_channels, _added(change.out_channels, design=design)
    for number in range(design.blocks_per_stage):
        adding = Change(width + number * added, added)
        layers.append(Dense(block_of(adding, design=design)))
    return layers


def _cells(change: Change, *, design: CNNDesign) -> list[nn.Module]:
    """Return a convolution that makes the change, if there is one, and cells."""
    between = [] if change.is_none else [preactivated(change, design=design, kernel_size=3)]
    width = change.out_channels
    return [*between, *(Cell(width, design=design) for _ in range(design.blocks_per_stage))]


def _added(width: int, *, design: CNNDesign) -> int:
    """Return the channels that each block of a dense stage adds."""
    return max(1, round(width * design.growth_rate))


def _channels_after(width: int, *, design: CNNDesign) -> int:
    """Return the channels at the end of a stage of this width."""
    if design.connections != "dense":
        return width
    return width + design.blocks_per_stage * _added(width, design=design)
