"""A configuration that is trained once more, with another seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysearch.errors import TrialFailed
from raysearch.experiment import from_settings
from raysearch.training.evaluating import examine
from raysearch.training.examining import Collects
from raysearch.training.jobs import job_for
from raysearch.training.repeating import Part, _train, repeat
from raysearch.training.run import train
from raysearch.trial import Trial
from tests.nets import Listener, make_job
from tests.recorded import SETTINGS
from tests.unit.training.plain_job import job_of

pytestmark = pytest.mark.timeout(60)  # imports torch and Lightning


def test_it_is_what_the_search_trained_but_for_the_seed(tmp_path):
    job = make_job(tmp_path / "trial", max_epochs=4)
    searched = Listener()
    train(job, report=searched)
    same, other = (repeat([Part(job=replace(job, repeat=number), epochs=2)]) for number in (0, 1))
    second = searched.reports[1].measurement
    assert (same.epoch, same.values) == (2, second.values)
    assert other.epoch == 2
    assert other.values != second.values
    assert {path.name for path in tmp_path.iterdir()} == {"trial"}  # nothing is left beside it


def test_a_model_of_exactly_so_many_epochs_is_left_for_those_that_begin_with_it(tmp_path):
    job = make_job(
        tmp_path / "trial", max_epochs=4, epochs_before=4, best_before=-1e9, seconds_before=9.0
    )
    path = tmp_path / "left.ckpt"
    measured = _train(job, epochs=2, path=path)
    assert (measured.epoch, torch.load(path)["epoch"]) == (2, 1)
    assert measured.seconds < 9.0


def test_a_function_is_trained_again_too(tmp_path):
    job = job_of(
        tmp_path, model="tests.unit.training.plain_function:learn", data="", kind="function"
    )
    assert repeat([Part(job=replace(job, repeat=1), epochs=9)]).values == {"val/loss": 0.125}


def test_what_raises_passes_through(tmp_path):
    job = make_job(tmp_path, max_epochs=2)
    broken = replace(job, model_arguments={**job.model_arguments, "nothing_like_it": 1})
    with pytest.raises((TypeError, TrialFailed)):
        repeat([Part(job=broken, epochs=1)])


def test_what_becomes_of_each_example_is_seen_beside_the_metrics(tmp_path):
    experiment = from_settings(SETTINGS)
    trial = Trial(id="0000", number=0, configuration=experiment.space.default())
    job = replace(job_for(experiment, trial, run_dir=tmp_path), max_epochs=1)
    listener = Listener()
    train(job, report=listener)
    checkpoint = Path(job.directory) / listener.reports[0].checkpoint.path
    found = examine(job, checkpoint=str(checkpoint), split="validation")
    assert found.outcomes is not None, found.reason
    assert found.outcomes.n == listener.reports[0].measurement.n_validated
    assert found.outcomes.hits.mean() == pytest.approx(found.values["val/accuracy"], abs=1e-6)
    assert found.outcomes.losses.mean() == pytest.approx(found.values["val/loss"], rel=1e-4)


def test_a_step_of_another_form_is_told_apart():
    collects = Collects()
    collects._take({"x": 1}, 0)
    assert collects.outcomes() is None
    assert collects.reason == "a batch is no tuple of inputs and targets"
