"""What does a fit say at the end of each epoch, and does it go on?"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint as CheckpointCallback

from raysearch.training.checkpoints import CheckpointRule, add_checkpoint
from raysearch.training.job import Report, TrainingJob
from raysearch.training.measuring import read_applied, read_metrics
from raysearch.trial import Checkpoint, Measurement


class Clock:
    """Training time, without the time in which whoever receives the reports keeps it waiting.

    Args:
        before_s: Training time of the earlier attempts.
    """

    def __init__(self, *, before_s: float) -> None:
        self._origin = time.monotonic() - before_s

    @property
    def elapsed_s(self) -> float:
        """Training time so far."""
        return time.monotonic() - self._origin

    def exclude(self, seconds: float) -> None:
        """Count this much less."""
        self._origin += seconds


class Meter(CheckpointCallback):
    """Measures each epoch. Lightning calls a checkpoint callback after all others, and the model.

    Args:
        clock: Runs since training began.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self._applied: dict[str, float] = {}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the optimiser's settings: at the end, schedules have set those of the next epoch."""
        self._applied = read_applied(trainer.optimizers)

    def measure(self, trainer: pl.Trainer) -> Measurement:
        """Return what the epoch that ends now has achieved."""
        values, cause = read_metrics(trainer.callback_metrics)
        return Measurement(
            epoch=trainer.current_epoch + 1,
            step=trainer.global_step,
            values=values,
            seconds=self.clock.elapsed_s,
            cause=cause,
            applied=self._applied,
        )


class Reporter(Meter):
    """Reports each epoch with its checkpoint, and ends the fit when no more is wanted.

    Args:
        job: What is trained.
        report: Receives the report; returns whether to go on.
        clock: Runs since training began.
    """

    def __init__(self, job: TrainingJob, *, report: Callable[[Report], bool], clock: Clock) -> None:
        super().__init__(clock=clock)
        self.was_stopped = False
        """Whether no more was wanted."""
        self._job = job
        self._report = report
        self._rule = CheckpointRule(job, now_s=clock.elapsed_s)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure, save when it can matter, and report."""
        measurement = self.measure(trainer)
        checkpoint = self._save(trainer, measurement)
        asked_s = self.clock.elapsed_s
        goes_on = self._report(Report(measurement=measurement, checkpoint=checkpoint))
        self.clock.exclude(self.clock.elapsed_s - asked_s)
        if not goes_on:
            self.was_stopped = True
            trainer.should_stop = True

    def _save(self, trainer: pl.Trainer, measurement: Measurement) -> Checkpoint | None:
        is_last = measurement.epoch == self._job.max_epochs or trainer.should_stop
        if not self._rule.is_due(measurement, is_last=is_last, now_s=self.clock.elapsed_s):
            return None
        return add_checkpoint(
            partial(trainer.save_checkpoint, weights_only=False),
            directory=Path(self._job.directory),
            epoch=measurement.epoch,
        )


class LastEpoch(Meter):
    """Ends a fit after a number of epochs, with a checkpoint.

    Args:
        epochs: How many.
        save: Receives the trainer at the end of the last of them.
        clock: Runs since training began.
    """

    def __init__(self, epochs: int, *, save: Callable[[pl.Trainer], None], clock: Clock) -> None:
        super().__init__(clock=clock)
        self.measurement: Measurement | None = None
        """Of the last epoch, once it was trained."""
        self._epochs = epochs
        self._save = save

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save and stop, if this was the last one."""
        if trainer.current_epoch + 1 == self._epochs:
            self.measurement = self.measure(trainer)
            self._save(trainer)
            trainer.should_stop = True
