"""A member whose architecture changes goes on with the function that it took over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysearch.training.fit import train
from tests.contracts.test_training import family_job
from tests.nets import Listener

PLAIN = {"normalization": "none", "dropout": 0.0, "depth": 2, "activation": "relu"}


def begun(tmp_path, **arguments):
    """Train an epoch; return what was measured, and the job that goes on with that checkpoint."""
    job = family_job(tmp_path / "0001", family="mlp")
    job = replace(job, model_arguments={**job.model_arguments, **PLAIN, **arguments})
    listener = Listener(stop_after=1)
    train(job, report=listener, may_run_ahead=False)
    path = Path(job.directory) / listener.reports[-1].checkpoint.path
    goes_on = replace(
        job,
        trial="0002",
        directory=str(tmp_path / "0002"),
        resume_from=str(path),
        takes_over=True,
        epochs_before=1,
    )
    return listener.measurements[0], goes_on


def gone_on(job, **arguments):
    listener = Listener()
    job = replace(job, model_arguments={**job.model_arguments, **arguments})
    train(job, report=listener, may_run_ahead=False)
    saved = torch.load(Path(job.directory) / listener.reports[-1].checkpoint.path)
    return listener.measurements[-1], saved


def test_a_wider_network_computes_the_same_at_first(tmp_path):
    before, job = begun(tmp_path, width=8)
    after, saved = gone_on(job, width=13, learning_rate=1e-9)
    assert after.values["val/loss"] == pytest.approx(before.values["val/loss"], abs=1e-4)
    assert after.inherited["trial"] == "0001"
    assert after.inherited["is_preserved"] is True
    assert saved["hyper_parameters"]["width"] == 13
    assert after.applied["learning_rate"] < 1e-8


def test_its_optimiser_goes_on_too(tmp_path):
    _, job = begun(tmp_path, width=8)
    _, saved = gone_on(job, width=13)
    (states,) = saved["optimizer_states"]
    steps = {float(state["step"]) for state in states["state"].values()}
    assert len(steps) == 1
    assert steps.pop() == saved["global_step"]


def test_the_same_architecture_is_not_touched(tmp_path):
    _, job = begun(tmp_path, width=8)
    after, _ = gone_on(job, learning_rate=1e-9)
    assert after.inherited == {}
