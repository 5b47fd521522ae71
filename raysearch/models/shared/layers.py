"""Which activations and normalisations can a network have, and how do its weights start?

Weights start as He et al. (2015) propose, normal with variance 2 / (inputs of a unit), biases at
zero, scales of normalisations at one and their shifts at zero. Departures are documented below.

References:
    He et al., "Delving Deep into Rectifiers", ICCV 2015 (weights).
    Ioffe and Szegedy, "Batch Normalization", ICML 2015.
    Ba, Kiros and Hinton, "Layer Normalization", 2016.
    Wu and He, "Group Normalization", ECCV 2018.
    Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016 (gelu).
    Elfwing, Uchibe and Doya, "Sigmoid-Weighted Linear Units", 2017 (silu).
    Clevert, Unterthiner and Hochreiter, "Exponential Linear Units", ICLR 2016 (elu).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "elu": nn.ELU,
        "tanh": nn.Tanh,
    }
)
"""Name in a configuration -> module."""


class BatchNorm1d(nn.BatchNorm1d):
    """Batch normalisation of (B, C) or (B, C, T) that also trains on a batch of a single value.

    One value per channel has no variance, and PyTorch refuses it, so that a training split of 65
    examples could not be cut into batches of 64. Such a batch is normalised by the running
    statistics and leaves them as they are.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (B, C) or (B, C, T), normalised per channel."""
        return _normalized_by_running(self, x) if _is_single(self, x) else super().forward(x)


class BatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of (B, C, H, W); a single value per channel as in `BatchNorm1d`."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (B, C, H, W), normalised per channel."""
        return _normalized_by_running(self, x) if _is_single(self, x) else super().forward(x)


class BatchNorm3d(nn.BatchNorm3d):
    """Batch normalisation of (B, C, D, H, W); a single value per channel as in `BatchNorm1d`."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (B, C, D, H, W), normalised per channel."""
        return _normalized_by_running(self, x) if _is_single(self, x) else super().forward(x)


BatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d

_BATCH_NORMS: dict[int, type[BatchNorm]] = {1: BatchNorm1d, 2: BatchNorm2d, 3: BatchNorm3d}
"""Axes behind the channels -> normalisation."""


def activation(name: str) -> nn.Module:
    """Return a new activation of this name."""
    return ACTIVATIONS[name]()


def vector_norm(name: str, width: int) -> nn.Module:
    """Return a normalisation of (B, `width`): "none", "batch" or "layer"."""
    if name == "batch":
        return BatchNorm1d(width)
    if name == "layer":
        return nn.LayerNorm(width)
    return nn.Identity()


def image_norm(name: str, channels: int, *, n_axes: int = 2) -> nn.Module:
    """Return a normalisation of (B, `channels`, H, W): "none", "batch" or "group".

    "group" has eight groups, or as many as divide eight and the channels. With one axis behind the
    channels instead of two it is for series, with three for clips.
    """
    if name == "batch":
        return _BATCH_NORMS[n_axes](channels)
    if name == "group":
        return nn.GroupNorm(math.gcd(8, channels), channels)
    return nn.Identity()


def initialize(network: nn.Module, *, output: nn.Linear) -> None:
    """Start every linear and convolutional layer of `network`, of which `output` is the last.

    He's weights, which allow for the activation that follows; none follows the output layer, whose
    weights have the variance 1 / inputs. Biases are zero.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            n_inputs = layer.weight[0].numel()
            variance = (1 if layer is output else 2) / n_inputs
            nn.init.normal_(layer.weight, std=math.sqrt(variance))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def shrink_branches(branches: Sequence[nn.Module]) -> None:
    """Let L residual branches start smaller by the square root of L, in their last weights.

    The sum of all branches then stays of the size of the input however deep the network is, with
    and without normalisation (Hayou et al., "Stable ResNet", AISTATS 2021). Starting them at zero
    is more common and safe too, but holds small networks back in their first epochs.
    """
    for branch in branches:
        weights = [weight for name, weight in branch.named_parameters() if name.endswith("weight")]
        # a plain change of data: initialisation is no step of training
        weights[-1].data.div_(math.sqrt(len(branches)))


def _is_single(norm: BatchNorm, x: Tensor) -> bool:
    return norm.training and x.numel() == x.shape[1]


def _normalized_by_running(norm: BatchNorm, x: Tensor) -> Tensor:
    return F.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )
