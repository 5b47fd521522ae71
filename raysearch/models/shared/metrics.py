"""What is measured on the validation and test splits?

The metrics of `raysearch.models.metrics.LOGGED`. What a split's batches gave is kept on the device,
and all metrics are computed from it at once at the end of the epoch: for small models that is
faster than sums that are updated batch by batch, and AUROC needs all examples anyway. A network
that has diverged gives non-finite values and no warning.

Shapes:
    classification: outputs (N, K) unnormalised log-probabilities, targets (N,) int64 in [0, K)
    regression: outputs (N, T), targets (N, T)
    N examples of a split, K classes, T target values per example
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from raysearch.data_spec import Task
from raysearch.models.shared.ranking import Ranking, auroc, average_precision

_MOST_RANKED = 4_000_000
"""Numbers that are ranked at once, which takes about a hundred bytes for each."""


class Scores(Metric):
    """All metrics of a task over the examples so far, from all devices together.

    Args:
        task: What is predicted.
        scale: Of regression: what 1 in the targets is in the data's own unit.

    Example:
        >>> scores = Scores(task="classification")
        >>> scores.update(torch.tensor([[2.0, 1.0], [3.0, 1.0]]), torch.tensor([0, 1]))
        >>> scores.compute()["accuracy"]
        tensor(0.5000)
    """

    full_state_update = False
    outputs: list[Tensor]
    targets: list[Tensor]

    def __init__(self, *, task: Task, scale: float = 1.0) -> None:
        super().__init__()
        self.task = task
        self.scale = scale
        self.add_state("outputs", default=[], dist_reduce_fx="cat")
        self.add_state("targets", default=[], dist_reduce_fx="cat")

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch."""
        self.outputs.append(outputs)
        self.targets.append(targets)

    def compute(self) -> dict[str, Tensor]:
        """Return every metric under its name without a split, ()."""
        outputs, targets = dim_zero_cat(self.outputs), dim_zero_cat(self.targets)
        if self.task == "classification":
            return classification_scores(outputs, targets)
        return regression_scores(outputs, targets, scale=self.scale)


def classification_scores(outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Return the metrics of a classification by name, each ()."""
    loss = F.cross_entropy(outputs, targets)
    return {
        **_decisions(outputs.argmax(1), targets, n_classes=outputs.shape[1]),
        **_rankings(outputs, targets),
        "log_loss": loss,
        "loss": loss,
    }


def regression_scores(outputs: Tensor, targets: Tensor, *, scale: float) -> dict[str, Tensor]:
    """Return the metrics of a regression by name, each ().

    R2 is the share of the targets' variance that is explained. Constant targets have no variance to
    explain: it is then not finite.

    Args:
        outputs: (N, T) predictions.
        targets: (N, T) targets.
        scale: What 1 in both is in the data's own unit, in which RMSE and MAE are.
    """
    errors = outputs - targets
    squared = errors.square()
    variation = (targets - targets.mean(0)).square().sum(0)  # (T,)
    loss = squared.mean()
    return {
        "rmse": loss.sqrt() * scale,
        "mae": errors.abs().mean() * scale,
        "r2": (1 - squared.sum(0) / variation).mean(),
        "loss": loss,
    }


def _decisions(chosen: Tensor, targets: Tensor, *, n_classes: int) -> dict[str, Tensor]:
    """Return what follows from the class that is chosen for each example."""
    right = targets[chosen == targets]
    # three times (K,)
    hits, n_chosen, n_true = (
        torch.bincount(classes, minlength=n_classes) for classes in (right, chosen, targets)
    )
    recall = hits / n_true.clamp(min=1)
    n_occurring = ((n_chosen + n_true) > 0).sum()
    return {
        "accuracy": hits.sum() / len(targets),
        "balanced_accuracy": recall.sum() / (n_true > 0).sum(),
        "precision": (hits / n_chosen.clamp(min=1)).sum() / n_occurring,
        "recall": recall.sum() / n_occurring,
        "f1": (2 * hits / (n_chosen + n_true).clamp(min=1)).sum() / n_occurring,
    }


def _rankings(outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Return what follows from the order in which the examples are taken for each class."""
    n_examples, n_classes = outputs.shape
    if n_classes == 2:
        # (N, 2) -> (1, N); in the order of the second class's probability, without rounding it off
        scores, classes = (outputs[:, 1] - outputs[:, 0])[None], targets.new_ones(1)
    else:
        # (N, K) -> (K, N)
        scores = outputs.log_softmax(1).T.contiguous()
        classes = torch.arange(n_classes, device=targets.device)
    n_at_once = max(1, _MOST_RANKED // n_examples)
    rankings = [
        Ranking.of(part, targets == of_part[:, None])
        for part, of_part in zip(
            *(torch.split(t, n_at_once) for t in (scores, classes)), strict=True
        )
    ]
    is_finite = scores.isfinite().all()
    return {
        "auroc": _mean(map(auroc, rankings), is_finite, otherwise=0.5),
        "average_precision": _mean(map(average_precision, rankings), is_finite, otherwise=0.0),
    }


def _mean(values: Iterable[Tensor], is_finite: Tensor, *, otherwise: float) -> Tensor:
    """Return the mean over the classes that could be rated; NaN where outputs are not finite."""
    mean = torch.cat(list(values)).nanmean().nan_to_num(nan=otherwise)
    return mean.where(is_finite, torch.full_like(mean, torch.nan))
