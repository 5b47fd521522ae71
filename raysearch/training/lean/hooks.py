"""Which methods of Lightning's does a model or callback define anew?"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from raysearch.training.namespace import Namespace

COMMON = frozenset(
    {
        "training_step",
        "validation_step",
        "test_step",
        "predict_step",
        "forward",
        "configure_optimizers",
        "configure_callbacks",
        "configure_model",
        "lr_scheduler_step",
        "setup",
        "teardown",
        "prepare_data",
        "train_dataloader",
        "val_dataloader",
        "test_dataloader",
        "predict_dataloader",
        "state_dict",
        "load_state_dict",
        "on_save_checkpoint",
        "on_load_checkpoint",
        "load_from_checkpoint",
        "save_hyperparameters",
        "example_input_array",
        "extra_repr",
        "hparams",
        "train",
        "eval",
        "parameters",
        "named_parameters",
        "on_fit_start",
        "on_fit_end",
        "on_validation_model_zero_grad",
        "on_validation_model_train",
        "on_test_model_train",
        *(
            f"on_{stage}_{moment}"
            for stage in ("train", "validation", "test", "predict")
            for moment in ("start", "end", "epoch_start", "epoch_end")
        ),
        *(
            f"on_{stage}_{moment}"
            for stage in ("validation", "test", "predict")
            for moment in ("batch_start", "batch_end", "model_eval")
        ),
    }
)
"""What a model may define anew: called outside training's batches, or in them as by Lightning."""

OF_TRAINING = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_backward",
    "on_after_backward",
    "on_before_zero_grad",
    "on_before_optimizer_step",
)
"""Hooks of a callback that Lightning calls with every batch of training."""

OF_VALIDATION = ("on_validation_batch_start", "on_validation_batch_end")
"""Hooks of a model or callback that Lightning calls with every batch of validation."""

OF_TRANSFER = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
"""Hooks of a model or data module that Lightning calls with every batch."""

WATCHING = frozenset({"__getattribute__", "__getattr__", "__setattr__", "__delattr__"})
"""Of all methods with such names, those that see what is done with an object."""


def overridden(model: Any, *, namespace: Namespace) -> frozenset[str]:
    """Return the names of Lightning's that a model defines anew, in its class or for itself alone.

    Special methods are left out, but for those that see what is done with an object.

    Args:
        model: A LightningModule.
        namespace: The Lightning it is of.
    """
    base, kind = namespace.load(":LightningModule"), _class_of(model)
    own = {
        name
        for name, value in vars(model).items()
        if callable(getattr(base, name, None)) and not _is_ours(value)
    }
    state = tuple(len(vars(c)) for c in kind.__mro__)  # a class may be given a method later
    return _overridden_in(kind, base, state) | own


def _is_ours(value: Any) -> bool:
    """Return whether it is something of ours that stands for Lightning's, such as a `FastLog`."""
    return type(value).__module__ == f"{__package__}.fast_log"


def _class_of(found: Any) -> Any:
    return type(found)


@lru_cache(maxsize=16)  # few: a class may hold on to much
def _overridden_in(kind: Any, base: Any, _state: tuple[int, ...]) -> frozenset[str]:
    names = [n for n in dir(base) if n in WATCHING or not n.startswith(("__", "_abc_"))]
    was, found = ({n: inspect.getattr_static(c, n, None) for n in names} for c in (base, kind))
    return frozenset(name for name in names if found[name] is not was[name])


def callback_hooks(callback: Any, hooks: Sequence[str], *, namespace: Namespace) -> list[str]:
    """Return which of some hooks a callback has.

    Args:
        callback: A callback.
        hooks: Those that are asked about.
        namespace: The Lightning it should be of.
    """
    base: Any = namespace.load("callbacks:Callback")
    own, kind = vars(callback), type(callback)
    is_watching = inspect.getattr_static(kind, "__getattribute__") is not object.__getattribute__
    if not isinstance(callback, base) or is_watching:
        return ["hooks that cannot be known"]
    return [hook for hook in hooks if hook in own or getattr(kind, hook) is not getattr(base, hook)]
