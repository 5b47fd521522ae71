"""How does an epoch of training do without what nobody observes?

The Trainer keeps the fit: set-up, callbacks, validation, schedules, checkpoints, going on. Its
epoch loop is replaced by one that serves each batch itself where `obstacles` finds none, and
otherwise, or at the first batch of a fit, lets Lightning do it. Loggers, `val_check_interval` and
what ends a fit early are asked about after every batch as ever; what was logged with a batch is
handed on at the last one, or when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from raysearch.training.lean.fast_log import FastLog
from raysearch.training.lean.obstacles import (
    is_gauged,
    log_is_lightnings,
    obstacles_of,
    refusal,
)
from raysearch.training.lean.steps import Steps
from raysearch.training.lean.validation import LeanValidation
from raysearch.training.namespace import Namespace

if TYPE_CHECKING:
    from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop as Lightnings
else:
    Lightnings = object  # that of the namespace in use is the other base; see `Namespace.derive`

VALIDATION = "loops.evaluation_loop:_EvaluationLoop"
"""What the loop of validation derives from."""

_NO_BATCH = "train_dataloader yielded None. If this was on purpose, ignore this warning..."
"""Lightning's words."""


class Unwanted(BaseException):
    """Ends a fit in the middle of an epoch that nobody wants."""


class LeanEpochs(Lightnings):
    """An epoch loop that serves batches itself.

    To be derived from "loops.training_epoch_loop:_TrainingEpochLoop".

    Args:
        trainer: The Trainer.
        replaced: The loop of Lightning's whose place it takes.
        namespace: The Lightning of the fit.
        is_wanted: Whether a fit that it cannot serve is refused.
    """

    def __init__(
        self, trainer: Any, *, replaced: Any, namespace: Namespace, is_wanted: bool
    ) -> None:
        super().__init__(trainer, replaced.min_steps, replaced.max_steps)
        validation = namespace.derive(LeanValidation, part=VALIDATION)
        self.val_loop = validation(trainer, replaced=self.val_loop, namespace=namespace)
        self._namespace = namespace
        self._is_wanted = is_wanted
        self._steps: Steps | None = None
        self._log: FastLog | None = None
        self._has_begun = False
        self._is_quiet = False
        self._watched: tuple[Any, ...] = ()
        self.n_served = 0
        """Batches that it has served itself."""
        self.is_unwanted: Callable[[], bool] = lambda: False
        """Asked before each batch, whether the fit shall end by `Unwanted`."""

    @property
    def is_serving(self) -> bool:
        """Whether it serves the epoch's batches itself."""
        return self._steps is not None

    def end_if_unwanted(self) -> None:
        """Do nothing, or end the fit.

        Raises:
            Unwanted: Nobody wants the epoch.
        """
        if self.is_unwanted():
            raise Unwanted

    def run(self, data_fetcher: Any) -> None:
        """Run one epoch."""
        model = self.trainer.lightning_module
        self._choose()
        with self._fast_log(model) or nullcontext():
            self._is_quiet = False
            self._watched = self._look()
            super().run(data_fetcher)
            if self._is_quiet:  # it ended where no end was in sight
                self.trainer._logger_connector.on_batch_end()

    def _choose(self) -> None:
        """Settle who serves the batches that follow."""
        obstacles = obstacles_of(self.trainer, namespace=self._namespace)
        if obstacles and self._is_wanted:
            raise refusal(obstacles)
        is_lightnings = obstacles or is_gauged(self.trainer)
        self._steps = None if is_lightnings else Steps(self, namespace=self._namespace)

    def has_changed(self) -> bool:
        """Return whether something that may be an obstacle came up since it was looked for."""
        return self._look() != self._watched

    def _look(self) -> tuple[Any, ...]:
        trainer = self.trainer
        wrappers = trainer.strategy._lightning_optimizers
        return (
            len(vars(trainer.lightning_module)),  # one may be a hook
            trainer.lightning_module.automatic_optimization,
            trainer.accumulate_grad_batches,
            trainer.gradient_clip_val,
            trainer.fit_loop._skip_backward,
            *trainer.callbacks,
            *((id(w), w._on_before_step, w._on_after_step) for w in wrappers),
        )

    def _fast_log(self, model: Any) -> FastLog | None:
        if not log_is_lightnings(model, namespace=self._namespace):
            return None
        self._log = self._log or FastLog(self, model, namespace=self._namespace)
        return self._log

    def advance(self, data_fetcher: Any) -> None:
        """Serve one batch."""
        self.end_if_unwanted()
        if self._steps is not None and self.has_changed():
            self._watched = self._look()
            self._choose()
        if self._steps is None or not self._has_begun or self.restarting:
            self._has_begun, self._is_quiet = True, False
            super().advance(data_fetcher)
        else:
            self._serve(self._next(data_fetcher), steps=self._steps)

    def _next(self, data_fetcher: Any) -> Any:
        batch, _, _ = next(data_fetcher)
        self.batch_progress.is_last_batch = data_fetcher.done
        return batch

    def _serve(self, batch: Any, *, steps: Steps) -> None:
        progress, connector = self.batch_progress, self.trainer._logger_connector
        index = progress.current.ready
        batch = steps.batches.moved(batch)
        progress.increment_ready()
        connector.on_batch_start(batch)
        output: Any = None
        steps.is_observed = False
        if batch is None:
            self._warning_cache.warn(_NO_BATCH)
        else:
            progress.increment_started()
            with self._nothing_logged_if_it_ends():
                output = steps.take(batch, index)
        progress.increment_processed()
        self._follow_schedules()
        if steps.is_observed:
            self._tell(output, batch, index)
        self._is_quiet = not steps.is_observed and self._nobody_asks(index)
        if self._is_quiet:
            self._results.batch = self._results.batch_size = None
        else:
            connector.on_batch_end()
        progress.increment_completed()
        if not self._is_quiet:
            connector.update_train_step_metrics()
        self.n_served += 1

    @contextmanager
    def _nothing_logged_if_it_ends(self) -> Iterator[None]:
        """Take back what a step has logged that ends the epoch by a StopIteration of its own."""
        before = [(metric, metric._forward_cache) for metric in self._results.values()]
        try:
            yield
        except StopIteration:
            for metric in self._results.values():
                metric._forward_cache = None
            for metric, cache in before:
                metric._forward_cache = cache
            raise

    def _tell(self, output: Any, batch: Any, index: int) -> None:
        """Call the hooks of a batch in whose step something came up that may look at it."""
        for caller in ("_call_callback_hooks", "_call_lightning_module_hook"):
            call = self._namespace.load(f"trainer.call:{caller}")
            call(self.trainer, "on_train_batch_end", output, batch, index)

    def _follow_schedules(self) -> None:
        if self.trainer.lr_scheduler_configs:
            self.update_lr_schedulers("step", update_plateau_schedulers=False)
            if self._num_ready_batches_reached():
                self.update_lr_schedulers("epoch", update_plateau_schedulers=False)

    def on_advance_end(self, data_fetcher: Any) -> None:
        """Do what follows a batch."""
        if not self._is_quiet:
            super().on_advance_end(data_fetcher)
            return
        if self.trainer.lr_scheduler_configs:
            self.update_lr_schedulers("step", update_plateau_schedulers=True)
        self._batches_that_stepped += 1

    def _nobody_asks(self, index: int) -> bool:
        """Return whether nothing but the next batch follows this one: no validation, no end."""
        trainer = self.trainer
        if trainer.should_stop or trainer.received_sigterm or self._num_ready_batches_reached():
            return False
        if trainer.log_every_n_steps:
            step = self._batches_that_stepped + 1
            if step % trainer.log_every_n_steps == 0:
                return False
        between = trainer.val_check_batch
        if not isinstance(between, int) or trainer._val_check_time_interval is not None:
            return False
        done = self.total_batch_idx if trainer.check_val_every_n_epoch is None else index
        return (done + 1) % between != 0
