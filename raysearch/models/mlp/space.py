"""Which multilayer perceptrons can be searched, and which are legal?

Torch-free. For any input shape and both tasks; images are flattened. Categories of tables get
embeddings, whose size is searched where there are any.
"""

from __future__ import annotations

from typing import Any

from raysearch.data_spec import DataSpec
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_cardinalities,
    check_data,
    training_domains,
    training_space,
)
from raysearch.models.shared.space import data_arguments as supervised_arguments
from raysearch.space import Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.mlp.module:MLP"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING | {"dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""

ARCHITECTURE = (
    "embedding_factor", "depth", "width", "connections", "normalization", "activation",
)  # fmt: skip
"""Arguments whose change makes another network."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> search_space(digits).default()["width"]
        128
    """
    _check(data)
    architecture = Space(
        {
            "depth": Int(1, 6, default=3),
            "width": Int(16, 512, log=True, default=128),
            "connections": Choice(["plain", "residual", "dense"], default="plain"),
            "normalization": Choice(["none", "batch", "layer"], default="batch"),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu"),
            "dropout": Float(0.0, 0.6, default=0.1),
            **_embedding(data),
        }
    )
    return architecture.merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: There are more columns of categories than columns, or one has none; or
            it is no data for `mlp`.
    """
    _check(data)
    return {
        "embedding_factor": Float(0.1, 10.0, log=True),
        "depth": Int(1, 100),
        "width": Int(1, 65536),
        "connections": Choice(["residual", "plain", "dense"]),
        "normalization": Choice(["none", "batch", "layer"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "dropout": Float(0.0, 0.95),
        **training_domains(data),
    }


def data_arguments(data: DataSpec) -> dict[str, Any]:
    """Return the constructor's arguments that follow from the data, as plain JSON values.

    Example:
        >>> table = DataSpec(
        ...     task="regression", input_shape=(5,), n_outputs=1, n_train=100, cardinalities=(3, 12)
        ... )
        >>> data_arguments(table)["cardinalities"]
        [3, 12]
    """
    categories = {"cardinalities": list(data.cardinalities)} if data.cardinalities else {}
    return {**supervised_arguments(data), **categories}


def _embedding(data: DataSpec) -> dict[str, Domain]:
    if not data.cardinalities:
        return {}
    return {"embedding_factor": Float(0.25, 4.0, log=True, default=1.0)}


def _check(data: DataSpec) -> None:
    check_data(data, family="mlp")
    check_cardinalities(data)


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "search_space"]
