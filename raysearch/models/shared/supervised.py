"""What is minimised and measured where classes or numbers are learnt from examples?

A family derives from `SupervisedModule` once, spells out its constructor's arguments, and hands
over a network:

    class MLP(SupervisedModule):
        def __init__(self, *, input_shape, n_outputs, task="classification", depth=3, ...):
            super().__init__()
            self.save_hyperparameters()
            check_arguments(self.hparams, owner="MLP", legal_domains=legal_domains)
            self.learn(network=..., settings=select(TrainingSettings, self.hparams))

Shapes:
    inputs: (B, ...) one example per row, as `DataSpec.form` says
    lengths: (B,) int64, where `DataSpec.has_lengths`
    targets: (B,) int64 classes; for regression (B, T), or (B,) where T is 1
    outputs: (B, K) unnormalised log-probabilities; for regression (B, T) predictions
    B batch, K classes, T target values per example
"""

from __future__ import annotations

from functools import partial
from typing import cast

from torch import Tensor, nn
from torchmetrics import Metric

from raysearch.models.shared import in_use
from raysearch.models.shared.arguments import TrainingSettings
from raysearch.models.shared.losses import Loss, class_weights, training_loss
from raysearch.models.shared.metrics import Scores
from raysearch.models.shared.module import Batch, FamilyModule
from raysearch.trial import Value


class SupervisedModule(FamilyModule):
    """The steps of a family, with the losses and metrics of classification and regression."""

    class_weights: Tensor | None
    """How much an example of each class counts in training; None if all count the same."""

    def learn(self, *, network: nn.Module, settings: TrainingSettings) -> None:
        """Take the network, and make the loss and the metrics; called once, by the constructor."""
        scores = partial(Scores, task=settings.task, scale=settings.target_scale)
        self.set_up(network=network, settings=settings, scores=scores)
        self._is_regression = settings.task == "regression"
        self._loss: Loss = training_loss(settings)
        weighting = 0.0 if self._is_regression else settings.class_weighting
        weights = class_weights(settings.class_counts, weighting=weighting)
        self.register_buffer("class_weights", weights, persistent=False)  # follows from settings

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the outputs for a batch of inputs, and their lengths if it has them."""
        return cast(Tensor, self.network(*inputs))

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the batch; see `FamilyModule`."""
        *inputs, targets = batch
        outputs, targets = self(*inputs), self._shaped(targets)
        if self.class_weights is None:
            return self._loss(outputs, targets)
        return self._loss(outputs, targets, class_weights=self.class_weights)

    def measure(self, batch: Batch, scores: Metric) -> None:
        """Add a batch to the metrics of validation or test."""
        *inputs, targets = batch
        scores.update(self(*inputs).float(), self._shaped(targets))

    def hyperparameters_in_use(self) -> dict[str, Value]:
        """Return what may change from fit to fit; see `FamilyModule`."""
        counts, weighting = self.hparams["class_counts"], self.hparams["class_weighting"]
        return {
            **super().hyperparameters_in_use(),
            **in_use.of_loss(self._loss),
            **in_use.of_class_weights(self.class_weights, counts=counts, weighting=weighting),
        }

    def _shaped(self, targets: Tensor) -> Tensor:
        # (B,) -> (B, 1) for regression; (B, T) unchanged
        return targets.reshape(len(targets), -1) if self._is_regression else targets
