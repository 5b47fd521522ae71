"""With which hyperparameters does a model really train at this moment?

Read from what uses them: layers, the loss, the optimiser and its schedule. So what a search asked
for can be compared with what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from raysearch.models.shared import losses
from raysearch.trial import Value

_LOSSES: dict[Callable[..., Tensor], str] = {
    losses.cross_entropy: "cross_entropy",
    losses.focal: "focal",
    losses.mean_squared_error: "mse",
    losses.mean_absolute_error: "mae",
    losses.huber: "huber",
}
"""Function -> its name among the constructors' arguments."""

_SETTINGS = {"label_smoothing": "label_smoothing", "gamma": "focal_gamma", "delta": "huber_delta"}
"""Keyword of a loss -> argument."""


def of_layers(network: nn.Module) -> dict[str, Value]:
    """Return `dropout`, and `attention_dropout` where there is attention.

    Where layers differ, since some have none, the largest counts.

    Example:
        >>> of_layers(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.25)))
        {'dropout': 0.25}
    """
    found: dict[str, Value] = {}
    shares = [layer.p for layer in network.modules() if isinstance(layer, nn.Dropout)]
    if shares:
        found["dropout"] = max(shares)
    own = (vars(layer).get("dropout") for layer in network.modules())
    attention = [share for share in own if isinstance(share, float)]
    if attention:
        found["attention_dropout"] = max(attention)
    return found


def of_loss(loss: Callable[..., Tensor]) -> dict[str, Value]:
    """Return which loss it is, and its settings.

    Example:
        >>> of_loss(partial(losses.focal, gamma=2.0))
        {'loss': 'focal', 'focal_gamma': 2.0}
    """
    if not isinstance(loss, partial):
        return {"loss": _LOSSES[loss]}
    settings = {_SETTINGS[keyword]: value for keyword, value in loss.keywords.items()}
    return {"loss": _LOSSES[loss.func], **settings}


def of_class_weights(
    weights: Tensor | None, *, counts: list[int], weighting: float
) -> dict[str, Value]:
    """Return `class_weighting` if the weights in use are those that it stands for; else nothing.

    Args:
        weights: Those in use, (K,); None if all classes count the same.
        counts: Training examples of each class.
        weighting: What they are to stand for.
    """
    wanted = losses.class_weights(counts, weighting=weighting)
    if weights is None or wanted is None:
        return {"class_weighting": 0.0} if weights is wanted else {}
    is_same = bool((weights.cpu() == wanted).all())
    return {"class_weighting": weighting} if is_same else {}


def of_schedule(trainer: Any) -> dict[str, Value]:
    """Return which schedule of `schedules` the learning rate follows, and its warm-up."""
    configs = trainer.lr_scheduler_configs
    if not configs:
        return {"schedule": "constant", "warmup_fraction": 0.0}
    factor = configs[0].scheduler.lr_lambdas[0]
    found: dict[str, Value] = {"schedule": factor.func.__name__}
    if "warmup_fraction" in factor.keywords:
        found["warmup_fraction"] = factor.keywords["warmup_fraction"]
    return found
