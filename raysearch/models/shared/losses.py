"""What is minimised? Losses of classification and regression, as functions of a batch.

Each is a pure function: the same outputs and targets give the same loss.

Shapes:
    classification: outputs (B, K) unnormalised log-probabilities, targets (B,) int64 in [0, K),
        class_weights (K,)
    regression: outputs (B, T), targets (B, T)
    returns: () the mean over the batch
    B batch, K classes, T target values per example
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from raysearch.models.shared.arguments import TrainingSettings

Loss = Callable[..., Tensor]
"""(outputs, targets) -> mean over the batch; those of classification take `class_weights` too."""


def cross_entropy(
    outputs: Tensor,
    targets: Tensor,
    *,
    label_smoothing: float = 0.0,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Return the cross-entropy in nats, for one-hot targets mixed with the uniform distribution.

    Args:
        outputs: (B, K) unnormalised log-probabilities.
        targets: (B,) classes.
        label_smoothing: Share of the uniform distribution in each target, in [0, 1] (the paper's
            epsilon).
        class_weights: (K,) how much an example counts, by its class. The mean is over examples,
            not over weights, so that a batch of a rare class counts for more than another one.

    References:
        Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
    """
    if class_weights is None:
        return F.cross_entropy(outputs, targets, label_smoothing=label_smoothing)
    each = F.cross_entropy(outputs, targets, label_smoothing=label_smoothing, reduction="none")
    return (class_weights[targets] * each).mean()


def focal(
    outputs: Tensor, targets: Tensor, *, gamma: float, class_weights: Tensor | None = None
) -> Tensor:
    """Return the focal loss, which weighs examples down that are already classified well.

    With p the probability of the true class, it is -(1 - p)^gamma ln p; for `gamma` 0 that is the
    cross-entropy.

    Args:
        outputs: (B, K) unnormalised log-probabilities.
        targets: (B,) classes.
        gamma: How strongly easy examples are weighed down. At least 0.
        class_weights: (K,) how much an example counts, by its class (the paper's alpha).

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
    """
    log_p = -F.cross_entropy(outputs, targets, reduction="none")  # (B,)
    # For gamma < 1 the slope of the power is infinite at zero: stay a rounding error away.
    wrong = (-torch.expm1(log_p)).clamp(min=torch.finfo(log_p.dtype).eps)
    each = -(wrong**gamma * log_p)
    return each.mean() if class_weights is None else (class_weights[targets] * each).mean()


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared difference."""
    return F.mse_loss(outputs, targets)


def mean_absolute_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean absolute difference."""
    return F.l1_loss(outputs, targets)


def huber(outputs: Tensor, targets: Tensor, *, delta: float) -> Tensor:
    """Return the Huber loss: half the square up to `delta`, then straight on with slope `delta`.

    Args:
        outputs: (B, T) predictions.
        targets: (B, T) targets.
        delta: Difference from which an example counts as an outlier, in units of the target.

    References:
        Huber, "Robust Estimation of a Location Parameter", Annals of Statistics 1964.
    """
    return F.huber_loss(outputs, targets, delta=delta)


def class_weights(counts: Sequence[int], *, weighting: float) -> Tensor | None:
    """Return how much an example of each class counts, (K,) float32; None if all count the same.

    Class c has a weight proportional to n_c^-a, with a the `weighting` and n_c its examples: for 1
    all classes together count the same, for 0 all examples do. The mean weight of a training
    example is 1, so that the loss keeps its size, and the learning rate its meaning.

    Args:
        counts: Training examples of each class. A class without any counts as if it had one.
        weighting: From 0 to 1.

    Example:
        >>> class_weights([75, 25], weighting=1.0)
        tensor([0.6667, 2.0000])
        >>> class_weights([75, 25], weighting=0.0) is None
        True
    """
    if not counts or weighting == 0:
        return None
    sizes = torch.tensor(counts, dtype=torch.float64).clamp(min=1)
    weights = sizes**-weighting
    return (weights / ((sizes * weights).sum() / sizes.sum())).float()


def training_loss(settings: TrainingSettings) -> Loss:
    """Return the loss that the settings name, with its parameters filled in."""
    losses: dict[str, Loss] = {
        "cross_entropy": partial(cross_entropy, label_smoothing=settings.label_smoothing),
        "focal": partial(focal, gamma=settings.focal_gamma),
        "mse": mean_squared_error,
        "mae": mean_absolute_error,
        "huber": partial(huber, delta=settings.huber_delta),
    }
    return losses[settings.loss]
