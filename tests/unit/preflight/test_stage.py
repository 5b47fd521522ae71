"""Trying an experiment: what is tried, for how long, and what real modules come to."""

from __future__ import annotations

import time

import pytest

from raysearch.experiment import from_settings
from raysearch.preflight import Failure, preflight
from raysearch.preflight.record import WrongArgument
from tests.unit.preflight.conftest import FAULTY


@pytest.fixture
def jobs():
    return []


@pytest.fixture
def run_probe(jobs, probed):
    """Note what is tried, and say that it is sound."""

    def run(job, *, thorough):
        jobs.append((job, thorough))
        return probed()

    return run


def test_default_and_corners_are_tried_the_default_thoroughly(experiment, jobs, run_probe):
    told = []
    verdict = preflight(experiment(), run_probe=run_probe, say=told.append)
    widths = [job.model_arguments["width"] for job, _ in jobs]
    assert widths == [experiment().space.default()["width"], 64, 4]
    assert [thorough for _, thorough in jobs] == [True, False, False]
    assert told == [
        "trying default (1 of 3)",
        "trying highest (2 of 3)",
        "trying lowest (3 of 3)",
    ]
    assert verdict.faults == ()
    assert len({job.directory for job, _ in jobs}) == 3


def test_the_time_limit_leaves_corners_out_but_never_the_default(experiment, jobs, run_probe):
    verdict = preflight(experiment(), run_probe=run_probe, time_limit_s=0.0)
    assert len(jobs) == len(verdict.tried) == 1
    assert [corner.label for corner in verdict.not_tried] == ["highest", "lowest"]


def test_a_function_and_wrong_arguments_are_settled_by_the_first(experiment, probed):
    wrong = WrongArgument(part="model", name="width", owner="Net")
    for settled in (probed(is_function=True), probed(wrong_arguments=(wrong,))):
        seen = []

        def run(job, *, thorough, seen=seen, probe=settled):
            seen.append(job)
            return probe

        verdict = preflight(experiment(), run_probe=run)
        assert len(seen) == len(verdict.tried) == 1
        assert verdict.not_tried == ()


def test_on_a_machine_without_gpus_those_are_not_asked_for(experiment, jobs, run_probe):
    preflight(experiment(resources={"gpus": 0.5}), run_probe=run_probe)
    assert {job.accelerator for job, _ in jobs} == {"auto"}
    jobs.clear()
    preflight(experiment(), run_probe=run_probe)
    assert {job.accelerator for job, _ in jobs} == {"cpu"}


def test_a_refit_that_fails_matters_where_one_is_wanted(experiment, probed):
    failure = Failure(stage="refit", cause="exception", summary="no")

    def run(job, *, thorough):
        return probed(failure=failure if thorough else None)

    assert len(preflight(experiment(), run_probe=run).faults) == 1
    assert preflight(experiment(refit=False), run_probe=run).findings == ()


def test_built_in_families_pass(tmp_path):
    experiment = from_settings(
        {
            "data": "digits",
            "model": ["cnn", "mlp"],
            "objective": "val/accuracy",
            "fidelity": {"max_epochs": 3},
        }
    )
    began_s = time.monotonic()
    verdict = preflight(experiment, time_limit_s=1.0)
    assert verdict.findings == ()
    assert verdict.tried[0].corner.label == "cnn, default"
    corners = [tried.corner for tried in verdict.tried] + list(verdict.not_tried)
    assert "mlp, highest" in [corner.label for corner in corners]
    assert time.monotonic() - began_s >= verdict.seconds
    assert verdict.cost.seconds is not None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Failing", "no such column"),
        ("Misshapen", "cannot be multiplied"),
        ("Unmeasured", "Did you mean val_loss?"),
        ("Silent", "It logged nothing."),
        ("Secretive", "saves cannot be used"),
    ],
)
def test_each_fault_is_found_before_a_worker_starts(experiment, name, words):
    space = {"width": {"int": [4, 8]}}
    verdict = preflight(experiment(f"{FAULTY}:{name}", space=space), time_limit_s=0.0)
    (fault,) = verdict.faults
    assert words in fault.text


def test_corners_that_fail_are_a_warning(experiment):
    verdict = preflight(experiment(f"{FAULTY}:Hungry"), time_limit_s=60.0)
    assert verdict.faults == ()
    (warning,) = verdict.warnings
    assert "(highest: width 64): out of memory: MemoryError" in warning.text
    assert "faulty.py, line" in warning.text


def test_a_function_is_looked_at_only(experiment):
    settings = {"data": None, "space": {"width": {"int": [4, 64]}}}
    sound = experiment({"function": f"{FAULTY}:train"}, **settings)
    verdict = preflight(sound)
    assert (verdict.findings, verdict.default.is_function) == ((), True)
    wrong = preflight(experiment({"function": f"{FAULTY}:no_train"}, **settings))
    assert "no_train() cannot be called with (config, report)" in wrong.faults[0].text
