"""Which trained model of a search is meant, and where does it lie?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from raysearch.errors import ConfigurationError, RunDirectoryError, Unsupported
from raysearch.results.found import Found
from raysearch.results.messages import never_finite, refuse_without_winner, to_type, unreadable
from raysearch.results.selection import PassedOver, best_checkpoint, checkpoint_fault
from raysearch.results.winner_folder import MODEL
from raysearch.run_dir import events as ev
from raysearch.training.checkpoints import damage
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trained model."""

    found: Found
    """The search that trained it."""
    trial: Trial
    job: TrainingJob
    """What it was made of."""
    checkpoint: Path
    """Its weights, an absolute path."""
    model: ev.Refitted | None = None
    """The record of its handing over; None if it is the best checkpoint of a trial."""

    @property
    def name(self) -> str:
        """The name of its class, for a message."""
        return self.job.model_class.rpartition(":")[2]


def handed_over(found: Found) -> Subject:
    """Return the winner's model in `winner/`.

    Raises:
        RunDirectoryError: There is no winner, or the file is damaged.
        ConfigurationError: It was not handed over yet, or its classes cannot be found here.
        Unsupported: It was trained by a function, which alone knows what it wrote.
    """
    trial = refuse_without_winner(found)
    _refuse_function(found, trial)
    model, run = found.model_of(trial), found.run_dir.path
    if model is None:
        raise ConfigurationError(
            f"The model of trial {trial.id}, the winner, is not in {(run / 'winner').as_posix()} "
            f"yet. First: {to_type('refit', run)}. In a search that was interrupted, `resume` goes "
            "on and does that at its end."
        )
    path = found.run_dir.fetched(MODEL).absolute()
    fault = damage(path, size_bytes=model.size_bytes)
    if fault is not None:
        raise RunDirectoryError(
            f"The model in {(run / 'winner').as_posix()} is not whole: {fault}. The disk or "
            f"another program changed it. To make it again: {to_type('refit', run, '--again')}."
        )
    job = job_for(found.experiment, trial, run_dir=run)
    return Subject(found=found, trial=trial, job=job, checkpoint=path, model=model)


def best_of(found: Found, trial: Trial) -> Subject:
    """Return the model of a trial's best epoch, which has not seen validation data.

    Raises:
        ConfigurationError: It never reached a finite value, or its classes cannot be found here.
        RunDirectoryError: Its checkpoint cannot be read.
        Unsupported: It was trained by a function, which alone knows what it wrote.
    """
    _refuse_function(found, trial)
    if trial.best(found.objective) is None:
        raise ConfigurationError(never_finite(found, trial))
    run = found.run_dir
    fault = checkpoint_fault(trial, objective=found.objective, run_dir=run, opens=True)
    checkpoint = best_checkpoint(trial, objective=found.objective)
    if fault is not None or checkpoint is None:
        passed_over = PassedOver(trial=trial, fault=fault or "it is not kept")
        raise RunDirectoryError(unreadable(found, passed_over))
    return Subject(
        found=found,
        trial=trial,
        job=job_for(found.experiment, trial, run_dir=run.path),
        checkpoint=run.path.absolute() / checkpoint.path,
    )


def _refuse_function(found: Found, trial: Trial) -> None:
    if found.kind_of(trial) == "function":
        raise Unsupported(
            f"trial {trial.id} of {found.run_dir} was trained by a function of its own, and "
            "raysearch does not know what its checkpoints hold, so it can be neither exported nor "
            "compressed. Nothing was changed."
        )
