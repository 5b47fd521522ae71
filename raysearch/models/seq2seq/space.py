"""Which recurrent encoders and decoders can be searched, and which are legal?

Torch-free. Inputs are tokens, or series of numbers, with or without lengths.
"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    MUTABLE_OF_SEQUENCES,
    check_data,
    data_arguments,
    sequence_domains,
    sequence_space,
)
from raysearch.space import Bool, Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.seq2seq.module:Seq2Seq"
"""Import path of the module class."""

MUTABLE = MUTABLE_OF_SEQUENCES | {"dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""

_SCORES = ("dot", "multiplicative", "additive")
"""The kinds of attention there are."""

_AXES = {"tokens": ("steps",), "numbers": ("channels", "steps")}


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Raises:
        ConfigurationError: It is no data for `seq2seq`.

    Example:
        >>> commands = DataSpec(
        ...     task="seq2seq",
        ...     input_shape=(9,),
        ...     n_outputs=10,
        ...     n_train=15_000,
        ...     form="tokens",
        ...     has_lengths=True,
        ...     vocabulary=17,
        ...     target_length=49,
        ... )
        >>> search_space(commands).default()["attention"]
        'multiplicative'
    """
    _check(data)
    architecture = Space(
        {
            "cell": Choice(["rnn", "gru", "lstm"], default="lstm"),
            "nonlinearity": Choice(["tanh", "relu"], default="tanh", when={"cell": "rnn"}),
            "layers": Int(1, 3, default=1),
            "hidden_size": Int(32, 512, log=True, default=128),
            "bidirectional": Bool(default=True),
            "connections": Choice(["plain", "residual"], default="plain", when={"layers": [2, 3]}),
            "attention": Choice(["none", *_SCORES], default="multiplicative"),
            "activation": Choice(
                ["tanh", "relu", "gelu", "silu", "elu"], default="tanh", when={"attention": _SCORES}
            ),
            "embedding_size": Int(16, 256, log=True, default=64),
            "dropout": Float(0.0, 0.6, default=0.1),
        }
    )
    return architecture.merged(sequence_space())


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: It is no data for `seq2seq`.
    """
    _check(data)
    return {
        "cell": Choice(["rnn", "gru", "lstm"]),
        "nonlinearity": Choice(["tanh", "relu"]),
        "layers": Int(1, 20),
        "hidden_size": Int(1, 8192),
        "bidirectional": Bool(),
        "connections": Choice(["plain", "residual"]),
        "attention": Choice(["none", *_SCORES]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "embedding_size": Int(1, 4096),
        "dropout": Float(0.0, 0.95),
        **sequence_domains(),
    }


def _check(data: DataSpec) -> None:
    check_data(
        data,
        family="seq2seq",
        tasks=("seq2seq",),
        forms=("tokens", "numbers"),
        takes_lengths=True,
    )
    axes = _AXES[data.form]
    if len(data.input_shape) != len(axes):
        raise ConfigurationError(
            f"seq2seq reads {data.form} of shape ({', '.join(axes)}), but this data has examples "
            f"of shape {tuple(data.input_shape)}."
        )


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "search_space"]
