"""Which variational autoencoders can be searched, and which are legal for images of this size?

Torch-free. For images (C, H, W) of any size whose numbers have K levels (`DataSpec.n_outputs`).
Encoder and decoder mirror each other: dense layers, or stages of convolutions, each of which but
the first halves the image, rounding up, as long as each side has more than a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from raysearch.data_spec import DataSpec
from raysearch.models.shared.density_space import check_images
from raysearch.models.shared.space import (
    MUTABLE_BY_OPTIMIZER,
    data_arguments,
    optimizer_domains,
    optimizer_space,
)
from raysearch.space import Choice, Domain, Float, Int, Space
from raysearch.trial import Direction

MODULE = "raysearch.models.vae.module:VAE"
"""Import path of the module class."""

MUTABLE = MUTABLE_BY_OPTIMIZER | {"dropout", "beta", "beta_warmup"}
"""Arguments of the constructor that can be changed while a trial trains."""

METRICS: Mapping[str, Direction] = MappingProxyType(
    {"reconstruction": "minimize", "kl": "minimize"}
)
"""What is logged beside the metrics of the task, both in nats per dimension: together the loss."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space for images of this size.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.

    Example:
        >>> digits = DataSpec(task="density", input_shape=(1, 8, 8), n_outputs=17, n_train=1077)
        >>> search_space(digits)["stages"][0].domain.describe()
        '1 to 3'
    """
    architectures = {
        "convolutional": _convolutional(most_stages=min(3, max_stages(data))),
        "dense": _dense(),
    }
    network = Space(
        {
            "architecture": Choice(architectures, default="convolutional"),
            "latent_size": Int(2, 64, log=True, default=16),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="gelu"),
            "dropout": Float(0.0, 0.5, default=0.1),
            "likelihood": Choice(
                ["categorical", "logistic_mixture", "gaussian", "bernoulli"],
                default="logistic_mixture",
            ),
            "beta": Float(0.25, 4.0, log=True, default=1.0),
            "beta_warmup": Float(0.0, 0.5, default=0.1),
        }
    )
    return network.merged(optimizer_space(learning_rate=2e-3))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts for images of this size, by argument.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.
    """
    return {
        "architecture": Choice(["convolutional", "dense"]),
        "latent_size": Int(1, 65536),
        "blocks": Int(0, 100),
        "width": Int(1, 65536),
        "stages": Int(1, max_stages(data)),
        "kernel_size": Choice([1, 3, 5, 7, 9], ordered=True),
        "connections": Choice(["plain", "residual"]),
        "normalization": Choice(["none", "batch", "group"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "dropout": Float(0.0, 0.95),
        "likelihood": Choice(["categorical", "logistic_mixture", "gaussian", "bernoulli"]),
        "beta": Float(0.0, 1000.0),
        "beta_warmup": Float(0.0, 1.0),
        **optimizer_domains(),
    }


def max_stages(data: DataSpec) -> int:
    """Return how many stages an image can have: in the last one a side has one pixel.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.

    Example:
        >>> def image(height, width):
        ...     shape = (1, height, width)
        ...     return DataSpec(task="density", input_shape=shape, n_outputs=2, n_train=1)
        >>> max_stages(image(1, 9)), max_stages(image(8, 8)), max_stages(image(5, 7))
        (1, 4, 4)
    """
    return 1 + (min(check_images(data, family="vae")) - 1).bit_length()


def _convolutional(*, most_stages: int) -> Space:
    return Space(
        {
            "blocks": Int(0, 3, default=1),
            "width": Int(16, 96, log=True, default=32),
            "stages": Int(1, most_stages, default=min(2, most_stages)),
            "kernel_size": Choice([3, 5], ordered=True, default=3),
            "connections": Choice(["plain", "residual"], default="residual"),
            "normalization": Choice(["none", "batch", "group"], default="none"),
        }
    )


def _dense() -> Space:
    return Space(
        {
            "blocks": Int(0, 3, default=1),
            "width": Int(32, 512, log=True, default=256),
            "connections": Choice(["plain", "residual"], default="residual"),
            "normalization": Choice(["none", "batch"], default="none"),
        }
    )


__all__ = [
    "METRICS",
    "MODULE",
    "MUTABLE",
    "data_arguments",
    "legal_domains",
    "max_stages",
    "search_space",
]
