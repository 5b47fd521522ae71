"""Which convolutional networks can be searched, and which are legal for images of this size?

Torch-free. For images (C, H, W) of any size, and both tasks. Each stage but the first halves the
image, so the upper bound of `stages` depends on the data: 1 + log2(min(H, W)), rounded down, which
leaves at least one pixel. The recommended space leaves two, and has four stages at most. It starts
at two where the image allows, since `width_growth` and `pooling` have no effect on a single one.
Its largest networks have the size of ResNet-18; widths are drawn on a log scale, since the cost of
a network grows with their square.
"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    check_data,
    data_arguments,
    training_domains,
    training_space,
)
from raysearch.space import Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.cnn.module:CNN"
"""Import path of the module class."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space for images of this size.

    Raises:
        ConfigurationError: The examples are not images.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> search_space(digits)["stages"][0].domain.describe()
        '2 to 3'
    """
    most = min(4, max(1, max_stages(data) - 1))
    architecture = Space(
        {
            "block": Choice(
                ["plain", "residual", "depthwise_separable", "inverted_bottleneck"],
                default="plain",
            ),
            "expansion": Int(2, 6, default=4, when={"block": "inverted_bottleneck"}),
            "stages": Int(min(2, most), most, default=min(3, most)),
            "blocks_per_stage": Int(1, 2, default=1),
            "width": Int(8, 64, step=2, log=True, default=16),
            "width_growth": Float(1.0, 2.0, step=0.25, default=2.0),
            "pooling": Choice(["max", "average", "stride"], default="max"),
            "kernel_size": Choice([3, 5], ordered=True, default=3),
            "normalization": Choice(["batch", "group", "none"], default="batch"),
            "activation": Choice(["relu", "gelu", "silu", "elu"], default="relu"),
            "head_pooling": Choice(["average", "max"], default="average"),
            "dropout": Float(0.0, 0.5, default=0.1),
        }
    )
    return architecture.merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts for images of this size, by argument.

    Raises:
        ConfigurationError: The examples are not images.
    """
    return {
        "block": Choice(["residual", "plain", "depthwise_separable", "inverted_bottleneck"]),
        "expansion": Int(1, 64),
        "stages": Int(1, max_stages(data)),
        "blocks_per_stage": Int(1, 100),
        "width": Int(1, 8192),
        "width_growth": Float(1.0, 4.0),
        "pooling": Choice(["stride", "max", "average"]),
        "kernel_size": Choice([1, 3, 5, 7, 9], ordered=True),
        "normalization": Choice(["batch", "group", "none"]),
        "activation": Choice(["relu", "leaky_relu", "gelu", "silu", "elu", "tanh"]),
        "head_pooling": Choice(["average", "max"]),
        "dropout": Float(0.0, 0.95),
        **training_domains(data),
    }


def max_stages(data: DataSpec) -> int:
    """Return how many stages an image can have: with one more, nothing would be left to halve.

    Raises:
        ConfigurationError: The examples are not images, or it is no data for `cnn`.

    Example:
        >>> def image(height, width):
        ...     shape = (3, height, width)
        ...     return DataSpec(task="regression", input_shape=shape, n_outputs=1, n_train=1)
        >>> max_stages(image(1, 1)), max_stages(image(8, 8)), max_stages(image(28, 200))
        (1, 4, 5)
    """
    check_data(data, family="cnn")
    if len(data.input_shape) != 3:
        raise ConfigurationError(
            f"cnn needs images of shape (channels, height, width), but this data has examples of "
            f"shape {tuple(data.input_shape)}."
        )
    return min(data.input_shape[1:]).bit_length()


__all__ = ["MODULE", "data_arguments", "legal_domains", "max_stages", "search_space"]
