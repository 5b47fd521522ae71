"""Which weights let layers that are added compute nothing, or what they are given?

Layers of a branch that is added to something are silent at first. Layers in a chain hand on what
they are given, which an activation allows only where it leaves alone what it gave: ReLU does.

Shapes:
    x: (B, C, ...)
    B batch, C channels
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from raysearch.models.shared.growing.spreads import Spread
from raysearch.models.shared.growing.transfer import Linear

_BATCH = nn.modules.batchnorm._NormBase


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and variance of channels over examples, each (C,)."""

    mean: Tensor
    variance: Tensor

    def at(self, places: Tensor) -> Moments:
        """Return those at some places; 0 and 1 where the place is below 0."""
        found = places >= 0
        index = places.clamp(min=0)
        return Moments(
            torch.where(found, self.mean[index], 0.0),
            torch.where(found, self.variance[index], 1.0),
        )


def rectified(norm: nn.Module) -> Moments | None:
    """Return the moments of what ReLU makes of a batch normalisation's output; None for others.

    As if that output were normal, which it is by its first two moments: shift and scale.
    """
    if not isinstance(norm, _BATCH) or norm.weight is None or norm.bias is None:
        return None
    mean, std = norm.bias.detach().double(), norm.weight.detach().double().abs().clamp(min=1e-6)
    ratio = mean / std
    below = torch.special.ndtr(ratio)
    density = torch.exp(-0.5 * ratio**2) / math.sqrt(2 * math.pi)
    first = mean * below + std * density
    second = (mean**2 + std**2) * below + mean * std * density
    variance = (second - first**2).clamp(min=1e-6)
    return Moments(first.to(norm.weight), variance.to(norm.weight))


@torch.no_grad()
def silence(layer: Linear, norm: nn.Module) -> None:
    """Let a layer with the normalisation behind it give zeros.

    By the scale of the normalisation if there is one: it learns at once, while a layer of zeros in
    front of it would be divided by the root of a variance of zero.
    """
    weight, bias = getattr(norm, "weight", None), getattr(norm, "bias", None)
    if not isinstance(weight, Tensor):
        weight, bias = layer.weight, layer.bias
    weight.zero_()
    if isinstance(bias, Tensor):
        bias.zero_()


@torch.no_grad()
def carry(layer: Linear, *, inputs: Spread, outputs: Spread) -> Tensor:
    """Let a layer hand on what its inputs hold to those outputs that hold the same.

    New outputs keep the weights that they have; new inputs are read by no other output.

    Args:
        layer: Over all channels, or of each on its own.
        inputs: What the inputs hold.
        outputs: What the outputs are to hold, of the same old channels.

    Returns:
        For each output an input that holds the same, or -1.
    """
    same = (outputs.origin[:, None] == inputs.origin[None, :]) & outputs.is_old[:, None]
    shares = same / same.sum(1, keepdim=True).clamp(min=1)
    centre = tuple(size // 2 for size in layer.weight.shape[2:])
    old = outputs.is_old
    if _is_depthwise(layer):
        shares = torch.ones(len(layer.weight), 1)
        old = torch.ones_like(old)
    layer.weight[old] = 0.0
    middle: tuple[slice | int, ...] = (slice(None), slice(None), *centre)
    layer.weight[middle][old] = shares[old].to(layer.weight)
    if layer.bias is not None:
        layer.bias[old] = 0.0
    return torch.where(same.any(1), same.int().argmax(1), -1)


@torch.no_grad()
def hand_on(norm: nn.Module, moments: Moments | None = None) -> bool:
    """Let a normalisation give what it is given, in evaluation; return whether it can.

    Batch normalisation can: it expects these moments, and gives them back. In training it does so
    as far as they are right. No normalisation can as well; one over several channels cannot.

    Args:
        norm: As its constructor made it.
        moments: Of what it is given; 0 and 1 where nobody knows.
    """
    if not isinstance(norm, _BATCH):
        return isinstance(norm, nn.Identity)
    if moments is None:
        moments = Moments(torch.zeros_like(norm.bias), torch.ones_like(norm.bias))
    if norm.running_mean is None or norm.running_var is None:
        return False
    norm.running_mean.copy_(moments.mean)
    norm.running_var.copy_(moments.variance)
    norm.weight.copy_(torch.sqrt(moments.variance + norm.eps))
    norm.bias.copy_(moments.mean)
    return True


def _is_depthwise(layer: Linear) -> bool:
    return getattr(layer, "groups", 1) > 1
