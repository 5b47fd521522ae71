"""With which hyperparameters was the model of a trial trained, epoch by epoch?

All with the same, unless it took over the weights of others and was changed as it went on.
"""

from __future__ import annotations

from typing import Any

from raysearch.engine.lineage import Copied, Stretch, lineage, schedule_of
from raysearch.results.found import Found
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import model_job
from raysearch.trial import Trial


def job_of(found: Found, trial: Trial, *, epochs: int) -> TrainingJob:
    """Return the job that trains the model that a trial had after so many epochs."""
    return model_job(
        found.experiment,
        trial,
        trials=found.state.trials,
        epochs=epochs,
        run_dir=found.run_dir.path,
    )


def history(found: Found, trial: Trial) -> tuple[Stretch, ...]:
    """Return with which configurations the weights of a trial's best epoch were trained.

    Of a trial that never reached a finite value, those of its last epoch.
    """
    best = trial.best(found.objective)
    epoch = trial.epochs if best is None else best.epoch
    return schedule_of(found.state.trials, trial.id, epoch=epoch)


def schedule_document(found: Found, trial: Trial) -> dict[str, Any]:
    """Return the entry "schedule" of a document; none for a trial with one configuration."""
    stretches = history(found, trial)
    if len(stretches) < 2:
        return {}
    return {"schedule": [stretch.to_json() for stretch in stretches]}


def lineage_documents(found: Found) -> list[dict[str, Any]]:
    """Return who took over whose weights, as plain JSON, in order of epochs."""
    return [_document(copied) for copied in lineage(found.state.trials)]


def _document(copied: Copied) -> dict[str, Any]:
    return {
        "trial": copied.trial,
        "source": copied.source,
        "epoch": copied.epoch,
        "changes": {key: list(values) for key, values in copied.changes.items()},
    }
