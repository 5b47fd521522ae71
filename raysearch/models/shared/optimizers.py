"""By which steps is a network trained, and which of its parameters decay?

Weight decay is meant for weights that multiply their input. Biases and the scales and shifts of
normalisations are left out: they hold a small share of the capacity, and decaying a scale in front
of the next layer only changes its step size (He et al., "Bag of Tricks for Image Classification",
CVPR 2019, section 3.1).

References:
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (adamw).
    Dozat, "Incorporating Nesterov Momentum into Adam", 2016 (nadam).
    Sutskever et al., "On the Importance of Initialization and Momentum", ICML 2013 (sgd).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, NAdam, Optimizer

from raysearch.models.shared.arguments import OptimizerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Parameters in groups of their own, at a rate of their own under the schedule of all."""

    parameters: frozenset[nn.Parameter]
    learning_rate: float
    """The largest of the schedule."""


def parameter_groups(
    network: nn.Module, *, weight_decay: float, apart: Sequence[Apart] = ()
) -> list[dict[str, Any]]:
    """Return groups for an optimiser: weights that decay first, then all that does not.

    A parameter decays if it has two dimensions or more: matrices and kernels do, biases, scales
    and shifts do not. Each group is a mapping of `params` and `weight_decay`; those that are set
    apart come last, with their rate as `lr`.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    named = frozenset[nn.Parameter]().union(*(each.parameters for each in apart))
    groups = _groups([p for p in parameters if p not in named], weight_decay)
    for each in apart:
        own = _groups([p for p in parameters if p in each.parameters], weight_decay)
        groups += [{**group, "lr": each.learning_rate} for group in own]
    return groups


def _groups(parameters: Sequence[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    weights = [parameter for parameter in parameters if parameter.ndim >= 2]
    others = [parameter for parameter in parameters if parameter.ndim < 2]
    groups = ((weights, weight_decay), (others, 0.0))
    return [{"params": params, "weight_decay": decay} for params, decay in groups if params]


def optimizer(
    network: nn.Module, *, settings: OptimizerSettings, apart: Sequence[Apart] = ()
) -> Optimizer:
    """Return the optimiser that the settings name, over all of the network's parameters.

    "adamw" and "nadam" decouple the decay from the gradient; "sgd" adds it to the gradient, with
    Nesterov momentum unless `momentum` is 0.
    """
    groups = parameter_groups(network, weight_decay=settings.weight_decay, apart=apart)
    rate = settings.learning_rate
    if settings.optimizer == "adamw":
        return AdamW(groups, lr=rate, fused=_fused(network))
    if settings.optimizer == "nadam":
        return NAdam(groups, lr=rate, decoupled_weight_decay=True)
    momentum = settings.momentum
    return SGD(groups, lr=rate, momentum=momentum, nesterov=momentum > 0, fused=_fused(network))


def _fused(network: nn.Module) -> bool | None:
    """Return whether one kernel should update all parameters.

    On the CPU it makes the step of a small network about three times as fast. Elsewhere PyTorch
    decides, since a fused optimiser refuses the Trainer's gradient clipping under float16.
    """
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    return True if on_cpu else None
