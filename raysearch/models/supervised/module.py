"""How is a network trained and measured under Lightning, whatever its architecture?

`SupervisedModule` holds the steps that families share. A family derives from it once, spells out
its constructor's arguments, and hands over a network:

    class MLP(SupervisedModule):
        def __init__(self, *, input_shape, n_outputs, task="classification", depth=3, ...):
            super().__init__()
            self.save_hyperparameters()
            check_arguments(self.hparams, owner="MLP", legal_domains=legal_domains)
            self.set_up(network=..., settings=select(TrainingSettings, self.hparams))

Shapes:
    inputs: (B, ...) float32, one example per row
    targets: (B,) int64 classes; for regression (B, T), or (B,) where T is 1
    outputs: (B, K) unnormalised log-probabilities; for regression (B, T) predictions
    B batch, K classes, T target values per example
"""

from __future__ import annotations

from typing import cast

from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from raysearch.models.supervised.arguments import TrainingSettings
from raysearch.models.supervised.losses import Loss, class_weights, training_loss
from raysearch.models.supervised.metrics import Scores
from raysearch.models.supervised.optimizers import optimizer
from raysearch.models.supervised.schedules import has_schedule, schedule

Batch = tuple[Tensor, Tensor]
"""Inputs and targets."""


class SupervisedModule(LightningModule):
    """Steps of training, validation and test; logs the metrics of `raysearch.models.metrics`.

    Logged once per epoch. Nothing is logged per step: a call of `self.log` costs as much as the
    step of a small network. Sums stay on the device until then.
    """

    network: nn.Module
    """The architecture alone, without training: inputs to outputs."""
    settings: TrainingSettings
    class_weights: Tensor | None
    """How much an example of each class counts in training; None if all count the same."""
    val_scores: Scores
    test_scores: Scores

    def set_up(self, *, network: nn.Module, settings: TrainingSettings) -> None:
        """Take the network, and make the loss and the metrics; called once, by the constructor."""
        self.network = network
        self.settings = settings
        self.val_scores = Scores(task=settings.task, scale=settings.target_scale)
        self.test_scores = Scores(task=settings.task, scale=settings.target_scale)
        self._loss: Loss = training_loss(settings)
        is_classification = settings.task == "classification"
        weighting = settings.class_weighting if is_classification else 0.0
        weights = class_weights(settings.class_counts, weighting=weighting)
        self.register_buffer("class_weights", weights, persistent=False)  # follows from settings
        self._train_loss: Tensor | float = 0.0  # summed over the epoch's examples so far
        self._n_trained = 0  # examples of the epoch so far

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs for a batch of inputs."""
        return cast(Tensor, self.network(inputs))

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the batch.

        A pure function of parameters, buffers, batch and torch's default generator, from which
        dropout draws. Running statistics are buffers.
        """
        inputs, targets = self._unpacked(batch)
        if self.class_weights is None:
            return self._loss(self(inputs), targets)
        return self._loss(self(inputs), targets, class_weights=self.class_weights)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of a batch, and log the epoch's mean with the last one."""
        loss = self.training_loss(batch)
        n_examples = len(batch[1])
        self._train_loss = self._train_loss + loss.detach() * n_examples
        self._n_trained += n_examples
        if self.trainer.is_last_batch:
            self._log_train_loss()
        return loss

    def on_train_epoch_start(self) -> None:
        """Begin the epoch's sums."""
        self._train_loss, self._n_trained = 0.0, 0

    def on_train_epoch_end(self) -> None:
        """Log the mean loss of an epoch that was cut short, as by `max_steps`."""
        if self._n_trained:
            self._log_train_loss()

    def on_validation_epoch_start(self) -> None:
        """Begin the epoch's sums."""
        self.val_scores.reset()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Add a batch to the validation metrics."""
        self._measure(batch, self.val_scores)

    def on_validation_epoch_end(self) -> None:
        """Log the validation metrics."""
        self._log_scores("val", self.val_scores)

    def on_test_epoch_start(self) -> None:
        """Begin the sums."""
        self.test_scores.reset()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Add a batch to the test metrics."""
        self._measure(batch, self.test_scores)

    def on_test_epoch_end(self) -> None:
        """Log the test metrics."""
        self._log_scores("test", self.test_scores)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser, with its schedule stepped after every optimiser step."""
        chosen = optimizer(self.network, settings=self.settings)
        if not has_schedule(self.settings):
            return chosen
        n_steps = self.trainer.estimated_stepping_batches
        rates = schedule(chosen, settings=self.settings, n_steps=n_steps)
        return {"optimizer": chosen, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def _unpacked(self, batch: Batch) -> Batch:
        inputs, targets = batch
        if self.settings.task == "regression":
            # (B,) -> (B, 1); (B, T) unchanged
            targets = targets.reshape(len(targets), -1)
        return inputs, targets

    def _measure(self, batch: Batch, scores: Scores) -> None:
        inputs, targets = self._unpacked(batch)
        scores.update(self(inputs).float(), targets)

    def _log_scores(self, split: str, scores: Scores) -> None:
        # Values that torchmetrics has gathered from all devices are equal there: their mean is too.
        named = {f"{split}/{name}": value for name, value in scores.compute().items()}
        self.log_dict(named, sync_dist=True)

    def _log_train_loss(self) -> None:
        self.log(
            "train/loss",
            self._train_loss / self._n_trained,
            on_step=False,
            on_epoch=True,
            sync_dist=True,
            batch_size=self._n_trained,
        )
        self._n_trained = 0
