"""A job that is made without loading torch or Lightning."""

from __future__ import annotations

from raysearch.training.job import TrainingJob
from raysearch.trial import Objective


def job_of(directory, *, model, data, **settings) -> TrainingJob:
    """Return a job for two paths."""
    return TrainingJob(
        **{
            "trial": "0003",
            "model_class": model,
            "model_arguments": {"width": 8},
            "data_class": data,
            "data_arguments": {},
            "objective": Objective(metric="val/loss", direction="minimize"),
            "max_epochs": 2,
            "seed": 0,
            "directory": str(directory),
            **settings,
        }
    )
