"""How is a network trained and measured under Lightning, whatever it learns?

`FamilyModule` holds the steps that all families share: the epoch's sums, what is logged, optimiser
and schedule. What is minimised and what is measured, the family says. `supervised.SupervisedModule`
says it for classes and numbers.

    class MyFamily(FamilyModule):
        def __init__(self, *, input_shape, n_outputs, task, depth=3, ...):
            super().__init__()
            self.save_hyperparameters()
            check_arguments(self.hparams, owner="MyFamily", legal_domains=legal_domains)
            self.set_up(
                network=MyNetwork(select(MyDesign, self.hparams)),
                settings=select(OptimizerSettings, self.hparams),
                scores=MyScores,
            )

        def training_loss(self, batch): ...
        def measure(self, batch, scores): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics import Metric

from raysearch.models.shared import in_use
from raysearch.models.shared.arguments import OptimizerSettings
from raysearch.models.shared.optimizers import Apart, optimizer
from raysearch.models.shared.schedules import has_schedule, schedule
from raysearch.trial import Value

Batch = tuple[Tensor, ...]
"""Inputs, their lengths where `DataSpec.has_lengths`, and targets, which come last."""


class FamilyModule(LightningModule):
    """Steps of training, validation and test; logs the metrics of `raysearch.models.metrics`.

    Logged once per epoch. Nothing is logged per step: a call of `self.log` costs as much as the
    step of a small network. Sums stay on the device until then.
    """

    network: nn.Module
    """The architecture alone, without training."""
    settings: OptimizerSettings
    val_scores: Metric
    test_scores: Metric

    def set_up(
        self, *, network: nn.Module, settings: OptimizerSettings, scores: Callable[[], Metric]
    ) -> None:
        """Take the network, and make the metrics; called once, by the constructor.

        Args:
            network: Whose parameters are trained.
            settings: By which steps.
            scores: Returns a new metric, whose `compute` returns every metric that is logged for
                validation and test by its name without a split, each ().
        """
        self.network = network
        self.settings = settings
        self._apart: tuple[Apart, ...] = ()
        self.val_scores = scores()
        self.test_scores = scores()
        self._train_loss: Tensor | float = 0.0  # summed over the epoch's terms so far
        self._n_trained: Tensor | int = 0  # terms of the epoch so far

    @property
    def output_layers(self) -> tuple[str, ...]:
        """The names of the layers that make the outputs, which differ from task to task.

        Of the network's layer `output`, unless the network names others as its `output_layers`.
        """
        named = getattr(self.network, "output_layers", ("output",))
        return tuple(f"network.{name}" for name in named)

    def set_apart(self, *parameters: Iterable[nn.Parameter], rate: float) -> None:
        """Let parameters learn at a share of the learning rate; before the optimiser is made.

        Args:
            parameters: Of the network; each collection has groups of its own in the optimiser. What
                has no gradient for a while must not be in one with what has: a fused step of sgd
                takes a group's momenta to begin together.
            rate: The share, above 0.
        """
        learning_rate = self.settings.learning_rate * rate
        self._apart = tuple(
            Apart(parameters=frozenset(each), learning_rate=learning_rate) for each in parameters
        )

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the network makes of a batch of inputs, and their lengths if it has them."""
        return self.network(*inputs)

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the batch.

        A pure function of parameters, buffers, batch and torch's default generator, from which
        dropout draws. Running statistics are buffers.
        """
        raise NotImplementedError

    def n_terms(self, batch: Batch) -> int | Tensor:
        """Return of how many terms the loss of a batch is the mean: its examples, unless told.

        So much the batch counts in the epoch's `train/loss`, which is the mean over all terms.
        """
        return len(batch[0])

    def measure(self, batch: Batch, scores: Metric) -> None:
        """Add a batch to the metrics of validation or test; called in evaluation mode."""
        raise NotImplementedError

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of a batch, and log the epoch's mean with the last one."""
        loss = self.training_loss(batch)
        n_terms = self.n_terms(batch)
        self._train_loss = self._train_loss + loss.detach() * n_terms
        self._n_trained = self._n_trained + n_terms
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
        self.measure(batch, self.val_scores)

    def on_validation_epoch_end(self) -> None:
        """Log the validation metrics."""
        self._log_scores("val", self.val_scores)

    def on_test_epoch_start(self) -> None:
        """Begin the sums."""
        self.test_scores.reset()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Add a batch to the test metrics."""
        self.measure(batch, self.test_scores)

    def on_test_epoch_end(self) -> None:
        """Log the test metrics."""
        self._log_scores("test", self.test_scores)

    def hyperparameters_in_use(self) -> dict[str, Value]:
        """Return arguments of the constructor that may change from fit to fit, as they are now.

        Read from what uses them, in the middle of a fit. Those of the optimiser are not among them.
        """
        return {**in_use.of_layers(self.network), **in_use.of_schedule(self.trainer)}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser, with its schedule stepped after every optimiser step."""
        chosen = optimizer(self.network, settings=self.settings, apart=self._apart)
        if not has_schedule(self.settings):
            return chosen
        n_steps = self.trainer.estimated_stepping_batches
        rates = schedule(chosen, settings=self.settings, n_steps=n_steps)
        return {"optimizer": chosen, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def _log_scores(self, split: str, scores: Metric) -> None:
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
            batch_size=int(self._n_trained),
        )
        self._n_trained = 0
