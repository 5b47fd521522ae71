"""What does an autoregressive network compute? An exact likelihood, number by number.

P(x) is the product of the probabilities of all numbers, each given those before it: row by row,
pixel by pixel, channel by channel. Masked convolutions tell all of them at once; to draw an image
takes a step for each number, in which only what that number depends on is computed. The position is
learnt, too: what is likely differs from pixel to pixel, most of all in small pictures that are
centred.

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]
    B batch, C channels, H and W height and width in pixels, D channels inside, P outputs a number

References:
    van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (PixelCNN).
    Salimans et al., "PixelCNN++", ICLR 2017 (logistic mixtures, residual blocks, dropout).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.models.shared.layers import activation
from raysearch.models.shared.likelihoods import Likelihood
from raysearch.models.shared.noise import ExampleNoise
from raysearch.models.shared.residual import (
    BlockDesign,
    Blocks,
    MaskedConv2d,
    Offset,
    start_weights,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoregressiveDesign:
    """An architecture; the same names and meanings as in the constructor of `Generative`."""

    input_shape: list[int]
    n_outputs: int
    likelihood: str
    blocks: int
    width: int
    kernel_size: int
    connections: str
    activation: str
    dropout: float


class AutoregressiveNetwork(nn.Module):
    """Masked convolutions from images to the probabilities of all levels of all numbers."""

    output_layers = ("output", "offset")

    def __init__(self, design: AutoregressiveDesign) -> None:
        super().__init__()
        channels, height, width = design.input_shape
        self.shape = (channels, height, width)
        self.likelihood = Likelihood(design.likelihood, design.n_outputs)
        blocks = BlockDesign(
            kernel_size=design.kernel_size,
            connections=design.connections,
            activation=design.activation,
            dropout=design.dropout,
            n_groups=channels,
        )
        # the first layer looks further around, since those above it see little of the right side
        self.stem = MaskedConv2d(
            channels, design.width, design.kernel_size + 2, n_groups=channels, sees_itself=False
        )
        self.position = nn.Parameter(torch.zeros(design.width, height, width))
        self.blocks = Blocks(design.blocks, design.width, design=blocks)
        self.activation = activation(design.activation)
        self.dropout = nn.Dropout(design.dropout)
        n_outputs = channels * self.likelihood.n_outputs
        self.output = MaskedConv2d(design.width, n_outputs, 1, n_groups=channels, sees_itself=True)
        self.offset = Offset(n_outputs, height, width)
        # rows above a number, and columns on each side of it, on which it depends
        self.reach = (design.kernel_size + 2) // 2 + design.blocks * (design.kernel_size // 2)
        start_weights(self, outputs=[self.output])

    @property
    def n_passes(self) -> int:
        """One for each number of an image."""
        return math.prod(self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of the likelihood for each number, (B, P C, H, W)."""
        return cast(Tensor, self.offset(self._inner(x, self.position)))

    def _inner(self, x: Tensor, position: Tensor) -> Tensor:
        """Return the outputs before the offset, of images or of a part of them.

        Args:
            x: (B, C, h, w).
            position: Where that is, (D, h, w).
        """
        # (B, C, h, w) -> (B, D, h, w) -> (B, P C, h, w)
        inner = self.blocks(self.stem(2 * x - 1) + position)
        return cast(Tensor, self.output(self.dropout(self.activation(inner))))

    def training_nats(self, x: Tensor) -> Tensor:
        """Return -ln P(x), (B,); exact, but for dropout."""
        return self.likelihood.nats(self(x), x)

    def nats(self, x: Tensor, noise: ExampleNoise | None = None) -> tuple[Tensor]:
        """Return -ln P(x), (B,); exact in evaluation mode, where nothing is drawn."""
        return (self.training_nats(x),)

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W), with a step of the network for each number of one."""
        channels, height, width = self.shape
        x = self.position.new_zeros(n, *self.shape)
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    drawn = self.likelihood.sample(self._outputs_at(x, row, column))
                    x[:, channel, row, column] = drawn[:, channel, 0, 0]
        return x

    def _outputs_at(self, x: Tensor, row: int, column: int) -> Tensor:
        """Return the outputs at a pixel, (B, P C, 1, 1), from those before it in its reach."""
        first = max(0, column - self.reach)
        rows = slice(max(0, row - self.reach), row + 1)
        columns = slice(first, column + self.reach + 1)
        inner = self._inner(x[:, :, rows, columns], self.position[:, rows, columns])
        bias = self.offset.bias[:, row, column]
        return inner[:, :, -1, column - first, None, None] + bias[:, None, None]
