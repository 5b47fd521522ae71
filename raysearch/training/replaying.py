"""How is a training repeated in which hyperparameters changed?

Stage by stage: each goes on from a checkpoint of the one before, with its own numbers, as the trial
itself did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from raysearch.training.job import Stage, TrainingJob
from raysearch.training.peers import ALONE, Peers, hand_out

T = TypeVar("T")


def replay(
    job: TrainingJob,
    *,
    epochs: int,
    path: Path,
    train: Callable[..., T],
    peers: Peers = ALONE,
) -> T:
    """Train a model from its start, with the hyperparameters of each of its stages.

    Args:
        job: Its last stage, with those before as its history.
        epochs: Epochs after which the last one ends.
        path: Where the checkpoint goes.
        train: Trains a job up to `epochs` and leaves a checkpoint at `path`; it goes on from the
            checkpoint that the job names, if there is one. Of several ranks the first leaves it.
        peers: Who trains along.

    Returns:
        What `train` returns of the last stage.

    Side effects:
        A checkpoint between two stages lies beside `path` and is deleted.
    """
    number = 0 if job.rank is None else job.rank.number
    between = path.with_name(f"{path.name}.before{number or ''}")  # a file of each rank's
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
            came_to = train(part, epochs=stage.until, path=target)
            if stage is not last:
                hand_out(between, peers=peers)
    finally:
        between.unlink(missing_ok=True)
    return came_to
