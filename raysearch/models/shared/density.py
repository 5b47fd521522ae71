"""What is minimised, measured and shown where a density is learnt from images?

A family derives from `DensityModule` once, spells out its constructor's arguments, and hands over a
network that tells the nats of images and draws new ones (`DensityNetwork`).

Shapes:
    x: (B, C, H, W) float32, levels scaled to [0, 1]
    B batch, C channels, H and W height and width in pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from raysearch.models.shared.arguments import OptimizerSettings
from raysearch.models.shared.densities import DensityScores
from raysearch.models.shared.module import Batch, FamilyModule
from raysearch.models.shared.pictures import image_grid

EVALUATION_SEED = 0
"""Governs the noise in what validation and test measure: the same in every batch and epoch."""

_MOST_SAMPLES, _FEWEST_SAMPLES = 64, 4
_MOST_NUMBERS = 12_288
"""Numbers in all images of a picture of samples, if they are not the fewest: some networks draw one
number at a time."""


class DensityNetwork(Protocol):
    """What a density is asked."""

    def training_nats(self, x: Tensor) -> Tensor:
        """Return what is minimised for each image, (B,), with noise of the default generator."""
        ...

    def nats(self, x: Tensor, generator: torch.Generator | None = None) -> Sequence[Tensor]:
        """Return -ln P(x), or a bound above it, (B,), and the parts that it is the sum of, if any.

        Args:
            x: Images.
            generator: What noise is drawn from; torch's default generator if None.
        """
        ...

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W), with noise of torch's default generator."""
        ...


class DensityModule(FamilyModule):
    """The steps of a family of densities; logs bits per dimension.

    What is drawn while a model is measured comes from a generator that begins anew, with the same
    seed, in each batch. So a model has the same value however often it is measured, and two models
    of one architecture meet the same noise, as long as the images come in the same order and in
    batches of the same size; all batches of a size meet the same noise.
    """

    def learn(
        self,
        *,
        network: nn.Module,
        settings: OptimizerSettings,
        input_shape: Sequence[int],
        parts: Sequence[str] = (),
    ) -> None:
        """Take the network, a `DensityNetwork`; called once, by the constructor.

        Args:
            network: What is trained.
            settings: By which steps.
            input_shape: Of an image, (C, H, W).
            parts: Names of the parts that its nats are the sum of.
        """
        self.n_dims = int(torch.Size(input_shape).numel())
        scores = partial(DensityScores, n_dims=self.n_dims, parts=parts)
        self.set_up(network=network, settings=settings, scores=scores)

    @property
    def density(self) -> DensityNetwork:
        """The network, as what it is."""
        return cast(DensityNetwork, self.network)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return -ln P(x), or the model's bound above it, (B,), for images."""
        (x,) = inputs
        return self.density.nats(x)[0]

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the batch; see `FamilyModule`."""
        return self.density.training_nats(batch[0]).mean() / self.n_dims

    def measure(self, batch: Batch, scores: Metric) -> None:
        """Add a batch to the metrics of validation or test."""
        generator = torch.Generator().manual_seed(EVALUATION_SEED)
        scores.update(*self.density.nats(batch[0], generator))

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W) in [0, 1], drawn with torch's default generator."""
        return self.density.sample(n)

    def pictures(self, x: Tensor) -> dict[str, Tensor]:
        """Return what shows what was learnt, by name: each (C, H, W) in [0, 1], C 1 or 3.

        Args:
            x: Images that were not learnt from, at least one.
        """
        n = max(_FEWEST_SAMPLES, min(_MOST_SAMPLES, _MOST_NUMBERS // self.n_dims))
        return {"samples": image_grid(self.sample(n))}
