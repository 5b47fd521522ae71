"""How is a training repeated in which hyperparameters changed?

Stage by stage: each goes on from a checkpoint of the one before, with its own numbers, as the trial
itself did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from raysearch.training.job import Stage, TrainingJob
from raysearch.trial import Measurement


def replay(
    job: TrainingJob, *, epochs: int, path: Path, train: Callable[..., Measurement]
) -> Measurement:
    """Train a model from its start, with the hyperparameters of each of its stages.

    Args:
        job: Its last stage, with those before as its history.
        epochs: Epochs after which the last one ends.
        path: Where the checkpoint goes.
        train: Trains a job up to `epochs` and leaves a checkpoint at `path`; it goes on from the
            checkpoint that the job names, if there is one.

    Returns:
        The measurement of the last epoch.

    Side effects:
        A checkpoint between two stages lies beside `path` and is deleted.
    """
    between = path.with_name(f"{path.name}.before")
    last = Stage(
        until=epochs, model_arguments=job.model_arguments, data_arguments=job.data_arguments
    )
    stages = (*(stage for stage in job.history if stage.until < epochs), last)
    try:
        for position, stage in enumerate(stages):
            is_first = position == 0
            part = replace(
                job,
                model_arguments=stage.model_arguments,
                data_arguments=stage.data_arguments,
                history=(),
                resume_from=None if is_first else str(between),
                takes_over=not is_first,
                otherwise=None,
            )
            target = path if stage is last else between
            measurement = train(part, epochs=stage.until, path=target)
    finally:
        between.unlink(missing_ok=True)
    return measurement
