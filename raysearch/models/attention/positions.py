"""How does a Transformer know where in a sequence or an image something is?

A position has one coordinate for a sequence, two for an image, three for a clip. Its channels, or
the pairs of a head's components, are shared out among the coordinates.

Shapes:
    coordinates: (N, A) int64
    x: (B, N, W) float32 what is at each position
    queries, keys: (B, H, N, D) float32
    B batch, N positions, A coordinates, W width of the network, H heads, D components of a head

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5 (sinusoidal).
    Gehring et al., "Convolutional Sequence to Sequence Learning", ICML 2017 (learnt).
    Su et al., "RoFormer", 2021 (rotary); Heo et al., "Rotary Position Embedding for Vision
    Transformer", ECCV 2024 (with two coordinates).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from raysearch.models.attention.design import TransformerDesign

_LONGEST = 10_000.0
"""Ratio of the longest to the shortest wavelength, as in all of the papers."""

_LEARNT_STD = math.sqrt(0.5)
"""Learnt positions start as large as sinusoids are."""


class Rotation(NamedTuple):
    """By which angle each pair of components is turned at each position: (N, D/2) both."""

    cosines: Tensor
    sines: Tensor


class Positions(nn.Module):
    """The positions of one sequence or grid, in the design's way.

    Args:
        design: Names the way: "sinusoidal" and "learnt" are added to what is at the positions;
            "rotary" turns queries and keys.
        coordinates: (N, A) of all positions that there can be, in order.
    """

    sinusoids: Tensor
    cosines: Tensor
    sines: Tensor

    def __init__(self, design: TransformerDesign, *, coordinates: Tensor) -> None:
        super().__init__()
        self.kind = design.positions
        self.n_positions = len(coordinates)
        if self.kind == "learnt":
            self.learnt = nn.Parameter(torch.empty(self.n_positions, design.width))
            nn.init.normal_(self.learnt, std=_LEARNT_STD)
        elif self.kind == "sinusoidal":
            added = sinusoids(coordinates, width=design.width)
            self.register_buffer("sinusoids", added, persistent=False)
        else:
            rotation = rotation_of(coordinates, head_width=design.head_width)
            self.register_buffer("cosines", rotation.cosines, persistent=False)
            self.register_buffer("sines", rotation.sines, persistent=False)

    def forward(self, x: Tensor, *, start: int = 0) -> Tensor:
        """Return `x` with its positions added, (B, N, W).

        Args:
            x: (B, N, W) what is at N positions from `start` on.
            start: Number of the first one.

        Raises:
            ValueError: There are more positions than the network was made for.
        """
        end = start + x.shape[1]
        if end > self.n_positions:
            raise ValueError(
                f"An example has {end} positions, but this network was made for at most "
                f"{self.n_positions}, which follow from its input_shape or target_length. "
                "Shorten the example, or train a network on data with longer ones."
            )
        if self.kind == "rotary":
            return x
        added = self.learnt if self.kind == "learnt" else self.sinusoids
        return x + added[start:end]

    def rotation(self, *, start: int, end: int) -> Rotation | None:
        """Return how queries and keys are turned at the positions from `start` up to `end`."""
        if self.kind != "rotary":
            return None
        return Rotation(self.cosines[start:end], self.sines[start:end])


def grid_coordinates(sizes: Sequence[int]) -> Tensor:
    """Return the coordinates (N, A) of a grid's cells, the last one running fastest.

    Example:
        >>> grid_coordinates([2, 3]).tolist()
        [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    """
    axes = [torch.arange(size) for size in sizes]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(sizes))


def sinusoids(coordinates: Tensor, *, width: int) -> Tensor:
    """Return sines and cosines of the coordinates, (N, `width`) float32.

    With one coordinate and an even width, channel 2i is sin(p / 10000^(2i / width)) and channel
    2i + 1 the cosine of the same.

    Example:
        >>> sinusoids(torch.tensor([[0], [1]]), width=2)
        tensor([[0.0000, 1.0000],
                [0.8415, 0.5403]])
    """
    angles = _angles(coordinates, n_angles=math.ceil(width / 2))
    # (N, ceil(W/2), 2) -> (N, W)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width].float()


def rotation_of(coordinates: Tensor, *, head_width: int) -> Rotation:
    """Return by which angles the pairs of components are turned at these coordinates."""
    angles = _angles(coordinates, n_angles=head_width // 2)
    return Rotation(angles.cos().float(), angles.sin().float())


def rotated(x: Tensor, rotation: Rotation | None) -> Tensor:
    """Return queries or keys (B, H, N, D), turned; the same where there is no rotation.

    Components i and i + D/2 are a pair. The product of a query and a key then depends on the
    difference of their positions alone.
    """
    if rotation is None:
        return x
    first, second = x.chunk(2, dim=-1)
    cosines, sines = rotation
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], dim=-1)


def _angles(coordinates: Tensor, *, n_angles: int) -> Tensor:
    """Return (N, `n_angles`): each coordinate in turn, in wavelengths that grow geometrically."""
    n_axes = coordinates.shape[1]
    n_wavelengths = math.ceil(n_angles / n_axes)
    exponents = torch.arange(n_wavelengths, dtype=torch.float64) / n_wavelengths
    # (N, A, 1) / (wavelengths,) -> (N, wavelengths, A) -> (N, angles)
    angles = coordinates[:, :, None] / _LONGEST**exponents
    return angles.transpose(1, 2).flatten(1)[:, :n_angles]
