from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import (
    Budget,
    CheckpointSettings,
    Failures,
    Refit,
    Resources,
    from_settings,
    load,
    to_yaml,
)
from raysearch.experiment.compress import Compress
from raysearch.experiment.select import Select
from raysearch.searchers.hyperopt import HyperOpt
from raysearch.trial import Objective

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "experiments" / "digits.yaml"

VARIED = """\
name: varied
seed: 7
data: {name: digits, arguments: {validation: 0.3}}
model: [mlp, {name: cnn, arguments: {warmup_fraction: 0.2}}]
space:
  width: {int: [8, 32], step: 8}
  mlp.width: 16
  activation: {choice: [relu, "tanh"], ordered: true, default: "tanh"}
  data.batch_size: {choice: [32, 64]}
objective: {metric: val/loss, direction: minimize}
searcher: {name: random}
scheduler: {name: asha, min_epochs: 2, reduction_factor: 2, brackets: 2}
fidelity: {max_epochs: 12}
budget: {trials: null, minutes: 3}
resources: {cpus: 2, gpus: 0.5}
parallel: 3
checkpoint: {every: 2, budget_gb: 0.5}
failures: {attempts: 1, timeout_s: 600, abort_after: 9}
trainer: {gradient_clip_val: 1, precision: bf16-mixed, limit_train_batches: 5}
refit: false
"""


@pytest.fixture
def varied(tmp_path):
    path = tmp_path / "varied.yaml"
    path.write_text(VARIED)
    return load(path)


def test_the_sections_of_a_file_become_typed_values(varied):
    assert (varied.name, varied.seed, varied.refit, varied.parallel) == ("varied", 7, None, 3)
    assert varied.objective == Objective(metric="val/loss", direction="minimize")
    assert varied.data.arguments == {
        "task": "classification",
        "validation": 0.3,
        "test": 0.2,
    }
    assert varied.data_spec.n_train == 1797 - 359 - 539
    assert [model.prefix for model in varied.models] == ["mlp.", "cnn."]
    assert varied.models[1].class_path == "raysearch.models.cnn.module:CNN"
    assert varied.models[1].arguments == {
        "input_shape": [1, 8, 8],
        "n_outputs": 10,
        "task": "classification",
        "warmup_fraction": 0.2,
    }
    assert varied.scheduler.settings == {
        "form": "stopping",
        "min_epochs": 2,
        "reduction_factor": 2,
        "brackets": 2,
    }
    assert varied.budget == Budget(trials=None, minutes=3.0)
    assert varied.resources == Resources(cpus=2.0, gpus=0.5)
    assert varied.checkpoint == CheckpointSettings(every_epochs=2, budget_gb=0.5)
    assert varied.failures == Failures(attempts=1, timeout_s=600, abort_after=9)
    assert varied.trainer == {
        "gradient_clip_val": 1.0,
        "precision": "bf16-mixed",
        "limit_train_batches": 5,
    }


def test_what_is_left_out_has_its_default(loaded):
    experiment = loaded()
    assert experiment.name == "wrong"  # the file's name
    assert experiment.seed == 0
    assert experiment.objective.direction == "maximize"
    assert (experiment.searcher.name, experiment.scheduler.name) == ("auto", "asha")
    assert experiment.budget == Budget(trials=64)
    assert experiment.resources == Resources(cpus=1, gpus=0)
    assert experiment.parallel is None
    assert experiment.checkpoint == CheckpointSettings(every_s=5.0, budget_gb=5.0)
    assert experiment.failures == Failures(attempts=3, timeout_s=None, abort_after=5)
    assert experiment.trainer == {}
    assert experiment.refit == Refit(seeds=1)


@pytest.mark.parametrize(
    ("edit", "refit", "written"),
    [
        ("refit: true", Refit(), True),
        ("refit: {}", Refit(), True),
        ("refit: {seeds: 1}", Refit(), True),  # as older versions read it
        ("refit: {seeds: 3}", Refit(seeds=3), {"seeds": 3}),
        ("refit: false", None, False),
    ],
)
def test_the_winner_may_be_refitted_with_several_seeds(loaded, edit, refit, written):
    experiment = loaded(edit)
    assert experiment.refit == refit
    assert experiment.settings["refit"] == written
    assert type(experiment.settings["refit"]) is type(written)
    assert from_settings(experiment.settings) == experiment


@pytest.mark.parametrize(
    ("edit", "select"),
    [
        ("", None),
        ("select: false", None),
        ("select: true", Select()),
        ("select: {top: 2}", Select(top=2, seeds=3)),
    ],
)
def test_leaders_may_be_told_apart_by_seeds(loaded, edit, select):
    experiment = loaded(edit)
    assert experiment.select == select
    assert from_settings(experiment.settings) == experiment


def test_settings_of_a_version_that_told_no_leaders_apart_are_read(loaded):
    settings = {k: v for k, v in loaded("").settings.items() if k != "select"}
    assert from_settings(settings).select is None


@pytest.mark.parametrize(
    ("edit", "compress"),
    [
        ("compress: true", Compress()),
        ("compress: {max_drop: 0.01, trials: 8}", Compress(max_drop=0.01, trials=8)),
        ("compress: false", None),
    ],
)
def test_the_winner_may_be_compressed(loaded, edit, compress):
    experiment = loaded(edit)
    assert experiment.compress == compress
    assert from_settings(experiment.settings) == experiment


def test_settings_of_a_version_that_knew_no_compression_are_read(loaded):
    settings = {k: v for k, v in loaded("").settings.items() if k != "compress"}
    assert from_settings(settings).compress is None


def test_settings_without_a_name_are_those_of_the_default_component(loaded):
    assert loaded("scheduler: {min_epochs: 3}").scheduler.settings["min_epochs"] == 3


def test_a_file_whose_name_cannot_name_a_run_must_name_itself(tmp_path, write):
    path = write("").rename(tmp_path / "my search.yaml")
    with pytest.raises(ConfigurationError, match="name is missing, and my search cannot be it"):
        load(path)
    assert load(path, ["name=mine"]).name == "mine"


@pytest.mark.parametrize("model", ["mlp", "[cnn, mlp]"])
def test_the_settings_make_an_equal_experiment_also_through_a_file(loaded, tmp_path, model):
    experiment = loaded(
        f"model: {model}", "space.dropout={float: [0.1, 0.2]}", "checkpoint.every=1"
    )
    again = from_settings(experiment.settings)
    assert again == experiment
    assert again.settings == experiment.settings
    path = tmp_path / "experiment.yaml"
    path.write_text(to_yaml(experiment.settings))
    assert load(path) == experiment


def test_the_settings_of_a_varied_file_make_an_equal_experiment(varied):
    assert from_settings(varied.settings) == varied


def test_every_default_is_in_the_settings(loaded):
    settings = loaded().settings
    assert settings["searcher"] == {"name": "auto", "repeat": True, "recommend": True}
    settings = loaded("searcher: hyperopt").settings
    arguments = inspect.signature(HyperOpt).parameters
    own = {n: arguments[n].default for n in ("n_startup", "gamma", "n_candidates", "n_history")}
    assert settings["searcher"] == {"name": "hyperopt", **own}
    assert settings["data"] == {
        "name": "digits",
        "args": {"task": "classification", "validation": 0.2, "test": 0.2},
    }
    assert settings["checkpoint"] == {"every": "5s", "budget_gb": 5.0, "allow": []}
    assert settings["parallel"] == "auto"
    assert "space" in settings


def test_settings_can_be_extended_by_overrides(varied):
    extended = from_settings(varied.settings, overrides=["budget.trials=200", "scheduler=none"])
    assert extended.budget == Budget(trials=200, minutes=3.0)
    assert extended.scheduler.name == "none"
    assert extended.space == varied.space


def test_an_experiment_can_be_sent_to_another_process(varied):
    assert pickle.loads(pickle.dumps(varied)) == varied


def test_a_configuration_is_taken_apart_into_constructor_arguments(varied):
    configuration = varied.space.default()
    binding = varied.bind(configuration)
    assert binding.model_class == "raysearch.models.mlp.module:MLP"
    assert binding.model_arguments["width"] == 16
    assert "model" not in binding.model_arguments
    assert not [key for key in binding.model_arguments if "." in key]
    assert binding.data_class == "raysearch.data.digits.module:Data"
    assert binding.data_arguments == {
        "task": "classification",
        "validation": 0.3,
        "test": 0.2,
        "batch_size": 64,
        "seed": 7,
    }


def test_with_one_family_nothing_is_stripped_but_data(loaded):
    experiment = loaded("model: cnn")
    configuration = experiment.space.default()
    binding = experiment.bind(configuration)
    own = {key for key in configuration if not key.startswith("data.")}
    assert set(binding.model_arguments) == own | {"input_shape", "n_outputs", "task"}


def test_a_configuration_of_a_family_that_is_not_there_is_refused(varied):
    with pytest.raises(ConfigurationError, match="has model: resnet, and the experiment cnn, mlp"):
        varied.bind({"model": "resnet"})


def test_searcher_and_scheduler_are_made_with_their_settings(varied, loaded):
    searcher = varied.make_searcher()
    suggestion = searcher.suggest(number=1, pending=[])
    varied.space.validate(suggestion.configuration)
    assert type(varied.make_scheduler()).__name__ == "ASHA"
    assert varied.make_searcher() is not searcher
    assert type(loaded("searcher: hyperopt").make_searcher()).__name__ == "HyperOpt"


def test_the_main_job_is_sound_and_searches_what_it_says():
    experiment = load(DIGITS)
    assert experiment.name == "digits"
    assert [model.name for model in experiment.models] == ["cnn", "mlp"]
    assert (experiment.searcher.name, experiment.scheduler.name) == ("hyperopt", "asha")
    assert experiment.objective == Objective(metric="val/accuracy", direction="maximize")
    assert DIGITS.read_text().startswith("# python -m raysearch run experiments/digits.yaml\n")


@pytest.mark.parametrize(
    "overrides",
    [["model=mlp"], ["model=cnn"], ["data=diabetes", "model=mlp", "objective=val/rmse"]],
)
def test_the_main_job_can_be_run_with_one_of_its_families(overrides):
    assert len(load(DIGITS, overrides).models) == 1


def test_a_budget_or_resources_that_make_no_sense_cannot_be_built():
    with pytest.raises(ConfigurationError, match="at least one of trials, minutes"):
        Budget()
    with pytest.raises(ConfigurationError, match="a share of a CPU or a GPU"):
        Resources(cpus=0)
