"""A search whose trials have real, if untrained, networks, made without training any."""

from __future__ import annotations

import pytorch_lightning
import torch

from raysearch.results import Results
from raysearch.training.building import build
from raysearch.training.jobs import job_for
from raysearch.trial import Checkpoint, Measurement
from tests.recorded import Recorded

SMALL = {
    "name": "small",
    "data": "digits",
    "model": "cnn",
    "space": {
        "stages": 2,
        "width": {"int": [4, 16], "log": True, "default": 16},
        "dropout": 0.0,
    },
    "objective": "val/accuracy",
    "searcher": "random",
    "fidelity": {"max_epochs": 2},
    "budget": {"trials": 2},
    "resources": {"cpus": 1},
    "refit": False,
}


def searched(path, **settings):
    """Return a finished search with a single trial, of the default configuration."""
    search = Recorded(path, **{**SMALL, **settings})
    trial = search.begin()
    job = job_for(search.experiment, trial, run_dir=search.run_dir.path)
    model = build(job).model
    with torch.no_grad():  # as after training: no running statistic and no shift is trivial
        for name, value in model.state_dict().items():
            if value.is_floating_point() and ("running" in name or "bias" in name):
                value.add_(torch.rand_like(value))
    file = search.run_dir.trial(trial.id) / "epoch-0001.ckpt"
    file.parent.mkdir(parents=True, exist_ok=True)
    version = pytorch_lightning.__version__  # as in every checkpoint of Lightning's
    torch.save({"state_dict": model.state_dict(), "pytorch-lightning_version": version}, file)
    checkpoint = Checkpoint(
        epoch=1, path=f"trials/{trial.id}/epoch-0001.ckpt", size_bytes=file.stat().st_size
    )
    values = {search.experiment.objective.metric: 0.5}
    measurement = Measurement(epoch=1, step=10, values=values, seconds=1.0, n_validated=359)
    search.engine.measured(trial.id, measurement, checkpoint=checkpoint)
    search.engine.finished(trial.id, reason="ended early")
    return search.finish()


def opened(search):
    return Results.read(search.run_dir.path)
