"""What is a fault, what a warning, and in which words."""

from __future__ import annotations

import json

import pytest

from raysearch.errors import ConfigurationError
from raysearch.preflight.record import Failure, WrongArgument
from raysearch.preflight.verdict import judge
from tests.unit.preflight.conftest import tried

NOT_BUILT = Failure(stage="arguments", cause="arguments", summary="...")


def only(findings):
    (finding,) = findings
    return finding


def test_a_sound_experiment_has_neither_faults_nor_warnings(experiment, probed):
    verdict = judge(experiment(), tried=[tried(probed())], seconds=1.5)
    assert verdict.findings == ()
    assert verdict.cost.seconds[0] > 0
    verdict.raise_faults()
    assert json.loads(json.dumps(verdict.to_json()))["tried"][0]["parameters"] == 100


def test_an_objective_that_is_never_logged_is_a_fault_with_the_nearest_name(experiment, probed):
    verdict = judge(
        experiment(objective={"metric": "val/los", "direction": "minimize"}),
        tried=[tried(probed())],
    )
    fault = only(verdict.faults)
    assert fault.path == ("objective", "metric")
    assert fault.text.startswith("objective.metric is val/los, which Net did not log")
    assert "It logged: train/loss, val/loss. Did you mean val/loss?" in fault.text
    assert 'self.log("val/los", ...) in Net.validation_step' in fault.text
    assert verdict.cost is None
    with pytest.raises(ConfigurationError, match="val/los"):
        verdict.raise_faults()


def test_nothing_logged_and_nothing_validated_are_said(experiment, probed):
    silent = probed(logged={}, validation_batches=0)
    text = only(judge(experiment(), tried=[tried(silent)]).faults).text
    assert "It logged nothing." in text
    assert "val_dataloader yields no batch" in text


def test_an_objective_that_one_corner_does_not_log_names_the_corner(experiment, probed):
    corner = tried(probed(logged={"train/loss": 1.0}), name="lowest", width=4)
    fault = only(judge(experiment(), tried=[tried(probed()), corner]).faults)
    assert "of one configuration (lowest: width 4)" in fault.text


def test_a_default_that_fails_is_a_fault(experiment, failed):
    fault = only(judge(experiment(), tried=[tried(failed())]).faults)
    assert fault.path == ("model", 0)
    assert fault.text == (
        "model: the default configuration cannot be trained. "
        "ValueError: width is 0 (nets.py, line 31)."
    )


@pytest.mark.parametrize(("others_fail", "said"), [(True, "2 failed"), (False, "none failed")])
def test_how_many_others_fail_is_said(experiment, probed, failed, others_fail, said):
    other = failed() if others_fail else probed()
    every = [tried(failed()), tried(other, name="highest"), tried(other, name="lowest")]
    text = only(judge(experiment(), tried=every).faults).text
    assert f"Of 2 others that were tried, {said}." in text


def test_a_default_without_memory_gets_advice(experiment, failed):
    default = tried(failed("MemoryError: 12 GB", cause="out of memory"))
    assert "data.batch_size" in only(judge(experiment(), tried=[default]).faults).text


@pytest.mark.parametrize(
    ("stage", "said"), [("checkpoint", "saves cannot be used"), ("refit", "set refit: false")]
)
def test_what_comes_after_training_may_fail_too(experiment, failed, stage, said):
    fault = only(judge(experiment(), tried=[tried(failed(stage=stage))]).faults)
    assert said in fault.text


def test_wrong_arguments_are_named_where_they_were_written(experiment, probed):
    wrong = (
        WrongArgument(part="model", name="width", valid=("n_layers",), owner="Net"),
        WrongArgument(part="model", name="n_classes", valid=("depth",), owner="Net"),
        WrongArgument(part="data", name="size", is_missing=True, owner="Data"),
    )
    probe = probed(wrong_arguments=wrong, failure=NOT_BUILT, logged={})
    every = [tried(probe), tried(probe, name="highest")]
    faults = judge(experiment(), tried=every).faults
    assert [fault.path for fault in faults] == [
        ("space", "width"),
        ("model", 0, "args", "n_classes"),
        ("data",),
    ]
    assert faults[0].text == "space.width: Net has no argument width. Valid: n_layers."
    assert faults[1].text.startswith("model.args.n_classes: Net has no argument n_classes.")
    assert "Data needs the argument size" in faults[2].text


def test_a_class_of_the_running_script_is_a_fault(experiment, probed):
    own = experiment()
    model = own.models[0]
    object.__setattr__(model, "class_path", "__main__:Net")
    fault = only(judge(own, tried=[tried(probed())]).faults)
    assert "which workers cannot import" in fault.text


def test_corners_that_fail_are_one_warning_for_each_reason(experiment, probed, failed):
    memory = failed("MemoryError: 12 GB", cause="out of memory")
    verdict = judge(
        experiment(),
        tried=[
            tried(probed()),
            tried(memory, name="highest", depth=6, width=512, activation="relu"),
            tried(memory, name="activation = gelu"),
            tried(failed(), name="lowest", width=1),
        ],
    )
    first, second = (warning.text for warning in verdict.warnings)
    assert first.startswith("space: 2 of 4 configurations tried cannot be trained (highest: ")
    assert "highest: depth 6, width 512; activation = gelu" in first
    assert "out of memory: MemoryError: 12 GB. Trials there will fail, and the search" in first
    assert "(lowest: width 1): ValueError: width is 0" in second
    assert verdict.cost is not None


def test_epochs_of_hours_are_a_warning(experiment, probed):
    slow = tried(probed(train_batches=100_000), name="highest", width=64)
    warning = only(judge(experiment(), tried=[tried(probed()), slow]).warnings)
    assert "(highest: width 64) would take 2.8 hours here" in warning.text


def test_an_objective_of_training_is_a_warning(experiment, probed):
    objective = {"metric": "train/loss", "direction": "minimize"}
    warning = only(judge(experiment(objective=objective), tried=[tried(probed())]).warnings)
    assert "is measured on training data" in warning.text
    assert "Of validation data are logged: val/loss." in warning.text


def test_an_objective_that_is_not_finite_is_a_warning(experiment, probed):
    nan = probed(logged={"val/loss": None})
    assert "was not finite" in only(judge(experiment(), tried=[tried(nan)]).warnings).text


def test_a_missing_test_or_refit_is_a_warning(experiment, probed):
    lacking = tried(
        probed(no_test="the model has no test_step", no_refit="there is no refit_dataloader")
    )
    test, refit = (warning.text for warning in judge(experiment(), tried=[lacking]).warnings)
    assert "will not be tested, since the model has no test_step." in test
    assert "since there is no refit_dataloader. Its best checkpoint will be" in refit
    unwanted = judge(experiment(refit=False), tried=[lacking]).warnings
    assert [warning.path for warning in unwanted] == [("data",)]
    several = judge(experiment(refit={"seeds": 3}), tried=[lacking]).warnings[1].text
    assert several.endswith("checkpoint will be the winner, and the only model instead of 3.")


def test_a_checkpoint_that_lightning_alone_cannot_open_is_a_warning(experiment, probed):
    probe = probed(no_open="RuntimeError: Missing key(s) in state_dict")
    text = only(judge(experiment(), tried=[tried(probe)]).warnings).text
    assert "Net.load_from_checkpoint does not open" in text


def test_a_machine_without_gpus_and_too_small_a_disk_are_warnings(experiment, probed):
    wanted = experiment(resources={"gpus": 1}, checkpoint={"budget_gb": 1e9})
    huge = probed(checkpoint_bytes=10**17)
    paths = [warning.path for warning in judge(wanted, tried=[tried(huge)]).warnings]
    assert paths == [("resources", "gpus"), ("checkpoint", "budget_gb")]


def test_a_budget_below_one_checkpoint_is_a_warning(experiment, probed):
    small = experiment(checkpoint={"budget_gb": 0.001})
    big = tried(probed(checkpoint_bytes=10**7))
    assert "only the best trial keeps its own" in only(judge(small, tried=[big]).warnings).text


def test_a_grid_beyond_the_budget_is_a_warning_with_its_size(experiment, probed):
    grid = {"name": "grid", "resolution": 61}  # of width, from 4 to 64
    small = experiment(searcher=grid, budget={"trials": 61})
    assert judge(small, tried=[tried(probed())]).findings == ()
    warning = only(judge(experiment(searcher=grid), tried=[tried(probed())]).warnings)
    assert warning.path == ("searcher",)
    assert warning.text.startswith(
        "searcher: the grid has 61 configurations, and budget.trials allows 16. "
    )
    assert "few values of width tried. Raise budget.trials" in warning.text
