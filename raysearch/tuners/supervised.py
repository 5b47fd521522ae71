"""How does a plain `nn.Module` become a LightningModule?"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.training.namespace import Namespace
from raysearch.tuners.hyperparameters import HyperParameters
from raysearch.tuners.supervision import Supervision, optimizers

_SPLITS = ("train", "val", "test")


class Supervised:
    """A network that learns targets from inputs; to be derived from "LightningModule".

    A batch holds the inputs, one or several, and then the targets. Training, validation and test
    log "train_loss", "val_loss", "test_loss", and each metric in the same way.

    Args:
        network: What is trained.
        supervision: By which loss, which optimiser, and what is measured.
        optimizer: Makes the optimiser of the parameters.

    Shapes:
        outputs: (B, K, ...) for classes, (B,) or (B, 1) for two classes as one logit, else as the
            targets
        B batch, K classes
    """

    def __init__(
        self, network: nn.Module, *, supervision: Supervision, optimizer: Callable[[Any], Any]
    ) -> None:
        super().__init__()
        self.network = network
        self.loss, self._threshold = _loss(supervision.loss)
        self.metrics = nn.ModuleDict()  # those with a state, one for each split
        self._functions: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
        self._make_optimizer = optimizer
        for name, metric in supervision.metrics.items():
            self._add(name, metric)

    def _add(self, name: str, metric: Any) -> None:
        if isinstance(metric, nn.Module):
            for split in _SPLITS:
                self.metrics[f"{split}_{name}"] = copy.deepcopy(metric)
        elif metric is not None:
            self._functions[name] = metric
        elif name == "accuracy":
            self._functions[name] = self._accuracy
        else:
            self._functions[name] = F.l1_loss if name == "mae" else F.mse_loss

    def forward(self, *inputs: Tensor) -> Any:
        """Return the network's outputs."""
        return self.network(*inputs)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """Return the loss of a batch."""
        return self._step(batch, "train")

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Measure a batch."""
        self._step(batch, "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        """Measure a batch."""
        self._step(batch, "test")

    def configure_optimizers(self) -> Any:
        """Return the optimiser."""
        return self._make_optimizer(self.parameters())  # type: ignore[attr-defined]

    def _step(self, batch: Any, split: str) -> Tensor:
        *inputs, targets = batch
        outputs = self(*inputs)  # type: ignore[operator]
        loss: Tensor = self.loss(outputs, _fitting(targets, outputs, loss=self.loss))
        values: dict[str, Any] = {f"{split}_loss": loss}
        for name, function in self._functions.items():
            values[f"{split}_{name}"] = function(outputs, _fitting(targets, outputs, loss=function))
        metric: Any
        for name, metric in self.metrics.items():
            if name.startswith(f"{split}_"):
                metric.update(outputs, targets)
                values[name] = metric
        how: dict[str, Any] = {"on_step": False, "on_epoch": True, "batch_size": len(targets)}
        self.log_dict(values, **how)  # type: ignore[attr-defined]
        return loss

    def _accuracy(self, outputs: Tensor, targets: Tensor) -> Tensor:
        is_one = outputs.ndim == 1 or outputs.shape[1] == 1
        if is_one:
            return ((outputs > self._threshold).view_as(targets) == targets.bool()).float().mean()
        return (outputs.argmax(dim=1) == targets).float().mean()


_LIKE_OUTPUTS = (
    F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
    F.huber_loss,
    F.l1_loss,
    F.mse_loss,
    F.smooth_l1_loss,
)
"""Functions whose targets have the shape and type of the outputs."""

_LIKE_OUTPUTS_TOO = (
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.HuberLoss,
    nn.L1Loss,
    nn.MSELoss,
    nn.SmoothL1Loss,
)
"""The same as classes."""


def _fitting(targets: Tensor, outputs: Tensor, *, loss: Any) -> Tensor:
    """Return targets as a function of ours takes them: (B,) for outputs of (B, 1), as floats."""
    if loss not in _LIKE_OUTPUTS and not isinstance(loss, _LIKE_OUTPUTS_TOO):
        return targets
    shaped = targets.view_as(outputs) if targets.numel() == outputs.numel() else targets
    return shaped.to(outputs.dtype)


def _loss(given: Any) -> tuple[Callable[..., Tensor], float]:
    """Return a loss, and the output above which it takes an example for one of class 1."""
    if isinstance(given, str):
        return getattr(F, given), 0.5 if given == "binary_cross_entropy" else 0.0
    made = given() if isinstance(given, type) else copy.deepcopy(given)
    return made, 0.5 if isinstance(made, nn.BCELoss) else 0.0


def supervised(
    network: nn.Module, *, supervision: Supervision, hp: HyperParameters, namespace: Namespace
) -> Any:
    """Return a network as a LightningModule of a namespace.

    Args:
        network: It.
        supervision: How it is trained.
        hp: For an optimiser that asks for hyperparameters, which it does here for the first time.
        namespace: Whose LightningModule it becomes.
    """
    given = supervision.optimizer
    make = _named_optimizer(given) if isinstance(given, str) else given
    if takes_hp(make):
        make = partial(make, hp=hp)
        make(_some_parameters(network))  # so that it asks while the space is found out
    kind = namespace.derive(Supervised, part=":LightningModule")
    return kind(network, supervision=supervision, optimizer=make)


def _named_optimizer(name: str) -> Any:
    found = next(known for known in optimizers() if known.lower() == name.lower())
    return getattr(torch.optim, found)


def _some_parameters(network: nn.Module) -> list[nn.Parameter]:
    return list(network.parameters()) or [nn.Parameter(torch.zeros(1))]


def takes_hp(optimizer: Any) -> bool:
    """Return whether an optimiser is a function of the parameters and of `hp`."""
    if isinstance(optimizer, str | type):
        return False
    return "hp" in list(inspect.signature(optimizer).parameters)[1:]
