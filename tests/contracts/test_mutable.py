"""Does whatever a family declares mutable take effect in a training that goes on with weights?

Requested and applied are compared bit by bit, for every mutable parameter of every family.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from raysearch.models import FAMILIES
from raysearch.models.shared.space import MUTABLE_IN_TRAINING
from raysearch.training.fit import train
from raysearch.training.reading_back import requested_as
from tests.contracts.test_training import family_job
from tests.nets import Listener

OF_ADAMW = {
    "learning_rate": 0.0012345678901234567,
    "weight_decay": 0.0234567890123456789,
    "schedule": "constant",
    "warmup_fraction": 0.3,
    "dropout": 0.123456789,
    "label_smoothing": 0.0123456789,
    "attention_dropout": 0.0456789,
    "beta": 1.23456789,
    "beta_warmup": 0.23456789,
    "weighting": "simple",
    "data.batch_size": 40,
}
"""Values that no family has by itself; those that a family does not have are left out."""

OF_FOCAL = {"loss": "focal", "focal_gamma": 1.23456789, "class_weighting": 0.345678}
OF_SGD = {"momentum": 0.87654321, "learning_rate": 0.0345678, "schedule": "cosine"}
OF_HUBER = {"loss": "huber", "huber_delta": 0.76543}


def begun(tmp_path, job):
    """Return the job that goes on from an epoch of this one, in place of which it is trained."""
    listener = Listener(stop_after=1)
    train(job, report=listener, may_run_ahead=False)
    path = Path(job.directory) / listener.reports[-1].checkpoint.path
    return replace(
        job,
        trial="0001",
        directory=str(tmp_path / "0001"),
        resume_from=str(path),
        takes_over=True,
        epochs_before=1,
    )


def applied(job, requested):
    """Return what a job applies when it goes on with what is requested, and what that was."""
    of_data = {k.removeprefix("data."): v for k, v in requested.items() if k.startswith("data.")}
    of_model = {key: value for key, value in requested.items() if not key.startswith("data.")}
    listener = Listener()
    train(
        replace(
            job,
            model_arguments={**job.model_arguments, **of_model},
            data_arguments={**job.data_arguments, **of_data},
            reads_back=tuple(requested),
        ),
        report=listener,
        may_run_ahead=False,
    )
    assert [m.epoch for m in listener.measurements] == [2]
    return dict(listener.measurements[0].applied), requested_as(requested)


def assert_takes_effect(job, requested):
    found, wanted = applied(job, requested)
    assert {key: found.get(key) for key in wanted} == wanted
    assert {key: type(found[key]) for key in wanted} == {k: type(v) for k, v in wanted.items()}


def mutable_of(family):
    return importlib.import_module(f"{FAMILIES[family]}.space").MUTABLE


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_family_declares_mutable_takes_effect(tmp_path, family):
    first = family_job(tmp_path / "0000", family=family)
    job = begun(tmp_path, first)
    mutable, arguments = mutable_of(family), first.model_arguments
    requested = {
        key: value for key, value in OF_ADAMW.items() if key in mutable or key.startswith("data.")
    }
    if arguments.get("kind", "diffusion") != "diffusion":
        requested.pop("weighting", None)  # which only diffusion has; see below
    assert_takes_effect(job, requested)
    if "focal_gamma" in mutable and arguments.get("loss") == "cross_entropy":
        counts = {"class_counts": list(range(1, arguments["n_outputs"] + 1))}
        counted = replace(job, model_arguments={**arguments, **counts})
        assert_takes_effect(counted, OF_FOCAL)


def test_momentum_and_schedule_of_sgd_take_effect(tmp_path):
    first = family_job(tmp_path / "0000", family="mlp")
    first = replace(first, model_arguments={**first.model_arguments, "optimizer": "sgd"})
    job = begun(tmp_path, first)
    assert_takes_effect(job, OF_SGD)


def test_the_loss_of_a_regression_takes_effect(tmp_path):
    first = family_job(tmp_path / "0000", family="mlp", data="diabetes")
    job = begun(tmp_path, first)
    assert_takes_effect(job, OF_HUBER)


def test_the_weighting_of_diffusion_takes_effect(tmp_path):
    first = family_job(tmp_path / "0000", family="generative")
    first = replace(first, model_arguments={**first.model_arguments, "kind": "diffusion"})
    job = begun(tmp_path, first)
    assert_takes_effect(job, {"weighting": "simple"})


def test_every_mutable_parameter_is_among_those_tested():
    tested = {*OF_ADAMW, *OF_FOCAL, *OF_SGD, *OF_HUBER}
    assert tested >= MUTABLE_IN_TRAINING
    for family in FAMILIES:
        assert mutable_of(family) <= tested, family
