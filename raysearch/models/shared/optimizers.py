"""By which steps is a network trained, and which of its parameters decay?

Weight decay is meant for weights that multiply their input. Biases, what is learnt of positions,
and the scales and shifts of normalisations and flows are left out: they hold a small share of the
capacity, and decaying a scale in front of the next layer only changes its step size (He et al.,
"Bag of Tricks for Image Classification", CVPR 2019, section 3.1).

References:
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (adamw).
    Dozat, "Incorporating Nesterov Momentum into Adam", 2016 (nadam).
    Sutskever et al., "On the Importance of Initialization and Momentum", ICML 2013 (sgd).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    A parameter decays if its own name begins with `weight`, as PyTorch calls matrices and kernels,
    and it has two dimensions or more. All others do not: scales of normalisations have one, and
    what is added to pixels or positions has another name. Each group is a mapping of `params` and
    `weight_decay`; those that are set apart come last, with their rate as `lr`.
    """
    learnt = {name: p for name, p in network.named_parameters() if p.requires_grad}
    named = frozenset[nn.Parameter]().union(*(each.parameters for each in apart))
    groups = _groups({name: p for name, p in learnt.items() if p not in named}, weight_decay)
    for each in apart:
        own = {name: p for name, p in learnt.items() if p in each.parameters}
        groups += [{**group, "lr": each.learning_rate} for group in _groups(own, weight_decay)]
    return groups


def _groups(parameters: Mapping[str, nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    weights = [p for name, p in parameters.items() if _decays(name, p)]
    others = [p for name, p in parameters.items() if not _decays(name, p)]
    groups = ((weights, weight_decay), (others, 0.0))
    return [{"params": params, "weight_decay": decay} for params, decay in groups if params]


def _decays(name: str, parameter: nn.Parameter) -> bool:
    return name.rpartition(".")[2].startswith("weight") and parameter.ndim >= 2


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
