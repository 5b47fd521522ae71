"""How is one configuration trained, trained again on all data, and evaluated?

One Lightning fit for each training, with a Trainer set up for small models: no progress bar, no
summary, no logger, no sanity check, no checkpoint callback of Lightning's, since each costs time
in every trial and shows nothing that the reports do not.

    train(job, report=lambda report: print(report.measurement.values) or True)
    evaluate(job, checkpoint="runs/mine/trials/0007/epoch-0009.ckpt", split="test")
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from raysearch.errors import TrialFailed
from raysearch.training.checkpoints import write_whole
from raysearch.training.classes import load_class
from raysearch.training.isolation import isolated
from raysearch.training.job import Ending, Report, TrainingJob
from raysearch.training.measuring import read_metrics
from raysearch.training.reporter import Clock, LastEpoch, Reporter
from raysearch.training.seeding import ExactEpochs, Seeds
from raysearch.trial import Measurement

_NEVER = 2**31
"""Steps between two of something that shall not happen."""


def train(job: TrainingJob, *, report: Callable[[Report], bool]) -> Ending:
    """Train a configuration, and report every epoch.

    What is trained depends on the job alone, not on the process or on what it trained before, and
    a training that goes on from a checkpoint takes the same steps as one that was never
    interrupted. Works in any thread; one at a time in a process.

    Args:
        job: What to train, and from where.
        report: Called at the end of each epoch, once its checkpoint, if any, is on disk. Returns
            whether to go on. What it raises ends the training and passes through.

    Returns:
        How it ended.

    Raises:
        ConfigurationError: A class cannot be loaded.
        TrialFailed: There was no epoch to train, or the checkpoint to go on from holds more than
            tensors and plain values. Whatever the model or the data raise passes through.

    Side effects:
        Writes checkpoints into the job's directory, each atomically, under new names. The process
        is left as it was.
    """
    with isolated(threads=job.threads):
        return _train(job, report=report)


def _train(job: TrainingJob, *, report: Callable[[Report], bool]) -> Ending:
    clock = Clock(before_s=job.seconds_before)
    epochs, model, data = _built(job)
    epochs.govern(data, make_loaders=data.train_dataloader)
    reporter = Reporter(job, report=report, clock=clock)
    trainer = _trainer(job, callbacks=[epochs, reporter])
    _fit(trainer, model, data=data, checkpoint=job.resume_from)
    if not epochs.trained:
        raise TrialFailed(
            f"Trial {job.trial} ({job.model_class}) was not trained for a single epoch: Lightning "
            f"ended the fit before. Does {job.data_class} yield training batches, and does the "
            "model have a training_step?"
        )
    if epochs.trained >= job.max_epochs:
        return Ending.COMPLETED
    return Ending.STOPPED if reporter.was_stopped else Ending.ENDED_EARLY


def refit(job: TrainingJob, *, epochs: int, path: Path) -> Measurement:
    """Train a configuration on training and validation data together.

    Schedules of the learning rate still end at the job's `max_epochs`, as they did when it was
    measured that `epochs` are best. The first weights are the trial's.

    Args:
        job: What to train. Where it would go on from, and its rules for checkpoints, play no part.
        epochs: Epochs to train, from 1 to the job's `max_epochs`.
        path: Where the checkpoint goes.

    Returns:
        The measurement of the last epoch; there is no validation data to measure on.

    Raises:
        ConfigurationError: A class cannot be loaded.
        TrialFailed: The data module has no `refit_dataloader`, or training ended before `epochs`.

    Side effects:
        Writes the checkpoint at `path`, atomically, in place of one that is there.
    """
    with isolated(threads=job.threads):
        return _refit(job, epochs=epochs, path=path)


def _refit(job: TrainingJob, *, epochs: int, path: Path) -> Measurement:
    exact, model, data = _built(job)
    make_loaders = getattr(data, "refit_dataloader", None)
    if make_loaders is None:
        raise TrialFailed(
            f"{job.data_class} has no refit_dataloader, so there is no loader of training and "
            "validation data together. Add that method, or use the best checkpoint."
        )
    exact.govern(data, make_loaders=make_loaders)
    last = LastEpoch(
        epochs,
        save=lambda trainer: write_whole(
            partial(trainer.save_checkpoint, weights_only=False), path=path
        ),
        clock=Clock(before_s=0.0),
    )
    trainer = _trainer(job, callbacks=[exact, last], limit_val_batches=0)
    _fit(trainer, model, data=data, checkpoint=None)
    if last.measurement is None:
        raise TrialFailed(
            f"The refit of trial {job.trial} ended after {exact.trained} of {epochs} epochs."
        )
    return last.measurement


def evaluate(
    job: TrainingJob, *, checkpoint: str, split: Literal["validation", "test"]
) -> dict[str, float | None]:
    """Return the metrics of a checkpoint on one split.

    Args:
        job: Says which model and data.
        checkpoint: Path of a checkpoint that the job's model wrote.
        split: What to evaluate on.

    Returns:
        All metrics that the model logs, by name; None where a value is not finite.

    Raises:
        ConfigurationError: A class cannot be loaded.
        TrialFailed: The checkpoint holds more than tensors and plain values.
    """
    with isolated(threads=job.threads):
        _, model, data = _built(job)
        trainer = _trainer(job, callbacks=[])
        run = trainer.validate if split == "validation" else trainer.test
        with _plain_values_only(checkpoint):
            run(model, datamodule=data, ckpt_path=checkpoint, verbose=False, weights_only=True)
        values, _ = read_metrics(trainer.callback_metrics)
        return values


def _built(job: TrainingJob) -> tuple[ExactEpochs, pl.LightningModule, pl.LightningDataModule]:
    """Return what governs the job's randomness, its model and its data."""
    seeds = Seeds(seed=job.seed, trial=job.trial, repeat=job.repeat)
    seeds.apply(epoch=0)
    data = load_class(job.data_class)(**job.data_arguments)
    model = load_class(job.model_class)(**job.model_arguments)
    return ExactEpochs(seeds), model, data


def _trainer(job: TrainingJob, *, callbacks: list[pl.Callback], **settings: Any) -> pl.Trainer:
    lean = {
        "accelerator": job.accelerator,
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": _NEVER,
        "use_distributed_sampler": False,
        "plugins": [LightningEnvironment()],  # also inside a SLURM or MPI job: a trial is alone
    }
    owned = {
        "max_epochs": job.max_epochs,
        "devices": 1,
        "default_root_dir": job.directory,
        "callbacks": callbacks,
        "enable_checkpointing": bool(callbacks),  # ours; without any, Lightning would add its own
    }
    return pl.Trainer(**{**lean, **job.trainer_arguments, **owned, **settings})


def _fit(
    trainer: pl.Trainer,
    model: pl.LightningModule,
    *,
    data: pl.LightningDataModule,
    checkpoint: str | None,
) -> None:
    try:
        with _plain_values_only(checkpoint):
            trainer.fit(model, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error  # which Lightning turns into an exit
        raise


@contextmanager
def _plain_values_only(checkpoint: str | None) -> Iterator[None]:
    """Say which checkpoint it was that held more than may be read back."""
    try:
        yield
    except pickle.UnpicklingError as error:
        if checkpoint is None:
            raise
        raise TrialFailed(
            f"{checkpoint} holds more than tensors and plain values, and anything else in a run "
            "directory is not read back, since that could run code. Keep what save_hyperparameters "
            "stores, and the states of callbacks and data modules, to numbers, text, lists, dicts "
            f"and tensors. {str(error).splitlines()[0]}"
        ) from error
