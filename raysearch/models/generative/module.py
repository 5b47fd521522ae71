"""How is a density of images trained? The family `generative` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Task
from raysearch.models.generative.diffusion import DiffusionNetwork
from raysearch.models.generative.network import network_for
from raysearch.models.generative.space import legal_domains
from raysearch.models.shared.arguments import (
    OptimizerSettings,
    check_arguments,
    plain_shape,
    select,
)
from raysearch.models.shared.density import DensityModule
from raysearch.trial import Value


class Generative(DensityModule):
    """A density of images with its training, of one of three kinds.

    What is told of an image is the likelihood itself ("autoregressive"); the bound that comes with
    adding uniform noise to its levels, since a flow has densities of continuous numbers ("flow");
    or a variational bound ("diffusion"). All are in bits per dimension of the same levels, and none
    of them flatters the model.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another kind,
    optimiser or schedule than the chosen one has no effect.

    Args:
        input_shape: Shape of one image, (C, H, W).
        n_outputs: Levels of a number, at least 2, evenly spaced from 0 to 1.
        task: "density".
        kind: "autoregressive", "flow" or "diffusion".
        likelihood: Of autoregressive, how the probabilities of levels are told: "categorical",
            "logistic_mixture", "gaussian" or "bernoulli"; see `shared.likelihoods`.
        scales: Of flow, 1 to 1 + the number of times that height and width can be halved.
        couplings: Of flow, at each scale, 1 to 100.
        steps: Of diffusion, from an image to noise, 1 to 10,000.
        noise_schedule: Of diffusion: "linear" (in the logarithm of the signal-to-noise ratio) or
            "cosine".
        prediction: Of diffusion, what the network tells: "image" or "noise".
        weighting: Of diffusion, what is minimised: the "bound", or the error in telling the noise,
            in which all steps count alike ("simple"). What is measured is always the bound.
        blocks: Of two convolutions each, 0 to 100; of flow, in each coupling.
        width: Channels inside, 1 to 8192.
        kernel_size: Of the convolutions, in pixels: 1, 3, 5, 7 or 9.
        connections: Around each block a shortcut ("residual") or none ("plain").
        normalization: Of flow and diffusion, before each convolution: "none", "batch" or "group"
            (of eight groups). Autoregressive networks have none: it would look ahead.
        activation: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
        dropout: Share of the units inside blocks dropped in training, 0 to 0.95.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of weight matrices, at least 0; biases and normalisations do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.

    Example:
        >>> import torch
        >>> density = Generative(input_shape=[1, 4, 4], n_outputs=17, blocks=1, width=8)
        >>> density(torch.zeros(5, 1, 4, 4)).shape, density.sample(3).shape
        (torch.Size([5]), torch.Size([3, 1, 4, 4]))
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "density",
        kind: str = "autoregressive",
        likelihood: str = "logistic_mixture",
        scales: int = 1,
        couplings: int = 4,
        steps: int = 64,
        noise_schedule: str = "linear",
        prediction: str = "image",
        weighting: str = "bound",
        blocks: int = 4,
        width: int = 48,
        kernel_size: int = 5,
        connections: str = "residual",
        normalization: str = "none",
        activation: str = "relu",
        dropout: float = 0.2,
        optimizer: str = "adamw",
        learning_rate: float = 3e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.0,
    ) -> None:
        super().__init__()
        input_shape = plain_shape(input_shape)
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="Generative", legal_domains=legal_domains)
        self.learn(
            network=network_for(self.hparams),
            settings=select(OptimizerSettings, self.hparams),
            input_shape=input_shape,
        )

    def hyperparameters_in_use(self) -> dict[str, Value]:
        """Return what may change from fit to fit; see `FamilyModule`."""
        found = super().hyperparameters_in_use()
        if isinstance(self.network, DiffusionNetwork):
            found["weighting"] = "simple" if self.network.is_simple else "bound"
        return found
