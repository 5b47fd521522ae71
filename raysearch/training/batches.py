"""How large are a job's batches, and how are they made smaller without another training?

A batch that does not fit in memory is cut in half, and two of them make a step: the mean of their
gradients is the gradient of the whole, as far as batch normalisation lets that be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from raysearch.training.job import TrainingJob

SIZE = "batch_size"
"""The argument of a data module that says how many examples are in a batch."""

ADDED_UP = "accumulate_grad_batches"
"""The argument of Lightning's Trainer that says how many batches make a step."""


def batch_size_of(job: TrainingJob) -> int | None:
    """Return how many examples are in a batch, of all ranks together; None if it is not known."""
    size = job.data_arguments.get(SIZE)
    return size if type(size) is int else None


def with_batches_halved(job: TrainingJob, *, times: int, workers: int = 1) -> TrainingJob:
    """Return a job whose batches are halved some times, and added up again.

    They are halved down to one example for each worker, and only as long as workers can share them
    out; those of earlier stages of the training likewise. A job whose batch size is not known stays
    as it is.

    Args:
        job: What is trained.
        times: How often, at least 0.
        workers: Processes that share each batch.
    """
    size = batch_size_of(job)
    times = 0 if size is None else _most(size, times=times, workers=workers)
    if not times:
        return job
    together = int(job.trainer_arguments.get(ADDED_UP) or 1) << times
    return replace(
        job,
        data_arguments=_halved(job.data_arguments, times=times),
        trainer_arguments={**job.trainer_arguments, ADDED_UP: together},
        history=tuple(
            replace(stage, data_arguments=_halved(stage.data_arguments, times=times))
            for stage in job.history
        ),
    )


def _most(size: int, *, times: int, workers: int) -> int:
    """Return how often a batch can be halved, at most so many times."""
    times = min(times, size.bit_length() - 1)
    while times > 0 and (size >> times) % workers:
        times -= 1
    return max(0, times)


def _halved(arguments: Mapping[str, Any], *, times: int) -> dict[str, Any]:
    size = arguments.get(SIZE)
    return {**arguments, SIZE: max(1, size >> times)} if type(size) is int else dict(arguments)
