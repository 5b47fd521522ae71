"""How does the validation of an epoch do without what nobody observes?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.training.lean.batches import Batches
from raysearch.training.lean.obstacles import is_validation_plain
from raysearch.training.namespace import Namespace

if TYPE_CHECKING:
    from pytorch_lightning.loops.evaluation_loop import _EvaluationLoop as Lightnings
else:
    Lightnings = object  # that of the namespace in use is the other base; see `Namespace.derive`


class LeanValidation(Lightnings):
    """An evaluation loop that serves batches itself where nobody observes them.

    To be derived from "loops.evaluation_loop:_EvaluationLoop".

    Args:
        trainer: The Trainer.
        replaced: The loop of Lightning's whose place it takes.
        namespace: The Lightning of the fit.
    """

    def __init__(self, trainer: Any, *, replaced: Any, namespace: Namespace) -> None:
        super().__init__(
            trainer,
            replaced._trainer_fn,
            replaced._stage,
            verbose=replaced.verbose,
            inference_mode=replaced.inference_mode,
        )
        self._namespace = namespace
        self._batches: Batches | None = None

    def on_run_start(self) -> None:
        """Begin a validation."""
        super().on_run_start()
        is_plain = is_validation_plain(self.trainer, namespace=self._namespace)
        self._batches = self._plain() if is_plain else None

    def _plain(self) -> Batches:
        return Batches(self.trainer, namespace=self._namespace, step="validation_step")

    def _evaluation_step(
        self, batch: Any, batch_idx: int, dataloader_idx: int, dataloader_iter: Any
    ) -> None:
        """Serve one batch."""
        self.trainer.fit_loop.epoch_loop.end_if_unwanted()
        if self._batches is None:
            super()._evaluation_step(batch, batch_idx, dataloader_idx, dataloader_iter)
            return
        progress, connector = self.batch_progress, self.trainer._logger_connector
        batch = self._batches.moved(batch)
        loader = [dataloader_idx] if self._is_sequential and self.num_dataloaders > 1 else []
        progress.increment_ready()
        connector.on_batch_start(batch, *loader)
        progress.increment_started()
        self._batches.step(batch, batch_idx, *loader)
        progress.increment_processed()
        is_asked = any(metric.meta.on_step for metric in self._results.values())
        if is_asked:
            connector.on_batch_end()
        else:
            self._results.batch = None
            self._results.batch_size = None
        progress.increment_completed()
        self._has_run = True
        if is_asked:
            connector.update_eval_step_metrics(self._seen_batches_per_dataloader[dataloader_idx])
        self._seen_batches_per_dataloader[dataloader_idx] += 1
        if self.trainer.received_sigterm and not progress.is_last_batch:
            raise self._namespace.load("utilities.exceptions:SIGTERMException")
