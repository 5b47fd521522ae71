"""How is a variational autoencoder trained? The family `vae` as a Lightning module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError
from raysearch.models.shared.arguments import (
    OptimizerSettings,
    check_arguments,
    plain_shape,
    select,
)
from raysearch.models.shared.density import DensityModule
from raysearch.models.shared.module import Batch
from raysearch.models.shared.pictures import image_grid
from raysearch.models.vae.network import VAEDesign, VAENetwork
from raysearch.models.vae.space import METRICS, legal_domains
from raysearch.trial import Value

_N_RECONSTRUCTIONS = 24
"""Images in a picture of reconstructions."""

_N_TRAVERSED = 8
"""Latent variables in a picture of traversals, and steps along each."""

_FARTHEST = 2.5
"""Where a traversal begins and ends, in standard deviations of the prior."""


class VAE(DensityModule):
    """A variational autoencoder of images with its training.

    What is measured is the evidence lower bound, in bits per dimension of the levels, whatever
    `beta` is: it weighs the divergence in training alone. `val/reconstruction` and `val/kl` are its
    two parts in nats per dimension, and their sum is `val/loss`.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another
    architecture, optimiser or schedule than the chosen one has no effect.

    Args:
        input_shape: Shape of one image, (C, H, W).
        n_outputs: Levels of a number, at least 2, evenly spaced from 0 to 1.
        task: "density".
        architecture: "convolutional" or "dense".
        latent_size: Latent variables, 1 to 65536.
        stages: Of convolutional, 1 to 1 + log2(min(H, W)), rounded up; each but the first halves
            the image. None is 2, or 1 where a side has one pixel.
        blocks: In each stage, or after the first dense layer, 0 to 100.
        width: Channels of each stage, or units of each dense layer, 1 to 65536.
        kernel_size: Of convolutional, in pixels: 1, 3, 5, 7 or 9.
        connections: Around each block a shortcut ("residual") or none ("plain").
        normalization: In blocks: "none", "batch" or "group" (of eight groups; of dense layers
            "batch" in its place).
        activation: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
        dropout: Share of the units inside blocks dropped in training, 0 to 0.95.
        likelihood: How the probabilities of levels are told: "categorical", "logistic_mixture",
            "gaussian" (cut into levels) or "bernoulli" (K - 1 draws, of which the level is the
            number of successes); see `shared.likelihoods`.
        beta: Weight of the divergence in what is minimised, 0 to 1000; 1 is the bound itself.
        beta_warmup: Share of all steps over which that weight rises linearly to `beta`, 0 to 1; 0
            for none. A share, as that of the schedule, means the same for any number of epochs, and
            a trial that is stopped early has gone through the beginning of it.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of weight matrices, at least 0; biases and normalisations do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.

    References:
        Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
        Higgins et al., "beta-VAE", ICLR 2017.
        Sonderby et al., "Ladder Variational Autoencoders", NeurIPS 2016 (the warm-up).

    Example:
        >>> import torch
        >>> vae = VAE(input_shape=[1, 4, 4], n_outputs=17, latent_size=2, width=8)
        >>> vae(torch.zeros(5, 1, 4, 4)).shape, vae.reconstruct(torch.zeros(5, 1, 4, 4)).shape
        (torch.Size([5]), torch.Size([5, 1, 4, 4]))
    """

    network: VAENetwork
    kl_weight: Tensor
    """(): how much the divergence counts in the present step; `beta` before training."""

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "density",
        architecture: str = "convolutional",
        latent_size: int = 16,
        stages: int | None = None,
        blocks: int = 1,
        width: int = 32,
        kernel_size: int = 3,
        connections: str = "residual",
        normalization: str = "none",
        activation: str = "gelu",
        dropout: float = 0.1,
        likelihood: str = "logistic_mixture",
        beta: float = 1.0,
        beta_warmup: float = 0.1,
        optimizer: str = "adamw",
        learning_rate: float = 2e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.0,
    ) -> None:
        super().__init__()
        input_shape = plain_shape(input_shape)
        stages = (1 if 1 in input_shape[1:] else 2) if stages is None else stages
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="VAE", legal_domains=legal_domains)
        self.beta, self.beta_warmup = beta, beta_warmup
        # a buffer, so that the loss depends on nothing but parameters, buffers, batch and noise;
        # not among the weights of a checkpoint, since it is none
        self.register_buffer("kl_weight", torch.tensor(float(beta)), persistent=False)
        self.learn(
            network=VAENetwork(select(VAEDesign, self.hparams)),
            settings=select(OptimizerSettings, self.hparams),
            input_shape=input_shape,
            parts=tuple(METRICS),
        )

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the weighted bound, the mean over the batch."""
        reconstruction, divergence = self.network(batch[0])
        loss: Tensor = (reconstruction + self.kl_weight * divergence).mean() / self.n_dims
        return loss

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Set the weight of the divergence, and return the loss of a batch."""
        done = min(1.0, self._share_done() / self.beta_warmup) if self.beta_warmup else 1.0
        self.kl_weight.fill_(self.beta * done)  # also where a checkpoint had another beta
        return super().training_step(batch, batch_idx)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the weight of the divergence."""
        checkpoint["kl_weight"] = self.kl_weight.item()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the weight of the divergence that the model was last trained with."""
        self.kl_weight.fill_(checkpoint["kl_weight"])

    def hyperparameters_in_use(self) -> dict[str, Value]:
        """Return what may change from fit to fit; see `FamilyModule`."""
        found = super().hyperparameters_in_use()
        return {**found, "beta": self.beta, "beta_warmup": self.beta_warmup}

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Return the means of the latent variables of images, (B, Z)."""
        return self.network.encode(x)[0]

    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        """Return the images that latent variables (B, Z) let expect, (B, C, H, W) in [0, 1]."""
        return self.network.likelihood.mean(self.network.decode(z))

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what is left of images (B, C, H, W) after the latent variables, in [0, 1]."""
        return self.decode(self.encode(x))

    def traverse(self, z: Tensor, *, latent: int, n_steps: int) -> Tensor:
        """Return images along one latent variable, the others staying, (n_steps, C, H, W).

        Args:
            z: (Z,) where to begin; the latent variable itself takes evenly spaced values from -2.5
                to 2.5, of which the prior's standard deviation is 1.
            latent: Number of the latent variable, counted from 0.
            n_steps: Images, at least 2.
        """
        path = z.repeat(n_steps, 1)
        path[:, latent] = torch.linspace(-_FARTHEST, _FARTHEST, n_steps, device=z.device)
        return self.decode(path)

    def pictures(self, x: Tensor) -> dict[str, Tensor]:
        """Return samples, reconstructions and traversals as `DensityModule` does.

        `reconstructions` has an image and what became of it side by side. `traversals` has a row
        for each of the latent variables that tell most, begun at the first image.
        """
        shown = x[:_N_RECONSTRUCTIONS]
        pairs = torch.stack([shown, self.reconstruct(shown)], dim=1).flatten(0, 1)
        means = self.encode(x)
        # a variable that tells nothing has the same mean for all images
        order = means.var(0, correction=0).argsort(descending=True)[:_N_TRAVERSED]
        rows = [
            self.traverse(means[0], latent=latent, n_steps=_N_TRAVERSED)
            for latent in order.tolist()
        ]
        return {
            **super().pictures(x),
            "reconstructions": image_grid(pairs, columns=8),
            "traversals": image_grid(torch.cat(rows), columns=_N_TRAVERSED),
        }

    def _share_done(self) -> float:
        """Return which share of all steps is done once the present one is."""
        n_steps = self.trainer.estimated_stepping_batches
        if not 1 <= n_steps < math.inf:
            raise ConfigurationError(
                f"beta_warmup is {self.beta_warmup}. That needs to know how many steps a fit has, "
                "and the Trainer cannot tell. Set max_epochs or max_steps, or beta_warmup to 0."
            )
        return (self.trainer.global_step + 1) / n_steps
