"""What do networks of densities compute from image to image? Blocks that keep height and width.

Blocks are activated before each convolution and, with `connections` "residual", add to their input;
a condition, such as how noisy an image is, is added between the two convolutions. Weights start as
in `layers`, with the inputs of a unit counted that a mask leaves.

Shapes:
    x: (B, D, H, W), a block's input and output
    condition: (B, N)
    B batch, D channels, H and W height and width in pixels, N numbers of a condition

References:
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016 (activations first).
    van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (masks).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.shared.layers import activation, image_norm, shrink_branches


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDesign:
    """What all blocks of a network have in common; names and meanings are the constructors'."""

    kernel_size: int
    connections: str
    activation: str
    dropout: float
    normalization: str = "none"
    n_conditions: int = 0
    """Numbers of the condition; 0 for none."""
    n_groups: int = 0
    """Of masked convolutions: channels of the image, in whose order a pixel's numbers come. 0 for
    plain convolutions."""


class MaskedConv2d(nn.Conv2d):
    """A convolution that sees only what comes before a number in the order of the image.

    The order is row by row, pixel by pixel, channel by channel. The units of a layer are split into
    as many groups as the image has channels, in their order, each of which may know of the numbers
    up to its own: `sees_itself` says whether of its own, too, as any but the first layer must.
    """

    mask: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        n_groups: int,
        sees_itself: bool,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        mask = causal_mask(
            in_channels, out_channels, kernel_size, n_groups=n_groups, sees_itself=sees_itself
        )
        self.register_buffer("mask", mask, persistent=False)  # follows from the arguments

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D', H, W) for (B, D, H, W)."""
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


def causal_mask(
    in_channels: int, out_channels: int, kernel_size: int, *, n_groups: int, sees_itself: bool
) -> Tensor:
    """Return 1 for weights that may be used and 0 for others, (out, in, kernel, kernel).

    Example:
        >>> causal_mask(1, 1, 3, n_groups=1, sees_itself=False)[0, 0].tolist()
        [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    centre = kernel_size // 2
    mask = torch.ones(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, centre + 1 :] = 0
    mask[:, :, centre, centre:] = 0
    knows = torch.arange(out_channels) * n_groups // out_channels
    tells = torch.arange(in_channels) * n_groups // in_channels
    is_before = tells <= knows[:, None] if sees_itself else tells < knows[:, None]
    mask[:, :, centre, centre] = is_before.float()
    return mask


class Block(nn.Module):
    """Normalisation - activation - convolution, twice, around which there may be a shortcut."""

    def __init__(self, width: int, *, design: BlockDesign) -> None:
        super().__init__()
        second = (
            1 if design.n_groups else design.kernel_size
        )  # one look around is what a mask wants
        self.first = _part(width, kernel_size=design.kernel_size, design=design)
        self.condition = nn.Linear(design.n_conditions, width) if design.n_conditions else None
        self.second = _part(width, kernel_size=second, dropout=design.dropout, design=design)
        self.is_residual = design.connections == "residual"

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return (B, D, H, W)."""
        inner = self.first(x)
        if self.condition is not None and condition is not None:
            # (B, N) -> (B, D, 1, 1)
            inner = inner + self.condition(condition)[:, :, None, None]
        changed = cast(Tensor, self.second(inner))
        return x + changed if self.is_residual else changed


class Blocks(nn.Module):
    """A number of blocks, one after the other."""

    def __init__(self, n: int, width: int, *, design: BlockDesign) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, design=design) for _ in range(n))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return (B, D, H, W)."""
        for block in self.blocks:
            x = block(x, condition)
        return x


class Offset(nn.Module):
    """A number for each channel of each pixel, added to what an output layer gives."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D, H, W)."""
        return x + self.bias


def start_weights(network: nn.Module, *, outputs: list[nn.Module]) -> None:
    """Start every convolution and linear layer of a network as `layers.initialize` does.

    Those in `outputs` start at a tenth of that, so that a network begins near the density in which
    nothing depends on anything. Masked weights do not count. Residual branches are shrunk.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            used = layer.mask if isinstance(layer, MaskedConv2d) else torch.ones_like(layer.weight)
            n_inputs = max(1.0, used.sum().item() / len(used))
            std = 0.1 / math.sqrt(n_inputs) if layer in outputs else math.sqrt(2 / n_inputs)
            nn.init.normal_(layer.weight, std=std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for blocks in (module for module in network.modules() if isinstance(module, Blocks)):
        each = (block for block in blocks.blocks if isinstance(block, Block))
        shrink_branches([block.second for block in each if block.is_residual])


def _part(
    width: int, *, kernel_size: int, design: BlockDesign, dropout: float = 0.0
) -> nn.Sequential:
    convolution: nn.Module
    if design.n_groups:
        convolution = MaskedConv2d(
            width, width, kernel_size, n_groups=design.n_groups, sees_itself=True
        )
    else:
        convolution = nn.Conv2d(width, width, kernel_size, padding=kernel_size // 2)
    return nn.Sequential(
        image_norm(design.normalization, width),
        activation(design.activation),
        nn.Dropout(dropout),
        convolution,
    )
