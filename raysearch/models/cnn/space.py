"""Which convolutional networks can be searched, and which are legal for examples of this size?

Torch-free. For series (C, T), images (C, H, W) and clips (C, D, H, W) of any size, and both tasks.
Each stage but the first halves every axis, so the upper bound of `stages` depends on the data: 1 +
log2 of the steps of a series, or of min(H, W), rounded down, which leaves at least one value; the
frames of a clip may become one before. The recommended space leaves two, and has four stages at
most. It starts at two where the size allows, since `width_growth` and `pooling` have no effect on a
single one. Its largest networks of blocks have the size of ResNet-18; widths are drawn on a log
scale, since the cost of a network grows with their square.

`connections` says how a stage is wired, and it alone whether there are shortcuts; `block` says of
which convolutions. Cells have no blocks, but an operation on each edge, each a parameter of its
own. Where architectures shall be compared, and not sizes, an experiment can fix `n_parameters`.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.cnn.wiring import (
    CELL_SPACES,
    DEFAULTS,
    NAS_BENCH_201,
    OPERATIONS,
    edge_key,
    edges,
)
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_data,
    data_arguments,
    training_domains,
    training_space,
)
from raysearch.space import Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.cnn.module:CNN"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING | {"dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""

ARCHITECTURE = (
    "connections", "block", "expansion", "growth_rate", "stages", "blocks_per_stage",
    "n_parameters", "width", "width_growth", "pooling", "kernel_size", "normalization",
    "activation", "head_pooling", "cell_space", *map(edge_key, DEFAULTS),
)  # fmt: skip
"""Arguments whose change makes another network."""

WIDEST = 8192
"""Channels that a first stage may have."""

OF_BLOCKS = {"connections": ["plain", "residual", "dense"]}
"""The condition of parameters that cells do not have."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space for examples of this size.

    Raises:
        ConfigurationError: The examples are neither series nor images nor clips.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> space = search_space(digits)
        >>> space["stages"][0].domain.describe()
        '2 to 3'
        >>> cells = space.replaced({"connections": "cell", "cell_space": "nas_bench_201"})
        >>> cells["edge_0_1"][0].domain.describe()
        'none, skip, conv_1, conv_3, average_pool'
    """
    most = min(4, max(1, max_stages(data) - 1))
    architecture = Space(
        {
            "connections": Choice(["plain", "residual", "dense", "cell"], default="plain"),
            "block": Choice(
                ["plain", "basic", "depthwise_separable", "inverted_bottleneck"],
                default="plain",
                when=OF_BLOCKS,
            ),
            "expansion": Int(2, 6, default=4, when={"block": "inverted_bottleneck"}),
            "growth_rate": Float(0.25, 1.0, step=0.25, default=0.5, when={"connections": "dense"}),
            "stages": Int(min(2, most), most, default=min(3, most)),
            "blocks_per_stage": Int(1, 2, default=1),
            "width": Int(8, 64, step=2, log=True, default=16),
            "width_growth": Float(1.0, 2.0, step=0.25, default=2.0),
            "pooling": Choice(["max", "average", "stride"], default="max"),
            "kernel_size": Choice([3, 5], ordered=True, default=3, when=OF_BLOCKS),
            "normalization": Choice(["batch", "group", "none"], default="batch"),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu"),
            "head_pooling": Choice(["average", "max"], default="average"),
            "dropout": Float(0.0, 0.5, default=0.1),
            **_cell(),
        }
    )
    return architecture.merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts for examples of this size, by argument.

    Raises:
        ConfigurationError: The examples are neither series nor images nor clips.
    """
    return {
        "connections": Choice(["plain", "residual", "dense", "cell"]),
        "block": Choice(["plain", "basic", "depthwise_separable", "inverted_bottleneck"]),
        "expansion": Int(1, 64),
        "growth_rate": Float(0.01, 4.0),
        "stages": Int(1, max_stages(data)),
        "blocks_per_stage": Int(1, 100),
        "n_parameters": Int(0, 10**9),
        "width": Int(1, WIDEST),
        "width_growth": Float(1.0, 4.0),
        "pooling": Choice(["stride", "max", "average"]),
        "kernel_size": Choice([1, 3, 5, 7, 9], ordered=True),
        "normalization": Choice(["batch", "group", "none"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "head_pooling": Choice(["average", "max"]),
        "dropout": Float(0.0, 0.95),
        "cell_space": Choice(list(CELL_SPACES)),
        **{edge_key(edge): Choice(list(OPERATIONS), default=DEFAULTS[edge]) for edge in DEFAULTS},
        **training_domains(data),
    }


def max_stages(data: DataSpec) -> int:
    """Return how many stages there can be: with one more, nothing would be left to halve.

    Raises:
        ConfigurationError: The examples have another shape, or it is no data for `cnn`.

    Example:
        >>> def spec(*shape):
        ...     return DataSpec(task="regression", input_shape=shape, n_outputs=1, n_train=1)
        >>> max_stages(spec(3, 1, 1)), max_stages(spec(3, 8, 8)), max_stages(spec(3, 28, 200))
        (1, 4, 5)
        >>> max_stages(spec(2, 128)), max_stages(spec(1, 2, 32, 32))
        (8, 6)
    """
    check_data(data, family="cnn")
    shape = data.input_shape
    if not 2 <= len(shape) <= 4:
        raise ConfigurationError(
            f"cnn needs images (channels, height, width), series (channels, steps) or clips "
            f"(channels, frames, height, width), but this data has examples of shape {shape}."
        )
    return min(shape[-2:] if len(shape) > 2 else shape[-1:]).bit_length()


def _cell() -> dict[str, Domain]:
    """Return the choice of cells, each with the operations of its edges."""
    return {
        "cell_space": Choice(
            {
                "nas_bench_201": _edges(4, operations=NAS_BENCH_201),
                "large": _edges(5, operations=OPERATIONS),
            },
            default="nas_bench_201",
            when={"connections": "cell"},
        )
    }


def _edges(n_nodes: int, *, operations: Sequence[str]) -> Space:
    return Space(
        {
            edge_key(edge): Choice(list(operations), default=DEFAULTS[edge])
            for edge in edges(n_nodes)
        }
    )


__all__ = ["MODULE", "MUTABLE", "data_arguments", "legal_domains", "max_stages", "search_space"]
