"""Can a layer be written as two thin ones? By the largest singular values of its weights.

A linear layer of m outputs and n inputs becomes one of r outputs and one of m; a convolution
becomes one of r channels with the same kernel and a 1x1 one. Both are the best approximations of
that rank. Each layer gets the rank that leaves it `keep` of its parameters.

References:
    Denton et al., "Exploiting Linear Structure Within Convolutional Networks for Efficient
    Evaluation", NeurIPS 2014.
    Eckart and Young, "The Approximation of One Matrix by Another of Lower Rank", 1936.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from raysearch.compression.change import (
    Changed,
    Given,
    computes_as_before,
    has_weights,
    n_parameters,
    width_of,
)
from raysearch.errors import Unsupported


def factorise(given: Given) -> Changed:
    """Replace layers by two thin ones wherever that leaves fewer parameters.

    Raises:
        Unsupported: There is no such layer.
    """
    before = n_parameters(given.model)
    shared = _shared_weights(given.model)
    left = 0
    for owner in list(given.model.modules()):
        for name, layer in list(owner.named_children()):
            if not has_weights(layer):
                continue
            thin = None if id(layer.weight) in shared else thin_of(layer, keep=given.keep)
            if thin is None:
                left += 1
            else:
                setattr(owner, name, thin)
    if n_parameters(given.model) == before:
        raise Unsupported(
            f"no layer of {given.subject.name} has fewer parameters as two thin ones that keep "
            f"{given.keep:g} of it"
        )
    computes_as_before(given.model, given.calls[0])
    return Changed(
        model=given.model,
        left=f"{left} layers that would not be smaller, or are grouped or shared" if left else "",
    )


def thin_of(layer: Any, *, keep: float) -> nn.Sequential | None:
    """Return two layers that nearly compute what one does; None if they would not be smaller.

    Example:
        >>> thin = thin_of(nn.Linear(64, 32), keep=0.5)
        >>> [tuple(part.weight.shape) for part in thin]
        [(10, 64), (32, 10)]
        >>> thin_of(nn.Linear(2, 2), keep=0.5) is None
        True
    """
    if getattr(layer, "groups", 1) != 1 or getattr(layer, "padding_mode", "zeros") != "zeros":
        return None
    n_outputs, n_inputs = width_of(layer), layer.weight[0].numel()
    rank = int(keep * n_outputs * n_inputs / (n_outputs + n_inputs))
    if rank < 1 or rank >= min(n_outputs, n_inputs):
        return None
    left, right = _factors(layer.weight.detach().reshape(n_outputs, n_inputs), rank=rank)
    first, second = _layers(layer, rank=rank)
    with torch.no_grad():
        first.weight.copy_(right.reshape(first.weight.shape))
        second.weight.copy_(left.reshape(second.weight.shape))
        if layer.bias is not None:
            second.bias.copy_(layer.bias)
    return nn.Sequential(first, second).train(layer.training)


def _factors(matrix: Tensor, *, rank: int) -> tuple[Tensor, Tensor]:
    """Return (m, r) and (r, n) whose product is nearest to a matrix (m, n)."""
    u, sizes, v = torch.linalg.svd(matrix, full_matrices=False)
    roots = sizes[:rank].sqrt()
    return u[:, :rank] * roots, roots[:, None] * v[:rank]


def _layers(layer: Any, *, rank: int) -> tuple[Any, Any]:
    has_bias = layer.bias is not None
    if isinstance(layer, nn.Linear):
        return (
            nn.Linear(layer.in_features, rank, bias=False),
            nn.Linear(rank, layer.out_features, bias=has_bias),
        )
    convolution = type(layer)
    first = convolution(
        layer.in_channels,
        rank,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        bias=False,
    )
    return first, convolution(rank, layer.out_channels, 1, bias=has_bias)


def _shared_weights(model: nn.Module) -> set[int]:
    """Return the ids of weights that several layers share."""
    seen: set[int] = set()
    shared: set[int] = set()
    for layer in model.modules():
        if has_weights(layer):
            (shared if id(layer.weight) in seen else seen).add(id(layer.weight))
    for layer in model.modules():
        if isinstance(layer, nn.Embedding) and id(layer.weight) in seen:
            shared.add(id(layer.weight))
    return shared
