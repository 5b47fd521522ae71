"""What did an epoch achieve, and with which settings of the optimiser?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from raysearch.errors import TrialFailed
from raysearch.space.values import scalar_fault
from raysearch.training.values import finite_or_none
from raysearch.trial import Value

LEARNT = "learnt_parameters"
"""What the method of a model is called that tells which parameters training has changed."""

_SETTINGS = {"lr": "learning_rate", "weight_decay": "weight_decay", "momentum": "momentum"}
"""What is read back from an optimiser -> its name among hyperparameters."""


def read_metrics(metrics: Mapping[str, Tensor]) -> tuple[dict[str, float | None], str | None]:
    """Return metric values as numbers, and why some of them are missing.

    Args:
        metrics: By name, each a tensor with one element, such as Lightning's `callback_metrics`.

    Returns:
        The values by name, None where one was not finite; and a phrase that names those, or None.

    Example:
        >>> read_metrics({"val/loss": torch.tensor(torch.nan), "val/f1": torch.tensor(0.5)})
        ({'val/loss': None, 'val/f1': 0.5}, 'not finite: val/loss (nan)')
    """
    return finite_or_none(numbers(metrics))


def numbers(metrics: Mapping[str, Tensor]) -> dict[str, float]:
    """Return metric values as numbers, which may be infinite or not a number."""
    return dict(zip(metrics, _numbers(list(metrics.values())), strict=True))


def _numbers(tensors: list[Tensor]) -> list[float]:
    if all(tensor.device.type == "cpu" for tensor in tensors):
        return [float(tensor.item()) for tensor in tensors]
    device = next(tensor.device for tensor in tensors if tensor.device.type != "cpu")
    flat = [tensor.detach().to(device, torch.float32).reshape(()) for tensor in tensors]
    numbers: list[float] = torch.stack(flat).tolist()  # one wait for the device, not one per value
    return numbers


def read_applied(optimizers: Iterable[torch.optim.Optimizer]) -> dict[str, float]:
    """Return the settings that optimisers use at this moment.

    Args:
        optimizers: The optimisers of a model, whose parameter groups are numbered through.

    Returns:
        "learning_rate", "weight_decay" and "momentum" where the optimiser has them. A group whose
        value differs from the first one's is listed as well, such as "learning_rate.2". Values
        that are not finite are left out.

    Example:
        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> read_applied([torch.optim.SGD([weight], lr=0.1, momentum=0.9)])
        {'learning_rate': 0.1, 'weight_decay': 0.0, 'momentum': 0.9}
    """
    applied: dict[str, float] = {}
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    for number, group in enumerate(groups, start=1):
        for setting, name in _SETTINGS.items():
            if setting not in group:
                continue
            value = float(group[setting])
            if not math.isfinite(value):
                continue  # a journal holds finite numbers only; the metrics show what came of it
            if applied.setdefault(name, value) != value:
                applied[f"{name}.{number}"] = value
    return applied


def read_learnt(model: object) -> dict[str, Value]:
    """Return the parameters whose values training itself has changed, as the model tells them.

    Args:
        model: One that tells them has a method `learnt_parameters`, which returns plain values by
            argument of its constructor; others have none.

    Raises:
        TrialFailed: What it returns is something else.

    Example:
        >>> read_learnt(torch.nn.Linear(2, 1))
        {}
    """
    tell = getattr(model, LEARNT, None)
    if not callable(tell):
        return {}
    told = tell()
    if not isinstance(told, Mapping):
        raise TrialFailed(
            f"{type(model).__name__}.{LEARNT} returns {type(told).__name__}. Return plain values "
            'by argument, such as {"graph": "..."}.'
        )
    faults = [f"{name}: {fault}" for name, value in told.items() if (fault := scalar_fault(value))]
    if faults:
        raise TrialFailed(f"{type(model).__name__}.{LEARNT} returns {'; '.join(faults)}")
    return {str(name): value for name, value in told.items()}


def validation_examples(trainer: Any) -> int | None:
    """Return how many examples a whole validation has; None where that is not known.

    It is for one loader that is used whole: one of ours, which says so itself as `n_examples`; one
    over tensors; or a `DataLoader` over a data set that has a length.

    Args:
        trainer: After a validation, or without one.
    """
    loader = trainer.val_dataloaders
    try:
        if list(trainer.num_val_batches) != [len(loader)]:
            return None
        n_examples = getattr(loader, "n_examples", None)
        if isinstance(n_examples, int):
            return n_examples
        tensors = getattr(loader, "tensors", None)
        examples = tensors[0] if tensors else loader.sampler
        return len(examples)
    except (AttributeError, TypeError, NotImplementedError):
        return None


def has_finite_weights(model: torch.nn.Module) -> bool:
    """Return whether all weights that are trained are finite: one that is not stays so.

    Example:
        >>> model = torch.nn.Linear(2, 1)
        >>> before = has_finite_weights(model)
        >>> _ = torch.nn.init.constant_(model.bias, torch.nan)
        >>> before, has_finite_weights(model)
        (True, False)
    """
    trained = (weight for weight in model.parameters() if weight.requires_grad)
    return all(bool(torch.isfinite(weight).all()) for weight in trained)
