"""How large are a job's batches, and how are they made smaller without another training?

A batch that does not fit in memory is cut in half, and two of them make a step: the mean of their
gradients is the gradient of the whole, as far as batch normalisation lets that be.
"""

from __future__ import annotations

from dataclasses import replace

from raysearch.training.job import TrainingJob

SIZE = "batch_size"
"""The argument of a data module that says how many examples are in a batch."""

ADDED_UP = "accumulate_grad_batches"
"""The argument of Lightning's Trainer that says how many batches make a step."""


def batch_size_of(job: TrainingJob) -> int | None:
    """Return how many examples are in a batch, of all ranks together; None if it is not known."""
    size = job.data_arguments.get(SIZE)
    return size if type(size) is int else None


def with_batches_halved(job: TrainingJob, *, times: int) -> TrainingJob:
    """Return a job whose batches are halved some times, down to one example, and added up again.

    A job whose batch size is not known stays as it is.

    Args:
        job: What is trained.
        times: How often, at least 0.
    """
    size = batch_size_of(job)
    times = min(times, (size or 1).bit_length() - 1)
    if size is None or times <= 0:
        return job
    together = int(job.trainer_arguments.get(ADDED_UP) or 1) << times
    return replace(
        job,
        data_arguments={**job.data_arguments, SIZE: size >> times},
        trainer_arguments={**job.trainer_arguments, ADDED_UP: together},
    )
