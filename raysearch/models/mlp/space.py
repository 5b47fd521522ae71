"""Which multilayer perceptrons can be searched, and which are legal?

Torch-free. For any input shape and both tasks; images are flattened.
"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.models.supervised.space import data_arguments, training_domains, training_space
from raysearch.space import Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.mlp.module:MLP"
"""Import path of the module class."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> search_space(digits).default()["width"]
        128
    """
    architecture = Space(
        {
            "depth": Int(1, 6, default=3),
            "width": Int(16, 512, log=True, default=128),
            "connections": Choice(["plain", "residual"], default="plain"),
            "normalization": Choice(["none", "batch", "layer"], default="batch"),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu"),
            "dropout": Float(0.0, 0.6, default=0.1),
        }
    )
    return architecture.merged(training_space(data.task))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument."""
    return {
        "depth": Int(1, 100),
        "width": Int(1, 65536),
        "connections": Choice(["residual", "plain"]),
        "normalization": Choice(["none", "batch", "layer"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "dropout": Float(0.0, 0.95),
        **training_domains(data.task),
    }


__all__ = ["MODULE", "data_arguments", "legal_domains", "search_space"]
