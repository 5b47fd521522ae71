"""How is a plain `nn.Module` trained: by which loss, which optimiser, and measured by what?

`Supervision` is what a tuner is given: plain values, checked at once, without torch. The module
that trains by them is in `supervised`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from raysearch.errors import ConfigurationError, unknown_name
from raysearch.measure import MEASURES
from raysearch.space.values import show, type_name

LOSSES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
)
"""Functions of torch.nn.functional that may be named."""

METRICS = ("accuracy", "mae", "mse")
"""Metrics that may be named."""

_LOGITS = "which takes logits: leave the softmax or sigmoid out of the model"
_KERAS_LOSSES = {
    "binary_crossentropy": f"binary_cross_entropy_with_logits, {_LOGITS}",
    "categorical_crossentropy": f"cross_entropy, {_LOGITS}",
    "mae": "l1_loss",
    "mean_absolute_error": "l1_loss",
    "mean_squared_error": "mse_loss",
    "mse": "mse_loss",
    "sparse_categorical_crossentropy": f"cross_entropy, {_LOGITS}",
}
"""Loss of Keras -> what to write here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """Loss, optimiser and metrics of plain networks.

    Example:
        >>> Supervision.of(loss="cross_entropy", optimizer="adam", metrics=["accuracy"]).logged
        ('val_loss', 'val_accuracy', 'train_loss', 'train_accuracy')
        >>> Supervision.of(loss="mse", optimizer=None, metrics=None)
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: loss is mse. Write mse_loss.
    """

    loss: str | Callable[..., Any]
    """Name of a function of torch.nn.functional, or a callable of outputs and targets."""
    optimizer: str | Callable[..., Any] = "Adam"
    """Name of a class of torch.optim, or a callable of the parameters, and of hp if it takes it."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Name -> None for one that may be named, a metric of torchmetrics, or a callable of outputs
    and targets that returns the mean over a batch."""

    @classmethod
    def of(cls, *, loss: Any, optimizer: Any, metrics: Any) -> Supervision | None:
        """Return what a tuner is given as one; None if nothing is given.

        Raises:
            ConfigurationError: With all that is wrong with it.
        """
        if loss is None and optimizer is None and not metrics:
            return None
        faults = [*_loss_faults(loss), *_optimizer_faults(optimizer)]
        named, metric_faults = _named(metrics)
        if faults or metric_faults:
            raise ConfigurationError([*faults, *metric_faults])
        return cls(loss=loss, optimizer=optimizer or "Adam", metrics=named)

    @property
    def logged(self) -> tuple[str, ...]:
        """The metrics that a network logs which is trained so, without those of the test split."""
        names = ("loss", *self.metrics)
        return tuple(f"{split}_{name}" for split in ("val", "train") for name in names)

    def refuse_unused(self, *, is_used: bool) -> None:
        """Check that there are plain networks.

        Raises:
            ConfigurationError: There are none, so that all this would be left aside.
        """
        if not is_used:
            raise ConfigurationError(
                "loss, optimizer and metrics are for plain networks, and build returns a "
                "LightningModule, which says all that itself. Leave them out, or return the "
                "network alone."
            )

    def refuse_unlogged(self, metric: str) -> None:
        """Check that a metric is logged.

        Raises:
            ConfigurationError: It is not.
        """
        if metric not in self.logged and metric not in MEASURES:
            said = unknown_name(metric, kind="a metric that is logged", valid=self.logged)
            raise ConfigurationError(
                f"objective: {said} Name one of these, or give the tuner further metrics=[...]."
            )


def _loss_faults(loss: Any) -> list[str]:
    if loss is None:
        return ["loss is missing: a network without one cannot be trained. Give loss=..., too."]
    if isinstance(loss, str) and loss in _KERAS_LOSSES:
        return [f"loss is {loss}. Write {_KERAS_LOSSES[loss]}."]
    if isinstance(loss, str) and loss not in LOSSES:
        return [
            unknown_name(loss, kind="a loss", valid=LOSSES, where="loss: ")
            + " Or give a function of outputs and targets."
        ]
    if not callable(loss) and not isinstance(loss, str):
        return [f"loss is {show(loss)}, {type_name(loss)}. Give its name, or a function."]
    return []


def _optimizer_faults(optimizer: Any) -> list[str]:
    if optimizer is None or callable(optimizer):
        return []
    if not isinstance(optimizer, str):
        return [
            f"optimizer is {show(optimizer)}, {type_name(optimizer)}. Name a class, or give it."
        ]
    valid = optimizers()
    if optimizer.lower() in {name.lower() for name in valid}:
        return []
    return [
        unknown_name(optimizer, kind="a class of torch.optim", valid=valid, where="optimizer: ")
    ]


def optimizers() -> tuple[str, ...]:
    """Return the names of the optimisers that torch has; loads it."""
    import torch

    return tuple(
        name
        for name, found in vars(torch.optim).items()
        if isinstance(found, type)
        and issubclass(found, torch.optim.Optimizer)
        and name[0].isupper()
        if found is not torch.optim.Optimizer
    )


def _named(metrics: Any) -> tuple[dict[str, Any], list[str]]:
    """Return metrics by name, and what is wrong with them."""
    if metrics is None:
        return {}, []
    if isinstance(metrics, Mapping):
        return {str(name): metric for name, metric in metrics.items()}, []
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        return {}, [f"metrics is {show(metrics)}. Give a list of them."]
    named, faults = dict[str, Any](), []
    for metric in metrics:
        if isinstance(metric, str):
            name = "accuracy" if metric == "acc" else metric
            if name not in METRICS:
                valid = unknown_name(name, kind="a metric", valid=METRICS, where="metrics: ")
                faults.append(f"{valid} Others are given as objects of torchmetrics.")
            named[name] = None
        elif callable(metric):
            named[_name_of(metric)] = metric
        else:
            faults.append(
                f"metrics: {show(metric)} is {type_name(metric)}. Give a name or a metric."
            )
    return named, faults


def _name_of(metric: Any) -> str:
    """Return the name of a metric that has none of its own.

    Example:
        >>> class BinaryAUROC: ...
        >>> _name_of(BinaryAUROC())
        'binary_auroc'
    """
    name = getattr(metric, "__name__", type(metric).__name__)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
