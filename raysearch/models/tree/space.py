"""Which tree-recursive networks can be searched, and which are legal?

Torch-free. For trees of symbols, and for series (C, T) by balanced binary trees over time; of one
length or not, and both tasks. The recommended space has widths up to 256, since the cost of a level
grows with their square, and two layers at most. N-ary cells have as many weights as the square of
their places; trees whose nodes have many children are better folded.
"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_data,
    data_arguments,
    training_domains,
    training_space,
)
from raysearch.space import Bool, Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.tree.module:Tree"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING | {"dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space.

    Series have two children everywhere, so `arity` is searched for trees alone.

    Raises:
        ConfigurationError: It is no data for `tree`.

    Example:
        >>> series = DataSpec(
        ...     task="classification", input_shape=(1, 128), n_outputs=3, n_train=30
        ... )
        >>> "embedding_size" in search_space(series).keys, search_space(series).default()["cell"]
        (False, 'lstm')
    """
    _check(data)
    has_symbols = data.form == "tree"
    symbols: dict[str, Domain] = {
        "embedding_size": Int(16, 256, log=True, default=64),
        "arity": Int(2, 5, default=2, when={"composition": "n_ary"}),
    }
    architecture = Space(
        {
            "cell": Choice(["lstm", "gru", "recursive", "gated"], default="lstm"),
            "hidden_ratio": Int(1, 4, log=True, default=4, when={"cell": "gated"}),
            "composition": Choice(["fold", "child_sum", "n_ary"], default="fold"),
            "closing": Bool(default=False, when={"composition": "fold"}),
            "leaf": Choice(["shared", "own"], default="shared"),
            "depth": Int(1, 2, default=1),
            "width": Int(16, 256, log=True, default=64),
            "connections": Choice(["plain", "residual"], default="plain", when={"depth": 2}),
            "normalization": Choice(["none", "layer"], default="none"),
            "activation": Choice(["tanh", "relu", "gelu"], default="tanh"),
            "dropout": Float(0.0, 0.5, default=0.1),
            **(symbols if has_symbols else {}),
        }
    )
    return architecture.merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: It is no data for `tree`.
    """
    _check(data)
    return {
        "embedding_size": Int(1, 8192),
        "cell": Choice(["lstm", "gru", "recursive", "gated"]),
        "hidden_ratio": Int(1, 16),
        "composition": Choice(["fold", "child_sum", "n_ary"]),
        "closing": Bool(),
        "arity": Int(1, 64),
        "leaf": Choice(["shared", "own"]),
        "depth": Int(1, 32),
        "width": Int(1, 8192),
        "connections": Choice(["plain", "residual"]),
        "normalization": Choice(["none", "layer"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "dropout": Float(0.0, 0.95),
        **training_domains(data),
    }


def _check(data: DataSpec) -> None:
    check_data(data, family="tree", forms=("tree", "numbers"), takes_lengths=True)
    shape = tuple(data.input_shape)
    if data.form == "tree" and (len(shape) != 2 or shape[0] != 2 or data.vocabulary < 1):
        raise ConfigurationError(
            f"tree reads the symbols and the parents of up to N nodes, of shape (2, N), but this "
            f"data has examples of shape {shape} and {data.vocabulary} symbols."
        )
    if data.form == "numbers" and len(shape) != 2:
        raise ConfigurationError(
            f"tree needs trees, or series of shape (channels, steps), but this data has examples "
            f"of shape {shape}."
        )


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "search_space"]
