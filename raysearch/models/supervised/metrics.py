"""What is measured on the validation and test splits?

The metrics of `raysearch.models.metrics.LOGGED` by torchmetrics, accumulated on the device: one
`update` per batch, one `compute` per epoch. A network that has diverged gives non-finite values
and no warning.

Shapes:
    classification: outputs (B, K) unnormalised log-probabilities, targets (B,) int64 in [0, K)
    regression: outputs (B, T), targets (B, T)
    B batch, K classes, T target values per example
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, MetricCollection, R2Score
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from raysearch.data_spec import Task


class CrossEntropy(Metric):
    """Mean cross-entropy in nats over all examples, without label smoothing."""

    full_state_update = False
    total: Tensor
    n_examples: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", default=torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("n_examples", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add a batch: `preds` (B, K) unnormalised log-probabilities, `target` (B,) classes."""
        self.total += F.cross_entropy(preds, target, reduction="sum")
        self.n_examples += len(target)

    def compute(self) -> Tensor:
        """Return the mean over the examples so far, ()."""
        return self.total / self.n_examples


class R2(R2Score):
    """Share of the targets' variance that is explained, meaned over target values.

    Departs from torchmetrics, whose sums it uses, where that rounds off: residuals below 1e-4 count
    there as none, whatever the unit of the targets. Constant targets, or fewer than two examples,
    have no variance to explain: the value is then not finite.
    """

    def compute(self) -> Tensor:
        """Return the mean over target values, ()."""
        variation = self.sum_squared_error - self.sum_error**2 / self.total  # (T,)
        return (1 - self.residual / variation).mean()


def scores(*, task: Task, n_outputs: int) -> MetricCollection:
    """Return the metrics of a task, under their names without a split.

    Example:
        >>> accuracy = scores(task="classification", n_outputs=2)
        >>> accuracy.update(torch.tensor([[2.0, 1.0], [3.0, 1.0]]), torch.tensor([0, 1]))
        >>> accuracy.compute()["accuracy"]
        tensor(0.5000)
    """
    if task == "classification":
        return MetricCollection(
            {
                "accuracy": MulticlassAccuracy(n_outputs, average="micro", validate_args=False),
                "precision": MulticlassPrecision(n_outputs, validate_args=False),
                "recall": MulticlassRecall(n_outputs, validate_args=False),
                "f1": MulticlassF1Score(n_outputs, validate_args=False),
                "loss": CrossEntropy(),
            },
            # Metrics in one group are computed from the same sums, which are updated once.
            compute_groups=[["accuracy"], ["precision", "recall", "f1"], ["loss"]],
        )
    return MetricCollection(
        {
            "rmse": MeanSquaredError(squared=False),
            "mae": MeanAbsoluteError(),
            "r2": R2(),
            "loss": MeanSquaredError(),
        },
        compute_groups=[["rmse", "loss"], ["mae"], ["r2"]],
    )
