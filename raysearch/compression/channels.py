"""Which channels and units does a network not need? Those with small weights: they are taken out.

What is left is an ordinary, narrower network, which is smaller and faster in every runtime. Layers
that must keep the same channels, such as those around a shortcut, lose the same ones; which these
are, torch-pruning finds from the graph of the model. The layers that make the outputs stay.

References:
    Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017 (channels with small weights).
    Fang et al., "DepGraph: Towards Any Structural Pruning", CVPR 2023 (which go together).
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch

from raysearch.compression.change import (
    Changed,
    Given,
    computes_as_before,
    has_weights,
    n_parameters,
    output_modules,
    width_of,
)
from raysearch.compression.needs import refuse_without
from raysearch.errors import Unsupported
from raysearch.results.messages import phrase

MULTIPLES = (16, 8, 4, 2, 1)
"""Channels are left in multiples of the first of these that the layer has twice, since processors
compute eight or sixteen at once: onnxruntime took as long for 24 channels as for 32, and longer for
12 than for 16."""
SLACK = 1e-6
"""Taken from the share that goes, so that rounding does not take a channel more: 31 channels take
onnxruntime three times as long as 32."""


def prune_channels(given: Given) -> Changed:
    """Take the channels with the smallest weights out of each layer.

    A share of 1 - sqrt(keep) of the channels of each layer goes, since the parameters between two
    layers grow with the product of their channels.

    Raises:
        ConfigurationError: torch-pruning is not installed.
        Unsupported: The graph of the model cannot be followed, or nothing can be taken out.
    """
    refuse_without(["torch_pruning"], what="method channels")
    model, call = given.model, given.calls[0]
    before = n_parameters(model)
    kept = output_modules(model, call)
    widths = {name: layer.weight.shape for name, layer in _layers(model)}
    try:
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")  # about parts of the graph that it leaves alone
            _prune(given, ignored=kept)
    except Exception as error:  # torch-pruning and the model raise what they like
        raise Unsupported(
            f"the channels of {given.subject.name} cannot be followed: {phrase(error)[:200]}"
        ) from error
    if n_parameters(model) == before:
        raise Unsupported(f"no channel of {given.subject.name} can be taken out")
    computes_as_before(model.eval(), call)
    same = [name for name, layer in _layers(model) if layer.weight.shape == widths[name]]
    return Changed(model=model, left=f"all channels of {', '.join(same[:4])}" if same else "")


def _prune(given: Given, *, ignored: list[torch.nn.Module]) -> None:
    import torch_pruning

    model = given.model
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    pruner = torch_pruning.pruner.BasePruner(
        model,
        example_inputs=given.calls[0].inputs,
        forward_fn=lambda model, inputs: model(*inputs),
        importance=torch_pruning.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=1 - math.sqrt(given.keep),
        pruning_ratio_dict={
            layer: 1 - channels_left(width_of(layer), keep=given.keep) / width_of(layer) - SLACK
            for _, layer in _layers(model)
        },
        ignored_layers=ignored,
        # its defaults are shared by all pruners of a process
        in_channel_groups={},
        out_channel_groups={},
        num_heads={},
    )
    pruner.step()
    model.zero_grad(set_to_none=True)


def channels_left(width: int, *, keep: float) -> int:
    """Return how many channels of a layer are left, rounded to what processors like.

    Args:
        width: How many there are.
        keep: Share of the parameters that is to be left.

    Example:
        >>> [channels_left(width, keep=0.25) for width in (6, 16, 56, 64)]
        [4, 8, 32, 32]
        >>> channels_left(16, keep=0.9)
        16
    """
    multiple = next((m for m in MULTIPLES if 2 * m <= width), 1)
    return min(width, multiple * max(1, round(width * math.sqrt(keep) / multiple)))


def _layers(model: torch.nn.Module) -> list[tuple[str, Any]]:
    return [(name, layer) for name, layer in model.named_modules() if has_weights(layer)]
