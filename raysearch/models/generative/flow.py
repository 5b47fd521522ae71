"""What does a normalising flow compute? The exact density of a continuous image.

An invertible map takes images to standard normal noise, and the density of an image is that of the
noise times the map's Jacobian determinant. The map is a chain of affine couplings, each of which
scales and shifts one half of the numbers by amounts that follow from the other half: first in the
pattern of a checkerboard, then, after each 2 x 2 pixels were made four channels, in halves of the
channels, and so on for each further scale.

Levels are no continuous numbers. Uniform dequantisation makes them ones: level k of K becomes
y = (k + u) / K with u uniform in [0, 1). The probability of an image is then the integral of the
density p over its cell, and

    -ln P(x) <= D ln K - E[ln p(y)],

over u, with D the numbers of an image. The right side, with one draw of u for each number, is what
is minimised and told: a bound, where an autoregressive network tells the likelihood itself. It is
tight if p is constant on cells. y goes through a logit first, kept away from 0 and 1.

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]
    y: (B, C, H, W) in [0, 1); noise: (B, C', H', W'), as many numbers
    B batch, C channels, H and W height and width in pixels

References:
    Dinh, Sohl-Dickstein and Bengio, "Density Estimation Using Real NVP", ICLR 2017.
    Theis, van den Oord and Bethge, "A Note on the Evaluation of Generative Models", ICLR 2016
        (the bound).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.shared.densities import levels_of, values_of
from raysearch.models.shared.layers import activation
from raysearch.models.shared.noise import ExampleNoise, uniform_like
from raysearch.models.shared.residual import BlockDesign, Blocks, start_weights

_MARGIN = 0.05
"""How far the logit stays away from 0 and 1, both together (the paper's alpha)."""

_MOST_LOG_SCALE = 2.0
"""Largest log-scale of a coupling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDesign:
    """An architecture; the same names and meanings as in the constructor of `Generative`."""

    input_shape: list[int]
    n_outputs: int
    scales: int
    couplings: int
    blocks: int
    width: int
    kernel_size: int
    connections: str
    activation: str
    dropout: float
    normalization: str


class Invertible(Protocol):
    """One map of a chain."""

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what becomes of images, and the log-determinant of the Jacobian, (B,)."""
        ...

    def inverse(self, x: Tensor) -> Tensor:
        """Return what the map made this of."""
        ...


class Affine(nn.Module):
    """A learnt scale and shift for each number of an image."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(shape))
        self.shift = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the image (B, C, H, W), and the log-determinant of the Jacobian, (B,)."""
        return x * self.log_scale.exp() + self.shift, self.log_scale.sum().expand(len(x))

    def inverse(self, x: Tensor) -> Tensor:
        """Return what `forward` made this of."""
        return (x - self.shift) * (-self.log_scale).exp()


class Coupling(nn.Module):
    """Scales and shifts the numbers that a mask leaves out, by what the others say."""

    mask: Tensor

    def __init__(self, mask: Tensor, *, design: FlowDesign) -> None:
        super().__init__()
        channels = mask.shape[0]
        self.register_buffer("mask", mask, persistent=False)  # follows from the arguments
        blocks = BlockDesign(
            kernel_size=design.kernel_size,
            connections=design.connections,
            activation=design.activation,
            dropout=design.dropout,
            normalization=design.normalization,
        )
        # the mask is an input, too, that a number left out is not taken for a zero
        self.stem = nn.Conv2d(
            2 * channels, design.width, design.kernel_size, padding=design.kernel_size // 2
        )
        self.position = nn.Parameter(torch.zeros(design.width, *mask.shape[1:]))
        self.blocks = Blocks(design.blocks, design.width, design=blocks)
        self.activation = activation(design.activation)
        self.output = nn.Conv2d(design.width, 2 * channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the image (B, C, H, W), and the log-determinant of the Jacobian, (B,)."""
        log_scale, shift = self._change(x)
        return x * log_scale.exp() + shift, log_scale.flatten(1).sum(1)

    def inverse(self, x: Tensor) -> Tensor:
        """Return what `forward` made this of."""
        log_scale, shift = self._change(x)
        return (x - shift) * (-log_scale).exp()

    def _change(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-scale and shift, (B, C, H, W) each: 0 where the mask is 1."""
        seen = torch.cat([x * self.mask, self.mask.expand_as(x)], dim=1)
        inner = self.blocks(self.stem(seen) + self.position)
        log_scale, shift = self.output(self.activation(inner)).chunk(2, dim=1)
        log_scale = _MOST_LOG_SCALE * torch.tanh(log_scale / _MOST_LOG_SCALE)
        return (1 - self.mask) * log_scale, (1 - self.mask) * shift


class Squeeze(nn.Module):
    """Makes each 2 x 2 pixels four channels."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 4 C, H / 2, W / 2), and the log-determinant of the Jacobian, 0."""
        return F.pixel_unshuffle(x, 2), x.new_zeros(len(x))

    def inverse(self, x: Tensor) -> Tensor:
        """Return what `forward` made this of."""
        return F.pixel_shuffle(x, 2)


class FlowNetwork(nn.Module):
    """A chain of invertible maps from images to noise."""

    n_passes = 1

    def __init__(self, design: FlowDesign) -> None:
        super().__init__()
        shape = cast(tuple[int, int, int], tuple(design.input_shape))
        self.n_levels = design.n_outputs
        maps: list[nn.Module] = [Affine(shape)]
        for scale in range(design.scales):
            if scale:
                maps.append(Squeeze())
                shape = (4 * shape[0], shape[1] // 2, shape[2] // 2)
            for number in range(design.couplings):
                mask = halves(shape) if scale else checkerboard(shape)
                maps.append(Coupling(mask if number % 2 else 1 - mask, design=design))
        maps.append(Affine(shape))
        self.maps = nn.ModuleList(maps)
        self.noise_shape = shape
        couplings = {f"maps.{n}": each for n, each in enumerate(maps) if isinstance(each, Coupling)}
        self.output_layers = (*(f"{name}.output" for name in couplings), f"maps.{len(maps) - 1}")
        start_weights(self, outputs=[coupling.output for coupling in couplings.values()])

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the noise for images y in [0, 1), and the log-determinant of the Jacobian."""
        kept = _MARGIN / 2 + (1 - _MARGIN) * y
        noise = kept.logit()
        log_determinant = (math.log(1 - _MARGIN) - kept.log() - (1 - kept).log()).flatten(1).sum(1)
        for each in self.maps:
            noise, change = cast(Invertible, each)(noise)
            log_determinant = log_determinant + change
        return noise, log_determinant

    def inverse(self, noise: Tensor) -> Tensor:
        """Return the images y for noise; those of noise far from 0 may leave [0, 1)."""
        for each in reversed(self.maps):
            noise = cast(Invertible, each).inverse(noise)
        return (noise.sigmoid() - _MARGIN / 2) / (1 - _MARGIN)

    def log_density(self, y: Tensor) -> Tensor:
        """Return ln p(y), (B,)."""
        noise, log_determinant = cast(tuple[Tensor, Tensor], self(y))
        flat = noise.flatten(1)
        of_noise = -(flat.square().sum(1) + flat.shape[1] * math.log(2 * math.pi)) / 2
        return of_noise + log_determinant

    def training_nats(self, x: Tensor) -> Tensor:
        """Return the bound above -ln P(x), (B,)."""
        return self.nats(x)[0]

    def nats(self, x: Tensor, noise: ExampleNoise | None = None) -> tuple[Tensor]:
        """Return the bound above -ln P(x), (B,), with one draw of u for each number."""
        # x - x is not a number where x is none, which a level cannot tell
        levels = levels_of(x, self.n_levels) + (x - x)
        y = (levels + uniform_like(x, noise)) / self.n_levels
        return (x[0].numel() * math.log(self.n_levels) - self.log_density(y),)

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W): the levels of the cells that y lies in."""
        like = cast(Affine, self.maps[0]).shift
        y = self.inverse(torch.randn(n, *self.noise_shape, device=like.device))
        levels = (y * self.n_levels).floor().clamp(0, self.n_levels - 1)
        return values_of(levels, self.n_levels)


def checkerboard(shape: tuple[int, int, int]) -> Tensor:
    """Return 1 for every second pixel and 0 for the others, (C, H, W).

    Example:
        >>> checkerboard((1, 2, 3)).tolist()
        [[[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]]
    """
    _, height, width = shape
    odd = (torch.arange(height)[:, None] + torch.arange(width)) % 2
    return odd.float().expand(shape).clone()


def halves(shape: tuple[int, int, int]) -> Tensor:
    """Return 1 for the second half of the channels and 0 for the first, (C, H, W)."""
    channels = shape[0]
    second = (torch.arange(channels) >= channels // 2).float()
    return second[:, None, None].expand(shape).clone()
