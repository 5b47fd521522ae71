"""How is the energy of a trial counted? Nothing of torch is loaded for it."""

from __future__ import annotations

from raysearch.measure.energy import Energy, energy_meter
from raysearch.training.job import TrainingJob


def energy_of(job: TrainingJob) -> Energy | None:
    """Return what counts the energy of a trial; None for one of several workers that train it."""
    if job.rank is not None:
        return None
    gpus = (job.gpu_share or 1.0) if job.accelerator == "gpu" else 0.0
    return energy_meter(gpus=gpus, before=job.joules_before)
