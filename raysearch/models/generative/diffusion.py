"""What does a denoising diffusion model compute? A variational bound over ever noisier images.

An image, scaled to [-1, 1], is mixed with noise in T steps until nothing is left of it:
z_t = alpha_t x + sigma_t e, with e standard normal, alpha_t^2 + sigma_t^2 = 1, and the noise told
by gamma_t = ln(sigma_t^2 / alpha_t^2), which grows with t. A network tells x, and with it how to go
back a step. The bound above -ln P(x) has three parts, all in nats:

- prior: how far the last step is from standard normal noise;
- diffusion: T times the mean over the steps of (e^-gamma_s - e^-gamma_t) |x - x'|^2 / 2, with s the
  step before t, and x' what the network makes of z_t;
- reconstruction: -ln P(x | z_0), where the levels of a number have probabilities in proportion to
  the density of z_0 given each of them, so they sum to 1.

It is a bound for any T and any network, so it can be held against likelihoods. When it is measured,
each image meets `STRATA` of the T steps, spread evenly over all of them and over the images of a
split: an estimate of the bound without its dependence on chance.

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]; z: (B, C, H, W)
    t: (B,) in [0, 1], the step divided by T
    B batch, C channels, H and W height and width in pixels, K levels

References:
    Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020 (the weighting
        "simple", noise as what is told).
    Kingma et al., "Variational Diffusion Models", NeurIPS 2021 (the bound, evenly spread steps).
    Nichol and Dhariwal, "Improved DDPM", ICML 2021 (the schedule "cosine").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from raysearch.models.shared.densities import levels_of, values_of
from raysearch.models.shared.layers import activation
from raysearch.models.shared.noise import ExampleNoise, normal_like, places
from raysearch.models.shared.residual import BlockDesign, Blocks, Offset, start_weights

STRATA = 8
"""Steps that each image meets when the bound is measured; fewer if there are fewer."""

_FREQUENCIES = 6
"""Sines, and cosines, of which a network is told how noisy an image is."""

_MOST_GAMMA = 5.0
"""How noisy the last step is: a share of 0.0067 of the variance is the image's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionDesign:
    """An architecture; the same names and meanings as in the constructor of `Generative`."""

    input_shape: list[int]
    n_outputs: int
    steps: int
    noise_schedule: str
    prediction: str
    weighting: str
    blocks: int
    width: int
    kernel_size: int
    connections: str
    activation: str
    dropout: float
    normalization: str


@dataclass(frozen=True, slots=True)
class NoiseSchedule:
    """How noisy an image is at each step.

    Args:
        name: "linear" or "cosine", both from the same first to the same last gamma.
        n_levels: K: at the first step the noise is a sixth of the distance between two levels, so
            that the levels can be told apart.
    """

    name: str
    n_levels: int

    @property
    def least(self) -> float:
        """The gamma of step 0."""
        return 2 * math.log(2 / (self.n_levels - 1) / 6)

    def gamma(self, t: Tensor) -> Tensor:
        """Return gamma for t in [0, 1], of the same shape."""
        if self.name == "linear":
            return self.least + (_MOST_GAMMA - self.least) * t
        first, last = (math.atan(math.exp(g / 2)) for g in (self.least, _MOST_GAMMA))
        return 2 * torch.tan(first + (last - first) * t).log()

    def relative(self, gamma: Tensor) -> Tensor:
        """Return gamma as a share of the way from the first to the last."""
        return (gamma - self.least) / (_MOST_GAMMA - self.least)


class Denoiser(nn.Module):
    """Tells of a noisy image what it was, or the noise in it."""

    frequencies: Tensor

    def __init__(self, design: DiffusionDesign, *, schedule: NoiseSchedule) -> None:
        super().__init__()
        channels, height, width = design.input_shape
        self.schedule = schedule
        self.n_levels, self.tells_noise = design.n_outputs, design.prediction == "noise"
        blocks = BlockDesign(
            kernel_size=design.kernel_size,
            connections=design.connections,
            activation=design.activation,
            dropout=design.dropout,
            normalization=design.normalization,
            n_conditions=design.width,
        )
        frequencies = math.pi * 2.0 ** torch.arange(_FREQUENCIES)
        self.register_buffer("frequencies", frequencies, persistent=False)  # a constant
        self.condition = nn.Sequential(
            nn.Linear(2 * _FREQUENCIES + 1, design.width), activation(design.activation)
        )
        self.stem = nn.Conv2d(
            channels, design.width, design.kernel_size, padding=design.kernel_size // 2
        )
        self.position = nn.Parameter(torch.zeros(design.width, height, width))
        self.blocks = Blocks(design.blocks, design.width, design=blocks)
        self.activation = activation(design.activation)
        n_outputs = channels if self.tells_noise else channels * design.n_outputs
        self.output = nn.Conv2d(design.width, n_outputs, 1)
        self.offset = Offset(n_outputs, height, width)
        start_weights(self, outputs=[self.output])

    def forward(self, z: Tensor, gamma: Tensor) -> Tensor:
        """Return the image in [-1, 1] that is expected, (B, C, H, W), for gamma (B,)."""
        share = self.schedule.relative(gamma)[:, None]
        angles = share * self.frequencies
        condition = self.condition(torch.cat([share, angles.sin(), angles.cos()], dim=1))
        inner = self.blocks(self.stem(z) + self.position, condition)
        outputs: Tensor = self.offset(self.output(self.activation(inner)))
        if self.tells_noise:
            alpha, sigma = alpha_sigma(gamma)
            return (z - sigma * (z + outputs)) / alpha
        # (B, K C, H, W) -> (B, C, K, H, W): what the network says of each level by what is around
        # it, and what the number itself says, together a distribution, of which the mean
        around = outputs.reshape(*z.shape[:2], -1, *z.shape[2:])
        shares = (around + log_densities(z, gamma, n_levels=self.n_levels)).softmax(2)
        return (shares * _values(self.n_levels, like=z)).sum(2)


class DiffusionNetwork(nn.Module):
    """A denoiser with the bound and the way back to images."""

    output_layers = ("denoiser.output", "denoiser.offset")

    def __init__(self, design: DiffusionDesign) -> None:
        super().__init__()
        self.shape = tuple(design.input_shape)
        self.n_levels, self.n_steps = design.n_outputs, design.steps
        self.is_simple = design.weighting == "simple"
        self.schedule = NoiseSchedule(design.noise_schedule, design.n_outputs)
        self.denoiser = Denoiser(design, schedule=self.schedule)

    @property
    def n_passes(self) -> int:
        """One for each step back."""
        return self.n_steps

    def training_nats(self, x: Tensor) -> Tensor:
        """Return an estimate of the bound, (B,), from one step for each image.

        The steps of a batch are spread evenly. With the weighting "simple", not the bound but half
        the squared error in telling the noise, which counts all steps alike.
        """
        offset = torch.rand((), device=x.device)
        place = (offset + torch.arange(len(x), device=x.device) / len(x)) % 1
        if self.is_simple:
            return self._step(2 * x - 1, place, noise=None, is_weighted=False)
        ends = self._ends(x, noise=None)
        return ends + self._step(2 * x - 1, place, noise=None)

    def nats(self, x: Tensor, noise: ExampleNoise | None = None) -> tuple[Tensor]:
        """Return the bound above -ln P(x), (B,), from `STRATA` steps for each image."""
        n_strata = min(STRATA, self.n_steps)
        within = places(len(x), noise).to(x.device)
        steps = [
            self._step(2 * x - 1, (stratum + within) / n_strata, noise=noise)
            for stratum in range(n_strata)
        ]
        return (self._ends(x, noise=noise) + torch.stack(steps).mean(0),)

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W), in T steps from noise."""
        z = torch.randn(n, *self.shape, device=self.denoiser.position.device)
        times = torch.linspace(1, 0, self.n_steps + 1, device=z.device)
        gammas = self.schedule.gamma(times)
        for before, after in pairwise(gammas):
            mean, std = self.back(z, before.expand(n), after.expand(n))
            z = mean + std * torch.randn_like(z)
        # the first step tells which level each number has
        probabilities = self.decode(z).movedim(2, -1).exp()
        drawn = torch.multinomial(probabilities.flatten(0, -2), 1)
        return values_of(drawn.view(z.shape), self.n_levels)

    def _ends(self, x: Tensor, *, noise: ExampleNoise | None) -> Tensor:
        """Return the prior's and the reconstruction's part of the bound, (B,)."""
        scaled = 2 * x - 1
        alpha, sigma = alpha_sigma(self.schedule.gamma(x.new_ones(1)))
        variance = sigma.square()
        prior = (variance + (alpha * scaled).square() - 1 - variance.log()) / 2
        alpha, sigma = alpha_sigma(self.schedule.gamma(x.new_zeros(1)))
        z = alpha * scaled + sigma * normal_like(x, noise)
        levels = levels_of(x, self.n_levels).unsqueeze(2)
        reconstruction = -self.decode(z).gather(2, levels).squeeze(2)
        return (prior + reconstruction).flatten(1).sum(1)

    def decode(self, z: Tensor) -> Tensor:
        """Return the log-probabilities of all levels given step 0, (B, C, K, H, W)."""
        gamma = self.schedule.gamma(z.new_zeros(1))
        return log_densities(z, gamma, n_levels=self.n_levels).log_softmax(2)

    def _step(
        self,
        scaled: Tensor,
        place: Tensor,
        *,
        noise: ExampleNoise | None,
        is_weighted: bool = True,
    ) -> Tensor:
        """Return the diffusion's part of the bound by the step at a place in [0, 1), (B,)."""
        number = (place * self.n_steps).floor().clamp(max=self.n_steps - 1)
        before, after = (self.schedule.gamma((number + more) / self.n_steps) for more in (0, 1))
        alpha, sigma = alpha_sigma(after)
        z = alpha * scaled + sigma * normal_like(scaled, noise)
        image: Tensor = self.denoiser(z, after)
        squared = (scaled - image).square().flatten(1).sum(1)
        if not is_weighted:
            return (-after).exp() * squared / 2
        return self.n_steps * ((-before).exp() - (-after).exp()) * squared / 2

    def back(self, z: Tensor, gamma: Tensor, gamma_after: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of the images a step less noisy.

        Args:
            z: Noisy images, (B, C, H, W).
            gamma: How noisy they are, (B,).
            gamma_after: How noisy the others are, (B,), at most as much.
        """
        image: Tensor = self.denoiser(z, gamma)
        alpha, sigma = alpha_sigma(gamma)
        alpha_after, sigma_after = alpha_sigma(gamma_after)
        share = -torch.expm1(gamma_after - gamma)[:, None, None, None]
        noise = (z - alpha * image) / sigma
        mean = alpha_after / alpha * (z - share * sigma * noise)
        return mean, sigma_after * share.sqrt()


def alpha_sigma(gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Return the shares of image and noise, (B, 1, 1, 1) each, for gamma (B,)."""
    gamma = gamma[:, None, None, None]
    return torch.sigmoid(-gamma).sqrt(), torch.sigmoid(gamma).sqrt()


def log_densities(z: Tensor, gamma: Tensor, *, n_levels: int) -> Tensor:
    """Return ln p(z_t | x) up to a constant if a number has each of the levels, (B, C, K, H, W)."""
    alpha, sigma = (each.unsqueeze(2) for each in alpha_sigma(gamma))
    distance = (z.unsqueeze(2) - alpha * _values(n_levels, like=z)) / sigma
    return -distance.square() / 2


def _values(n_levels: int, *, like: Tensor) -> Tensor:
    """Return the values of the levels in [-1, 1], (K, 1, 1)."""
    return torch.linspace(-1, 1, n_levels, device=like.device, dtype=like.dtype)[:, None, None]
