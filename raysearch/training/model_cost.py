"""What does the model of a job cost, before it is trained?

The model is built as for a fit, measured on a batch of the job's own data, and thrown away; the fit
then builds its own, so that nothing that was measured leaves a trace in it. The batch is kept for
the next trial with the same data.
"""

from __future__ import annotations

import json
from typing import Any

from raysearch.errors import TrialFailed
from raysearch.measure.model import measure_model
from raysearch.training.building import Parts, build
from raysearch.training.isolation import isolated
from raysearch.training.job import TrainingJob

_KEPT: dict[str, Any] = {}
"""The batch of the data last measured with, by what those data are."""


def model_cost(job: TrainingJob) -> dict[str, float]:
    """Return the measures that a job asks for, by name.

    Args:
        job: Says which model and data, and in `measures` what is measured.

    Raises:
        Unsupported: No forward pass of the model can be run on a batch of its data.
        TrialFailed: The data have no batch. What model and data raise passes through.
    """
    with isolated(threads=job.threads):
        parts = build(job)
        batch = _batch(job, parts)
        return measure_model(parts.model, batch, names=job.measures, how=job.measured_how)


def _batch(job: TrainingJob, parts: Parts) -> Any:
    """Return one batch of the job's data: of validation where it has some, else of training."""
    arguments = sorted(job.data_arguments.items())
    key = f"{job.data_class} {json.dumps(arguments, default=repr)}"
    if key not in _KEPT:
        data = parts.data
        if parts.namespace.overrides(data, "prepare_data"):
            data.prepare_data()
        data.setup("fit")
        has_validation = parts.namespace.overrides(data, "val_dataloader")
        loaders = data.val_dataloader() if has_validation else data.train_dataloader()
        _KEPT.clear()
        _KEPT[key] = _first(loaders, job=job)
    return _KEPT[key]


def _first(loaders: Any, *, job: TrainingJob) -> Any:
    """Return the first batch of a loader, or of the first of several."""
    while isinstance(loaders, list | tuple) and loaders:
        loaders = loaders[0]
    if isinstance(loaders, dict):
        loaders = next(iter(loaders.values()))
    batch = next(iter(loaders), None)
    if batch is None:
        raise TrialFailed(
            f"Trial {job.trial}: {job.data_class} yields no batch, so {job.model_class} cannot be "
            "measured."
        )
    return batch
