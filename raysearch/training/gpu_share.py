"""How much of its GPU may a process take that shares it with others?"""

from __future__ import annotations

from collections.abc import Callable

import torch

from raysearch.training.job import TrainingJob


def keep_to_share(
    job: TrainingJob,
    *,
    has_gpu: Callable[[], bool] = torch.cuda.is_available,
    limit: Callable[[float], None] = torch.cuda.set_per_process_memory_fraction,
) -> None:
    """Let torch take no more of the GPU's memory than the job's share.

    Without it, the first of four trials on a GPU may take what the other three need; with it, the
    trial that needs too much runs out of memory itself.

    Args:
        job: What is trained.
        has_gpu: Whether this process sees a GPU.
        limit: Sets the limit of this process, as a share of its GPU's memory.

    Side effects:
        The limit stays with the process, whose further jobs have the same share.
    """
    is_elsewhere = job.trainer_arguments.get("accelerator") == "cpu"
    if job.gpu_share is not None and not is_elsewhere and has_gpu():
        limit(job.gpu_share)
