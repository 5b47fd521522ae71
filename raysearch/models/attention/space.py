"""Which Transformers can be searched, and which are legal for these data?

Torch-free. For sequences, which may differ in length (tokens (T,), series (C, T)), and for images
(C, H, W) and clips (C, D, H, W), which are cut into patches. The task decides the architecture: an
encoder for classes and numbers, an encoder and a decoder for answers that are sequences.

The recommended learning rates are lower than those of other families, and warmed up, as attention
needs. Any width goes with any number of heads (see `design`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_data,
    sequence_domains,
    sequence_space,
    training_domains,
    training_space,
)
from raysearch.models.shared.space import data_arguments as shared_arguments
from raysearch.space import Bool, Choice, Domain, Float, Int, Space

MODULE = "raysearch.models.attention.module:Transformer"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING | {"dropout", "attention_dropout"}
"""Arguments of the constructor that can be changed while a trial trains."""

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
        ('1 to 4, log, step 2', 'mean')
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


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: It is no data for `attention`.
    """
    _check(data)
    largest = 1 if data.form == "tokens" else max(data.input_shape[1:])
    return {
        "stem": Choice(["linear", "convolution"]),
        "patch_size": Int(1, largest),
        "depth": Int(1, 100),
        "decoder_depth": Int(1, 100),
        "width": Int(8, 16384),
        "heads": Int(1, 256),
        "feedforward_ratio": Float(0.1, 64.0),
        "activation": Choice(
            [
                *("relu", "leaky_relu", "gelu", "silu", "elu", "tanh"),
                *("glu", "reglu", "geglu", "swiglu"),
            ]
        ),
        "norm_placement": Choice(["pre", "post"]),
        "normalization": Choice(["layer", "rms"]),
        "positions": Choice(["sinusoidal", "learnt", "rotary"]),
        "pooling": Choice(["mean", "max", "class_token", "attention"]),
        "weight_tying": Bool(),
        "dropout": Float(0.0, 0.95),
        "attention_dropout": Float(0.0, 0.95),
        **_training_domains(data),
    }


def data_arguments(data: DataSpec) -> dict[str, Any]:
    """Return the constructor's arguments that follow from the data, as plain JSON values.

    Raises:
        ConfigurationError: It is no data for `attention`.
    """
    _check(data)
    return shared_arguments(data)


def default_patch_size(input_shape: Sequence[int], *, form: str) -> int:
    """Return the patches where none are named: 1 for tokens.

    Else the smallest power of two, from 2 for images and clips, that leaves at most 64 patches.

    Example:
        >>> def of(*shape):
        ...     return default_patch_size(shape, form="numbers")
        >>> of(1, 8, 8), of(3, 32, 32), of(3, 224, 224), of(2, 64), of(1, 500)
        (2, 4, 32, 1, 8)
    """
    axes = [size for size in input_shape[1:] if isinstance(size, int)]
    if form == "tokens" or not axes:
        return 1
    size = min(2, *axes) if len(axes) > 1 else 1
    while math.prod(math.ceil(length / size) for length in axes) > _MOST_POSITIONS:
        size *= 2
    return size


def _patches(data: DataSpec) -> dict[str, Domain]:
    if data.form == "tokens":
        return {}
    default = default_patch_size(data.input_shape, form=data.form)
    high = 2 * default if 2 * default <= max(data.input_shape[1:]) else default
    return {
        "stem": Choice(["linear", "convolution"], default="convolution"),
        "patch_size": Int(max(1, default // 2), high, step=2, log=True, default=default),
    }


def _decoder(data: DataSpec) -> dict[str, Domain]:
    if data.task != "seq2seq":
        return {}
    return {"decoder_depth": Int(1, 6, default=2), "weight_tying": Bool(default=False)}


def _pooling(data: DataSpec) -> dict[str, Domain]:
    if data.task == "seq2seq":
        return {}
    return {"pooling": Choice(["mean", "max", "class_token", "attention"], default="mean")}


def _training(data: DataSpec) -> Space:
    is_seq2seq = data.task == "seq2seq"
    usual = sequence_space() if is_seq2seq else training_space(data)
    adaptive = Space(
        {
            "learning_rate": Float(1e-4, 1e-2, log=True, default=1e-3),
            "weight_decay": Float(1e-4, 0.3, log=True, default=1e-2),
        }
    )
    warmed_up = Space({"warmup_fraction": Float(0.0, 0.3, default=0.1)})
    return usual.replaced(
        {
            "optimizer": Choice({"adamw": adaptive, "nadam": adaptive}, default="adamw"),
            "schedule": Choice(
                {"constant": warmed_up, "cosine": warmed_up, "one_cycle": Space({})},
                default="cosine",
            ),
        }
    )


def _training_domains(data: DataSpec) -> dict[str, Domain]:
    if data.task != "seq2seq":
        return training_domains(data)
    # What is for classes alone may be given, and has no effect.
    of_classes = training_domains(replace(data, task="classification", class_counts=()))
    return {**of_classes, **sequence_domains(), "loss": Choice(["cross_entropy"])}


def _check(data: DataSpec) -> None:
    check_data(
        data,
        family="attention",
        tasks=("classification", "regression", "seq2seq"),
        forms=("numbers", "tokens"),
        takes_lengths=True,
    )
    n_axes = len(data.input_shape)
    if n_axes != 1 if data.form == "tokens" else not 2 <= n_axes <= 4:
        raise ConfigurationError(
            "attention reads tokens (tokens,), series (channels, steps), images (channels, height, "
            f"width) and clips (channels, frames, height, width), but the {data.form} of this data "
            f"have the shape {tuple(data.input_shape)}."
        )
    if data.has_lengths and n_axes > 2:
        raise ConfigurationError(
            "attention reads tokens and series that differ in length, but images and clips of one "
            f"size only; those of this data have the shape {tuple(data.input_shape)} and lengths."
        )


__all__ = [
    "MODULE",
    "MUTABLE",
    "data_arguments",
    "default_patch_size",
    "legal_domains",
    "search_space",
]
