"""What does a fit say at the end of each epoch, or round of steps, and does it go on?

A measurement is made of an epoch in which validation ran, of any epoch if the model has no
validation, and of any in which the objective was logged, such as a metric of training. Of several
validations in an epoch the last one counts. Lightning keeps showing the metrics of an earlier
validation; a measurement has only what was logged in its own epoch or round.

The callbacks that report derive from "callbacks:Checkpoint": Lightning calls those after all
others, and after the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.measure.energy import Energy
from raysearch.training.ahead import Ahead, in_memory, is_unwatched
from raysearch.training.checkpoints import CheckpointRule, add_checkpoint
from raysearch.training.job import Report, TrainingJob
from raysearch.training.measuring import has_finite_weights, read_learnt
from raysearch.training.meter import Clock, Meter
from raysearch.training.peers import ALONE, Peers
from raysearch.trial import Checkpoint, Measurement, Value

if TYPE_CHECKING:
    import pytorch_lightning as pl

FIRST, LAST = "callbacks:Callback", "callbacks:Checkpoint"
"""What callbacks of ours derive from: those before the user's, and those that come last."""


class Reporter:
    """Reports measurements with their checkpoints, and ends the fit when no more is wanted.

    Args:
        job: What is trained.
        report: Receives the report; returns whether to go on.
        clock: Runs since training began.
        energy: As well; None where nobody asks.
        may_run_ahead: Whether epochs may begin before the last one is written and reported.
        peers: Who trains along: the first of them writes, reports and is answered for all.
    """

    def __init__(
        self,
        job: TrainingJob,
        *,
        report: Callable[[Report], bool],
        clock: Clock,
        energy: Energy | None = None,
        may_run_ahead: bool = True,
        peers: Peers = ALONE,
    ) -> None:
        self.was_stopped = False
        """Whether no more was wanted."""
        self.has_overrun = False
        """Whether an epoch had begun by then, of which nobody hears."""
        self.has_diverged = False
        """Whether it was ended because it cannot recover."""
        self.n_reports = 0
        self.inherited: Mapping[str, Value] = {}
        """What the first measurement says of another trial's weights that it began with."""
        self.meter = Meter(clock=clock, reads_back=job.reads_back, peers=peers, energy=energy)
        self._ahead = Ahead() if may_run_ahead and job.rank is None else None
        self._peers = peers
        self._job = job
        self._report = report
        self._rule = CheckpointRule(job, now_s=clock.elapsed_s)

    def report(
        self, trainer: pl.Trainer, *, epoch: int, is_last: bool, is_unwatched: bool = False
    ) -> None:
        """Measure, save when it can matter, and report.

        A metric that is not finite may become so again (a correlation with predictions that are all
        the same), so training goes on unless weights are not finite either.

        Args:
            trainer: At the end of the epoch, or round.
            epoch: Its number, from 1.
            is_last: Whether no other one follows.
            is_unwatched: Whether nobody could tell if the next one began before this one is written
                and reported.

        Raises:
            Exception: Whatever writing or reporting this epoch, or the one before, raises.

        Side effects:
            Writes checkpoints, in a thread of its own where the next epoch begins meanwhile.
        """
        if not self.settle():
            end_fit(trainer)
            return
        clock = self.meter.clock
        measurement = self.meter.measure(trainer, epoch=epoch)
        due = self._rule.is_due(measurement, is_last=is_last, now_s=clock.elapsed_s)
        is_due = self._peers.agreed(lambda: due)  # their clocks differ
        if self._rule.is_best:
            measurement = replace(measurement, learnt=read_learnt(trainer.lightning_module))
        if not self.n_reports:
            measurement = replace(measurement, inherited=self.inherited)
        self.n_reports += 1
        if self._ahead is not None and is_unwatched and measurement.cause is None:
            data = in_memory(trainer) if is_due else None
            self._ahead.send(partial(self._write_and_report, measurement, data), trainer=trainer)
            return
        checkpoint = self._save(trainer, epoch=epoch) if is_due else None
        asked_s = clock.elapsed_s
        report = Report(measurement=measurement, checkpoint=checkpoint)
        goes_on = self._peers.agreed(lambda: self._report(report))
        clock.exclude(clock.elapsed_s - asked_s)
        if not goes_on:
            self.was_stopped = True
            end_fit(trainer)
        elif measurement.cause is not None:
            is_finite = has_finite_weights(trainer.lightning_module)
            self.has_diverged = not self._peers.all(is_finite)
            if self.has_diverged:
                end_fit(trainer)

    def settle(self) -> bool:
        """Wait until the last report is answered, and return whether more is wanted.

        Raises:
            Exception: Whatever writing or reporting it raised.
        """
        if self._ahead is None:
            return True
        clock = self.meter.clock
        asked_s = clock.elapsed_s
        goes_on = self._ahead.settle()
        clock.exclude(clock.elapsed_s - asked_s)
        if not goes_on:
            self.was_stopped = self.has_overrun = True
        return goes_on

    def _write_and_report(self, measurement: Measurement, data: bytes | None) -> bool:
        checkpoint = None if data is None else self._add(partial(_write, data), measurement.epoch)
        return self._report(Report(measurement=measurement, checkpoint=checkpoint))

    def _save(self, trainer: pl.Trainer, *, epoch: int) -> Checkpoint | None:
        if not self._peers.is_first:  # it gathers what rank 0 writes, and writes nothing itself
            trainer.save_checkpoint(self._job.directory, weights_only=False)
            return None
        return self._add(partial(trainer.save_checkpoint, weights_only=False), epoch)

    def _add(self, save: Callable[[Path], None], epoch: int) -> Checkpoint:
        return add_checkpoint(save, directory=Path(self._job.directory), epoch=epoch)


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def end_fit(trainer: pl.Trainer) -> None:
    """Let a fit end after this epoch or step, also before a minimum of the user's."""
    trainer.fit_loop.min_epochs = 0
    trainer.fit_loop.epoch_loop.min_steps = None
    trainer.should_stop = True


class EpochBegins:
    """Tells a meter that an epoch begins, before any callback or the model logs something in it.

    To be derived from "callbacks:Callback", and the first of them.

    Args:
        meter: The meter.
    """

    def __init__(self, *, meter: Meter) -> None:
        self._meter = meter

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell it."""
        self._meter.begin(trainer)


class ReportEpochs:
    """Reports epochs.

    Args:
        job: What is trained.
        reporter: Measures and reports.
    """

    def __init__(self, job: TrainingJob, *, reporter: Reporter) -> None:
        self._job = job
        self._reporter = reporter
        self._was_validated = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the settings, and that the epoch has no validation yet."""
        self._was_validated = False
        self._reporter.meter.read_settings(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note that the epoch has a validation."""
        self._was_validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the epoch, if there is something to report."""
        if not self._is_measured(trainer):
            return
        epoch = trainer.current_epoch + 1
        between = (trainer.check_val_every_n_epoch or 1) if trainer.enable_validation else 1
        is_last = epoch + between > self._job.max_epochs or trainer.should_stop
        self._reporter.report(
            trainer,
            epoch=epoch,
            is_last=is_last,
            is_unwatched=not is_last
            and not any(epoch - between < at <= epoch for at in self._job.waits_at)
            and is_unwatched(trainer),
        )

    def _is_measured(self, trainer: pl.Trainer) -> bool:
        if self._was_validated or not trainer.enable_validation:
            return True
        return self._job.objective.metric in self._reporter.meter.fresh(trainer)


class LastEpoch:
    """Ends a fit after a number of epochs.

    Args:
        epochs: How many.
        finish: Called with the trainer and `epochs` at the end of the last of them.
        meter: Notes the settings of each epoch.
    """

    def __init__(
        self, epochs: int, *, finish: Callable[[pl.Trainer, int], None], meter: Meter
    ) -> None:
        self._epochs = epochs
        self._finish = finish
        self._meter = meter

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the settings."""
        self._meter.read_settings(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Finish, if this was the last one."""
        if trainer.current_epoch + 1 == self._epochs:
            self._finish(trainer, self._epochs)
            end_fit(trainer)
