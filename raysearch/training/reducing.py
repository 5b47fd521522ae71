"""How are metrics of several ranks those of all examples?

A metric of an epoch is the mean over its examples, wherever they were: Lightning's `sync_dist`, for
every metric that the model logs for an epoch, whether the model asks for it or not. So callbacks
and schedules that watch a metric act alike on all ranks. Objects of torchmetrics reduce themselves.

All ranks must log the same names. What only some log is logged with `rank_zero_only=True`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch


def log_for_all(model: Any, *, trainer: Any) -> None:
    """Let a model's `log` count for all ranks, from now on.

    Args:
        model: A LightningModule that `trainer` will fit, of which nothing else is changed.
        trainer: Its Trainer, with a strategy of several processes.
    """
    model.log = _reducing(model.log, trainer=trainer)
    trainer.strategy.reduce = _exact(trainer.strategy.reduce)


def _reducing(log: Callable[..., None], *, trainer: Any) -> Callable[..., None]:
    signature = inspect.signature(log)
    if "sync_dist" not in signature.parameters:
        return log  # the user's own, which calls Lightning's with what he likes

    @wraps(log)
    def log_and_reduce(*arguments: Any, **keywords: Any) -> None:
        bound = signature.bind(*arguments, **keywords)
        given = bound.arguments
        is_of_epoch = given.get("on_epoch")
        if is_of_epoch is None:
            is_of_epoch = trainer.evaluating  # Lightning's default
        if is_of_epoch and not given.get("rank_zero_only"):
            given["sync_dist"] = True
        log(*bound.args, **bound.kwargs)

    return log_and_reduce


def _exact(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Return a strategy's `reduce` that does not round the mean of integers.

    Lightning counts examples in integers and cuts their mean over ranks off: 7 and 6 examples would
    be 6 on average, and each metric 8 % too large.
    """

    @wraps(reduce)
    def reduce_exactly(tensor: Any, *arguments: Any, **keywords: Any) -> Any:
        if isinstance(tensor, torch.Tensor) and not tensor.is_floating_point():
            tensor = tensor.double()
        return reduce(tensor, *arguments, **keywords)

    return reduce_exactly
