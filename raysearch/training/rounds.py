"""How is a training measured that counts optimiser steps, not epochs?

A round is that many steps. Whatever an epoch is (shorter than a round, longer, or endless), however
many batches make a step and however many optimisers take one: validation runs when the number of
steps reaches the end of a round, and again when the last step is taken, so that the last round may
be shorter than the others.

Lightning asks after every batch whether to validate, by an interval in batches. The callbacks set
that interval: to 1 when it is time, else to more than there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from raysearch.training.job import TrainingJob
from raysearch.training.meter import Meter
from raysearch.training.reporter import Reporter, end_fit
from raysearch.training.seeding import ExactTraining

if TYPE_CHECKING:
    import pytorch_lightning as pl

NEVER = 2**31
"""Batches or steps between two of something that shall not happen."""


class ReportRounds:
    """Reports rounds of steps; to be derived from "callbacks:Checkpoint".

    Args:
        job: What is trained.
        reporter: Measures and reports.
        exact: Is told when a round ends, and knows which one a checkpoint was written after.
    """

    OBSERVES = "steps"
    """See `raysearch.training.lean.obstacles`."""

    def __init__(self, job: TrainingJob, *, reporter: Reporter, exact: ExactTraining) -> None:
        self._every = job.every_steps or 1
        self._max_steps = job.max_steps or NEVER
        self._n_rounds = job.max_epochs
        self._reporter = reporter
        self._exact = exact

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell what is new from here on, and whether the fit goes on after a validation."""
        self._begin(trainer)
        if self._exact.rounds and trainer.enable_validation:
            trainer.val_check_batch = 1  # that of the checkpoint, which Lightning will not repeat

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Let validation follow if a round ends here, or report it if there is none."""
        is_end = self._is_end(trainer.global_step)
        trainer.val_check_batch = 1 if is_end else NEVER
        if is_end and not trainer.enable_validation:
            self._end_round(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the round that ends here."""
        if not trainer.sanity_checking:
            self._end_round(trainer)

    def _is_end(self, step: int) -> bool:
        last = self._exact.rounds
        return last < self._n_rounds and (step >= (last + 1) * self._every or self._is_last(step))

    def _is_last(self, step: int) -> bool:
        return step >= self._max_steps

    def _end_round(self, trainer: pl.Trainer) -> None:
        step, is_last = trainer.global_step, self._is_last(trainer.global_step)
        number = self._n_rounds if is_last else max(self._exact.rounds + 1, step // self._every)
        self._exact.end_round(number)
        self._reporter.report(trainer, epoch=number, is_last=is_last or trainer.should_stop)
        self._begin(trainer)

    def _begin(self, trainer: pl.Trainer) -> None:
        self._reporter.meter.begin(trainer)
        self._reporter.meter.read_settings(trainer)


class LastStep:
    """Ends a fit after a number of steps; to be derived from "callbacks:Checkpoint".

    Args:
        steps: How many.
        rounds: How many rounds that is.
        finish: Called with the trainer and `rounds` after the last of them.
        meter: Is told when training begins.
    """

    OBSERVES = "steps"
    """See `raysearch.training.lean.obstacles`."""

    def __init__(
        self, steps: int, *, rounds: int, finish: Callable[[pl.Trainer, int], None], meter: Meter
    ) -> None:
        self._steps = steps
        self._rounds = rounds
        self._finish = finish
        self._meter = meter

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell what is new from here on."""
        self._meter.begin(trainer)
        self._meter.read_settings(trainer)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Finish, if this was the last one."""
        if trainer.global_step >= self._steps and not trainer.should_stop:
            self._finish(trainer, self._rounds)
            end_fit(trainer)
