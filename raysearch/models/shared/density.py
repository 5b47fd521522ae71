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

from raysearch.errors import ConfigurationError
from raysearch.models.shared.arguments import OptimizerSettings
from raysearch.models.shared.densities import DensityScores
from raysearch.models.shared.module import Batch, FamilyModule
from raysearch.models.shared.noise import ExampleNoise
from raysearch.models.shared.pictures import image_grid

_MOST_SAMPLES, _FEWEST_SAMPLES = 64, 4
_MOST_NUMBERS = 12_288
"""Numbers in all images of a picture of samples, if they are not the fewest."""

_MOST_PASSES = 4096
"""Passes that drawing may take for a picture: forty seconds of a core for the default network."""


class DensityNetwork(Protocol):
    """What a density is asked."""

    @property
    def n_passes(self) -> int:
        """How many passes of the network one after the other it takes to draw images."""
        ...

    def training_nats(self, x: Tensor) -> Tensor:
        """Return what is minimised for each image, (B,), with noise of the default generator."""
        ...

    def nats(self, x: Tensor, noise: ExampleNoise | None = None) -> Sequence[Tensor]:
        """Return -ln P(x), or a bound above it, (B,), and the parts that it is the sum of, if any.

        Args:
            x: Images.
            noise: Theirs, where they are examples of a split; else torch's default generator's.
        """
        ...

    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W), with noise of torch's default generator."""
        ...


class DensityModule(FamilyModule):
    """The steps of a family of densities; logs bits per dimension.

    What is drawn while a model is measured follows from the number of each image in the split (see
    `noise`). So a model has the same value however often it is measured, whatever the size of the
    batches, and two epochs, or two models of one architecture, meet the same noise.
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
        n_before = int(cast(DensityScores, scores).n_examples)
        noise = ExampleNoise(first=n_before, n=len(batch[0]))
        scores.update(*self.density.nats(batch[0], noise))

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Return new images (n, C, H, W) in [0, 1], drawn with torch's default generator."""
        return self.density.sample(n)

    def pictures(self, x: Tensor) -> dict[str, Tensor]:
        """Return what shows what was learnt, by name: each (C, H, W) in [0, 1], C 1 or 3.

        Args:
            x: Images that were not learnt from, at least one.

        Raises:
            ConfigurationError: The network would take too long to draw.
        """
        if self.density.n_passes > _MOST_PASSES:
            raise ConfigurationError(
                f"samples take {self.density.n_passes:,} passes of this network, one after the "
                f"other, and {_MOST_PASSES:,} are the most for a picture. Draw them yourself by "
                "the method sample(n) of the loaded model, however long it takes."
            )
        n = max(_FEWEST_SAMPLES, min(_MOST_SAMPLES, _MOST_NUMBERS // self.n_dims))
        return {"samples": image_grid(self.sample(n))}
