"""Which recurrent networks can be searched, and which are legal?

Torch-free. For series of numbers (C, T) and of tokens (T,), of one length or of several, and both
tasks; a forecast is a regression of all coming values at once. Sizes are drawn on a log scale,
since the cost of a network grows with their square.
"""

from __future__ import annotations

from typing import Any

from raysearch.data_spec import UNKNOWN, DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_data,
    data_arguments,
    training_domains,
    training_space,
)
from raysearch.space import Bool, Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.rnn.module:RNN"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING | {"dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""

_WITH_FRONT: dict[str, Any] = {"front": "convolution"}


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Raises:
        ConfigurationError: It is no data for `rnn`.

    Example:
        >>> series = DataSpec(
        ...     task="classification", input_shape=(1, 128), n_outputs=3, n_train=30
        ... )
        >>> search_space(series).default()["cell"]
        'lstm'
    """
    _check(data)
    architecture = Space(
        {
            "cell": Choice(["rnn", "gru", "lstm"], default="lstm"),
            "nonlinearity": Choice(["tanh", "relu"], default="tanh", when={"cell": "rnn"}),
            "layers": Int(1, 3, default=1),
            "hidden_size": Int(16, 256, log=True, default=64),
            "bidirectional": Bool(default=True),
            "connections": Choice(
                ["plain", "residual", "dense"], default="plain", when={"layers": [2, 3]}
            ),
            "normalization": Choice(["none", "layer"], default="none"),
            "pooling": Choice(["last", "mean", "max", "attention"], default="max"),
            "dropout": Float(0.0, 0.6, default=0.1),
            **_embedding(data),
            **_front(),
        }
    )
    return architecture.merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: It is no data for `rnn`.
    """
    _check(data)
    return {
        "cell": Choice(["rnn", "gru", "lstm"]),
        "nonlinearity": Choice(["tanh", "relu"]),
        "layers": Int(1, 20),
        "hidden_size": Int(1, 8192),
        "bidirectional": Bool(),
        "connections": Choice(["plain", "residual", "dense"]),
        "normalization": Choice(["none", "layer"]),
        "pooling": Choice(["last", "mean", "max", "attention"]),
        "dropout": Float(0.0, 0.95),
        "embedding_size": Int(1, 4096),
        "front": Choice(["none", "convolution"]),
        "front_layers": Int(1, 8),
        "front_channels": Int(1, 4096),
        "front_kernel_size": Choice([1, 3, 5, 7, 9, 11, 15], ordered=True),
        "front_stride": Int(1, 8),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        **training_domains(data),
    }


def _embedding(data: DataSpec) -> dict[str, Domain]:
    if data.form != "tokens":
        return {}
    return {"embedding_size": Int(16, 256, log=True, default=64)}


def _front() -> dict[str, Domain]:
    """Return what is searched of the convolutions in front, which are there or not."""
    return {
        "front": Choice(["none", "convolution"], default="none"),
        "front_layers": Int(1, 3, default=2, when=_WITH_FRONT),
        "front_channels": Int(16, 128, log=True, default=32, when=_WITH_FRONT),
        "front_kernel_size": Choice([3, 5, 7, 9], ordered=True, default=5, when=_WITH_FRONT),
        "front_stride": Int(1, 2, default=2, when=_WITH_FRONT),
        "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu", when=_WITH_FRONT),
    }


def _check(data: DataSpec) -> None:
    check_data(data, family="rnn", forms=("numbers", "tokens"), takes_lengths=True)
    shape = tuple(data.input_shape)
    if data.form == "numbers" and len(shape) != 2:
        raise ConfigurationError(
            f"rnn needs series of shape (channels, steps), but this data has examples of shape "
            f"{shape}."
        )
    if data.form == "tokens" and not (len(shape) == 1 and data.vocabulary > UNKNOWN):
        raise ConfigurationError(
            f"rnn needs tokens of shape (steps,) from a vocabulary of more than {UNKNOWN}, but "
            f"this data has examples of shape {shape} and vocabulary {data.vocabulary}."
        )


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "search_space"]
