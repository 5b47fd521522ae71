"""What does a variational autoencoder compute? A bound, by way of a few latent variables.

An encoder tells mean and standard deviation of the latent variables of an image, which are drawn
from a normal distribution with these, and a decoder tells the probabilities of the image's levels
given the latent variables. With a standard normal prior,

    -ln P(x) <= E[-ln p(x | z)] + KL(q(z | x) || p(z)),

the reconstruction and the divergence, over z from q(z | x): the negative of the evidence lower
bound (ELBO), with one draw of z. Every likelihood gives probabilities of levels (see
`shared.likelihoods`), so the bound can be held against those of all other densities.

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]
    z: (B, Z) latent variables
    outputs: (B, P C, H, W) of the likelihood
    B batch, C channels, H and W height and width in pixels, P outputs a number, D channels inside

References:
    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016
        (`importance_nats`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.shared.layers import activation, vector_norm
from raysearch.models.shared.likelihoods import Likelihood
from raysearch.models.shared.noise import ExampleNoise, normal_like
from raysearch.models.shared.residual import BlockDesign, Blocks, Offset, start_weights

_LEAST_LOG_STD, _MOST_LOG_STD = -7.0, 3.0
"""Bounds of what the encoder tells, so that a step too large costs no infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VAEDesign:
    """An architecture; the same names and meanings as in the constructor of `VAE`."""

    input_shape: list[int]
    n_outputs: int
    architecture: str
    latent_size: int
    stages: int
    blocks: int
    width: int
    kernel_size: int
    connections: str
    normalization: str
    activation: str
    dropout: float
    likelihood: str

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width in each stage."""
        _, height, width = self.input_shape
        return [(-(-height // 2**n), -(-width // 2**n)) for n in range(self.stages)]


class DenseBlock(nn.Module):
    """Normalisation - activation - linear layer, with a shortcut around it or none."""

    def __init__(self, width: int, *, design: VAEDesign) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            vector_norm("none" if design.normalization == "none" else "batch", width),
            activation(design.activation),
            nn.Dropout(design.dropout),
            nn.Linear(width, width),
        )
        self.is_residual = design.connections == "residual"

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, D) for (B, D)."""
        changed = cast(Tensor, self.branch(x))
        return x + changed if self.is_residual else changed


class ConvolutionalEncoder(nn.Module):
    """Stages of blocks, each of which but the first halves the image; then a vector."""

    def __init__(self, design: VAEDesign, *, n_outputs: int) -> None:
        super().__init__()
        width, blocks, padding = design.width, _blocks(design), design.kernel_size // 2
        layers: list[nn.Module] = []
        for stage in range(design.stages):
            inputs = width if stage else design.input_shape[0]
            stride = 2 if stage else 1
            layers += [
                nn.Conv2d(inputs, width, design.kernel_size, stride=stride, padding=padding),
                Blocks(design.blocks, width, design=blocks),
            ]
        self.body = nn.Sequential(*layers, activation(design.activation), nn.Flatten())
        self.output = nn.Linear(width * math.prod(design.sizes[-1]), n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, N) for (B, C, H, W)."""
        # (B, C, H, W) -> (B, D h w) -> (B, N)
        return cast(Tensor, self.output(self.body(x)))


class ConvolutionalDecoder(nn.Module):
    """A small image from the latent variables, then stages that double it."""

    def __init__(self, design: VAEDesign, *, n_outputs: int) -> None:
        super().__init__()
        width, blocks, padding = design.width, _blocks(design), design.kernel_size // 2
        self.sizes = design.sizes[::-1]
        self.width = width
        height, breadth = self.sizes[0]
        self.stem = nn.Linear(design.latent_size, width * height * breadth)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, design.kernel_size, padding=padding),
                Blocks(design.blocks, width, design=blocks),
                activation(design.activation),
            )
            for _ in self.sizes
        )
        self.output = nn.Conv2d(width, n_outputs, 1)

    def forward(self, z: Tensor) -> Tensor:
        """Return (B, P C, H, W)."""
        # (B, Z) -> (B, D, h, w)
        x = self.stem(z).view(len(z), self.width, *self.sizes[0])
        for size, stage in zip(self.sizes, self.stages, strict=True):
            x = stage(F.interpolate(x, size=size, mode="nearest"))
        return cast(Tensor, self.output(x))


class DenseEncoder(nn.Module):
    """Linear layers over all numbers of an image."""

    def __init__(self, design: VAEDesign, *, n_outputs: int) -> None:
        super().__init__()
        first = nn.Linear(math.prod(design.input_shape), design.width)
        self.body = nn.Sequential(nn.Flatten(), first, *_dense_blocks(design))
        self.output = nn.Linear(design.width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, N) for (B, C, H, W)."""
        return cast(Tensor, self.output(self.body(x)))


class DenseDecoder(nn.Module):
    """Linear layers from the latent variables to all outputs of all numbers."""

    def __init__(self, design: VAEDesign, *, n_outputs: int) -> None:
        super().__init__()
        self.shape = (n_outputs, *design.input_shape[1:])
        first = nn.Linear(design.latent_size, design.width)
        self.body = nn.Sequential(first, *_dense_blocks(design))
        self.output = nn.Linear(design.width, math.prod(self.shape))

    def forward(self, z: Tensor) -> Tensor:
        """Return (B, P C, H, W)."""
        return cast(Tensor, self.output(self.body(z)).view(len(z), *self.shape))


class VAENetwork(nn.Module):
    """Encoder, decoder and likelihood."""

    output_layers = ("decoder.output", "offset")
    n_passes = 1

    def __init__(self, design: VAEDesign) -> None:
        super().__init__()
        channels, height, width = design.input_shape
        self.latent_size = design.latent_size
        self.likelihood = Likelihood(design.likelihood, design.n_outputs)
        n_outputs, n_told = channels * self.likelihood.n_outputs, 2 * design.latent_size
        is_dense = design.architecture == "dense"
        encoder = DenseEncoder if is_dense else ConvolutionalEncoder
        decoder = DenseDecoder if is_dense else ConvolutionalDecoder
        self.offset = Offset(n_outputs, height, width)
        self.encoder = encoder(design, n_outputs=n_told)
        self.decoder = decoder(design, n_outputs=n_outputs)
        start_weights(self, outputs=[self.encoder.output, self.decoder.output])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithm of the standard deviation of the latent variables, (B, Z)."""
        mean, log_std = self.encoder(2 * x - 1).chunk(2, dim=1)
        return mean, log_std.clamp(_LEAST_LOG_STD, _MOST_LOG_STD)

    def decode(self, z: Tensor) -> Tensor:
        """Return the outputs of the likelihood, (B, P C, H, W)."""
        return cast(Tensor, self.offset(self.decoder(z)))

    def forward(self, x: Tensor, noise: ExampleNoise | None = None) -> tuple[Tensor, Tensor]:
        """Return reconstruction and divergence in nats, (B,) each, with one draw of z."""
        mean, log_std = self.encode(x)
        z = mean + log_std.exp() * normal_like(mean, noise)
        divergence = (mean.square() + (2 * log_std).exp() - 1) / 2 - log_std
        return self.likelihood.nats(self.decode(z), x), divergence.sum(1)

    def nats(self, x: Tensor, noise: ExampleNoise | None = None) -> Sequence[Tensor]:
        """Return the bound above -ln P(x), (B,), and its parts: reconstruction and divergence."""
        reconstruction, divergence = self(x, noise)
        return reconstruction + divergence, reconstruction, divergence

    def training_nats(self, x: Tensor) -> Tensor:
        """Return the bound above -ln P(x), (B,), both parts counting alike."""
        return self.nats(x)[0]

    def importance_nats(self, x: Tensor, *, n_draws: int) -> Tensor:
        """Return an estimate of -ln P(x), (B,), from several draws of z: the closer the more.

        The mean of p(x, z) / q(z | x) over draws from q estimates P(x) without a bias, so its
        logarithm is a bound that grows tighter with the draws. All draws are decoded at once.
        """
        # (B, Z) -> (S B, Z), with S draws
        mean, log_std = (told.repeat(n_draws, 1) for told in self.encode(x))
        noise = torch.randn_like(mean)
        z = mean + log_std.exp() * noise
        # ln p(z) - ln q(z | x), whose constants cancel
        of_latent = ((noise.square() - z.square()) / 2 + log_std).sum(1)
        of_image = self.likelihood.nats(self.decode(z), x.repeat(n_draws, 1, 1, 1))
        # (S B,) -> (B,)
        log_weights = (of_latent - of_image).view(n_draws, len(x))
        return math.log(n_draws) - log_weights.logsumexp(0)

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W)."""
        z = torch.randn(n, self.latent_size, device=self.offset.bias.device)
        return self.likelihood.sample(self.decode(z))


def _dense_blocks(design: VAEDesign) -> list[nn.Module]:
    blocks = [DenseBlock(design.width, design=design) for _ in range(design.blocks)]
    return [*blocks, activation(design.activation)]


def _blocks(design: VAEDesign) -> BlockDesign:
    return BlockDesign(
        kernel_size=design.kernel_size,
        connections=design.connections,
        activation=design.activation,
        dropout=design.dropout,
        normalization=design.normalization,
    )
