"""Which Transformers can be searched, and which are legal for these data?

Torch-free. For sequences, which may differ in length (tokens (T,), series (C, T)), and for images
(C, H, W) and clips (C, D, H, W), which are cut into patches. The task decides the architecture: an
encoder for classes and numbers, an encoder and a decoder for answers that are sequences.

The recommended learning rates are lower than those of other families, and warmed up, as attention
needs. Any width goes with any number of heads (see `design`).
"""

from __future__ import annotations

from typing import Any

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    check_data,
    sequence_domains,
    training_domains,
    training_space,
)
from raysearch.models.shared.space import data_arguments as shared_arguments
from raysearch.space import Bool, Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.attention.module:Transformer"
"""Import path of the module class."""

_MOST_POSITIONS = 64
"""Positions that the default patches leave, at most: attention grows with their square."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Raises:
        ConfigurationError: It is no data for `attention`.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> space = search_space(digits)
        >>> space["patch_size"][0].domain.describe(), space.default()["pooling"]
        ('1 to 4, log', 'mean')
    """
    _check(data)
    architecture = Space(
        {
            **_patches(data),
            "depth": Int(1, 6, default=2),
            **_decoder(data),
            "width": Int(32, 256, step=2, log=True, default=64),
            "heads": Int(1, 8, step=2, log=True, default=4),
            "feedforward_ratio": Float(1.0, 4.0, step=1.0, default=2.0),
            "activation": Choice(["relu", "gelu", "geglu", "swiglu"], default="gelu"),
            "norm_placement": Choice(["pre", "post"], default="pre"),
            "normalization": Choice(["layer", "rms"], default="layer"),
            "positions": Choice(["sinusoidal", "learnt", "rotary"], default="sinusoidal"),
            **_pooling(data),
            "dropout": Float(0.0, 0.4, default=0.1),
        }
    )
    return architecture.merged(_training(data))
