"""With which hyperparameters does a training really take place?

Read from the live objects, argument by argument, so that what was asked for can be compared with
what happened. Built-in families tell it of their layers and losses by `hyperparameters_in_use`, and
so may a module of the user's own; otherwise its attributes of the same name are looked at, and last
what its constructor was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from raysearch.space.values import scalar_fault
from raysearch.trial import Value

DATA = "data."
"""Begins the names of arguments of the data."""

BASE = "base_learning_rate"
"""What a schedule multiplies: the learning rate that was asked for, if there is a schedule."""

_RATES = ("learning_rate", "lr")
_OF_GROUPS = ("weight_decay", "momentum")

APPLIED_AS = dict.fromkeys(_RATES, BASE)
"""Argument -> its name among what is applied, where it has another one."""


def read_back(trainer: Any, *, arguments: tuple[str, ...]) -> dict[str, Value]:
    """Return the values of arguments as they are in use, each by its name among what is applied.

    Args:
        trainer: In the middle of a fit.
        arguments: Of the model's constructor; those of the data begin with "data.".

    Returns:
        Those that could be read; nothing is guessed.
    """
    model, told = trainer.lightning_module, _told(trainer.lightning_module)
    found: dict[str, Value] = {}
    for argument in arguments:
        if argument.startswith(DATA):
            value = _of_data(trainer, argument.removeprefix(DATA))
        elif argument in told:
            value = told[argument]
        elif argument in _RATES or argument in _OF_GROUPS:
            value = _of_optimizer(trainer, argument)
        else:
            value = vars(model).get(argument, model.hparams.get(argument))
        if value is not None and scalar_fault(value) is None:
            found[APPLIED_AS.get(argument, argument)] = value
    return found


def requested_as(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Return what was asked for under the names of what is applied.

    Example:
        >>> requested_as({"learning_rate": 0.01, "data.batch_size": 32})
        {'base_learning_rate': 0.01, 'data.batch_size': 32}
    """
    return {APPLIED_AS.get(argument, argument): value for argument, value in arguments.items()}


def _told(model: Any) -> Mapping[str, Any]:
    tell = getattr(model, "hyperparameters_in_use", None)
    return tell() if callable(tell) else {}


def _of_optimizer(trainer: Any, argument: str) -> Any:
    """Return a number of the first group that has it."""
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            if argument in _RATES:
                return float(group.get("initial_lr", group["lr"]))
            if argument in group:
                return float(group[argument])
    return None


def _of_data(trainer: Any, argument: str) -> Any:
    """Return a value of what yields the training batches, or of the data module."""
    loader = trainer.fit_loop._combined_loader.flattened[0]
    augmentation = getattr(loader, "augmentation", None)
    if argument == "batch_size":
        return getattr(loader, "batch_size", None)
    if is_dataclass(augmentation) and not isinstance(augmentation, type):
        varied = asdict(augmentation)
        if argument in varied:
            return varied[argument]
    return vars(trainer.datamodule).get(argument)
