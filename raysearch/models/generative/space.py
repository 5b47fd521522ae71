"""Which densities of images can be searched, and which are legal for images of this size?

Torch-free. For images (C, H, W) of any size whose numbers have K levels (`DataSpec.n_outputs`).
Three kinds, each a sub-space: an autoregressive network, whose likelihood is exact; a normalising
flow, whose density of dequantised images is; and a diffusion model with its variational bound. All
are measured in bits per dimension, so one search compares them. A flow has several small networks,
one in each coupling, so its own are smaller than those of the others. Flow and diffusion meet new
noise with every image, so they overfit less and need little dropout.
"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.models.shared.density_space import check_images
from raysearch.models.shared.space import (
    MUTABLE_BY_OPTIMIZER,
    data_arguments,
    optimizer_domains,
    optimizer_space,
)
from raysearch.space import Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.generative.module:Generative"
"""Import path of the module class."""

MUTABLE = MUTABLE_BY_OPTIMIZER | {"dropout", "weighting"}
"""Arguments of the constructor that can be changed while a trial trains."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space for images of this size.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.

    Example:
        >>> digits = DataSpec(task="density", input_shape=(1, 8, 8), n_outputs=17, n_train=1077)
        >>> search_space(digits).default()["kind"]
        'autoregressive'
    """
    kinds = {
        "autoregressive": _autoregressive(),
        "flow": _flow(most_scales=max_scales(data)),
        "diffusion": _diffusion(),
    }
    network = Space(
        {
            "kind": Choice(kinds, default="autoregressive"),
            "connections": Choice(["plain", "residual"], default="residual"),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu"),
        }
    )
    return network.merged(optimizer_space(learning_rate=3e-3))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts for images of this size, by argument.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.
    """
    return {
        "kind": Choice(["autoregressive", "flow", "diffusion"]),
        "likelihood": Choice(["categorical", "logistic_mixture", "gaussian", "bernoulli"]),
        "scales": Int(1, max_scales(data)),
        "couplings": Int(1, 100),
        "steps": Int(1, 10_000),
        "noise_schedule": Choice(["linear", "cosine"]),
        "prediction": Choice(["image", "noise"]),
        "weighting": Choice(["bound", "simple"]),
        "blocks": Int(0, 100),
        "width": Int(1, 8192),
        "kernel_size": Choice([1, 3, 5, 7, 9], ordered=True),
        "connections": Choice(["plain", "residual"]),
        "normalization": Choice(["none", "batch", "group"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "dropout": Float(0.0, 0.95),
        **optimizer_domains(),
    }


def max_scales(data: DataSpec) -> int:
    """Return at how many scales a flow can work: one more for each time the image can be halved.

    Raises:
        ConfigurationError: The examples are not images, or they are not for a density.

    Example:
        >>> def image(height, width):
        ...     shape = (1, height, width)
        ...     return DataSpec(task="density", input_shape=shape, n_outputs=2, n_train=1)
        >>> max_scales(image(7, 8)), max_scales(image(8, 8)), max_scales(image(6, 8))
        (1, 4, 2)
    """
    height, width = check_images(data, family="generative")
    scales = 1
    while height % 2 == 0 and width % 2 == 0:
        height, width, scales = height // 2, width // 2, scales + 1
    return scales


def _autoregressive() -> Space:
    return Space(
        {
            "likelihood": Choice(["logistic_mixture", "categorical"], default="logistic_mixture"),
            "blocks": Int(2, 8, default=4),
            "width": Int(16, 96, log=True, default=48),
            "kernel_size": Choice([3, 5], ordered=True, default=5),
            "dropout": Float(0.0, 0.6, default=0.2),
        }
    )


def _flow(*, most_scales: int) -> Space:
    most = min(3, most_scales)
    return Space(
        {
            "scales": Int(1, most, default=min(2, most)),
            "couplings": Int(2, 6, default=4),
            "normalization": Choice(["none", "group"], default="none"),
            "blocks": Int(1, 2, default=1),
            "width": Int(16, 48, log=True, default=32),
            "kernel_size": Choice([3, 5], ordered=True, default=3),
            "dropout": Float(0.0, 0.2, default=0.0),
        }
    )


def _diffusion() -> Space:
    return Space(
        {
            "steps": Int(16, 256, log=True, default=64),
            "noise_schedule": Choice(["linear", "cosine"], default="linear"),
            "prediction": Choice(["image", "noise"], default="image"),
            "weighting": Choice(["bound", "simple"], default="bound"),
            "normalization": Choice(["none", "group"], default="none"),
            "blocks": Int(2, 8, default=4),
            "width": Int(16, 96, log=True, default=48),
            "kernel_size": Choice([3, 5], ordered=True, default=3),
            "dropout": Float(0.0, 0.2, default=0.0),
        }
    )


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "max_scales", "search_space"]
