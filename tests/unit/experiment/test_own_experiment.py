"""Experiments on models and data of the user's own: what a file means, and what is refused."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings, load
from raysearch.space import Int

NETS = """\
import pytorch_lightning as pl
from torch import nn

class Net(pl.LightningModule):
    def __init__(self, inputs, hidden=32, depth=2, rate=1e-3, decoder=32):
        super().__init__()

class Small(pl.LightningModule):
    def __init__(self, hidden=8, rate=1e-2):
        super().__init__()

class MyData(pl.LightningDataModule):
    def __init__(self, folder=".", batch_size=32, window=10):
        super().__init__()

def train(config, report): ...

def build(hp):
    hp.Int("depth", 1, 3)
"""

FILE = """\
data: {class: mine_for_tests:MyData, args: {folder: here}}
model: {class: mine_for_tests:Net, args: {inputs: 4}}
space:
  hidden: {int: [8, 64], log: true}
  data.batch_size: {choice: [16, 32, 64]}
objective: val_loss
fidelity: {max_epochs: 9}
"""

BUILT_IN = "data: digits\nmodel: mlp\nobjective: val/accuracy\nfidelity: {max_epochs: 9}\n"


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_for_tests.py").write_text(NETS)


@pytest.fixture
def read(tmp_path):
    def read(text, *overrides):
        (tmp_path / "mine.yaml").write_text(text)
        return load("mine.yaml", overrides)

    return read


@pytest.fixture
def refusal(read):
    def refusal(text, *overrides):
        with pytest.raises(ConfigurationError) as refused:
            read(text, *overrides)
        return str(refused.value)

    return refusal


def test_a_configuration_becomes_constructor_arguments(read):
    experiment = read(FILE)
    assert experiment.space.default() == {"hidden": 32, "data.batch_size": 32}
    assert experiment.data_spec is None
    bound = experiment.bind({"hidden": 16, "data.batch_size": 64})
    assert (bound.model_class, bound.kind) == ("mine_for_tests:Net", "module")
    assert bound.model_arguments == {"inputs": 4, "hidden": 16}
    assert bound.data_class == "mine_for_tests:MyData"
    assert bound.data_arguments == {"folder": "here", "batch_size": 64}  # and no seed


def test_the_resolved_settings_make_an_equal_experiment(read):
    experiment = read(FILE, "link.decoder=hidden", "points=[{hidden: 64}]")
    assert from_settings(experiment.settings) == experiment


def test_the_short_form_is_the_path_alone(read):
    text = FILE.replace(
        "{class: mine_for_tests:MyData, args: {folder: here}}", "mine_for_tests:MyData"
    )
    assert read(text).data.arguments == {}


def test_defaults_of_the_constructor_are_those_of_the_space_where_they_lie_in_it(read):
    assert (
        read(FILE, "space.rate={float: [1.0e-4, 1.0e-1], log: true}").space.default()["rate"]
        == 1e-3
    )
    assert read(FILE, "space.rate={float: [0.5, 1.5]}").space.default()["rate"] == 1.0


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("val_loss", "minimize"), ("valid/acc", "maximize"), ("val_auroc", "maximize"),
     ("loss/dataloader_idx_1", "minimize")],
)  # fmt: skip
def test_the_direction_of_a_well_known_metric_is_known(read, metric, direction):
    assert read(FILE, f"objective={metric}").objective.direction == direction


def test_a_direction_of_the_user_stands(read):
    experiment = read(FILE, "objective={metric: val_loss, direction: maximize}")
    assert experiment.objective.direction == "maximize"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["space.hiden={int: [1, 2]}"], "space.hiden is not a parameter", ),
        (["space.data.batchsize={int: [1, 2]}"], "Did you mean data.batch_size?"),
        (["model.args.inputz=3"], "not an argument of its constructor. Did you mean inputs?"),
        (["model.args={}"], "model: Net needs inputs, for which there is no value"),
        (["space.inputs={int: [1, 2]}"], "space.inputs is fixed already by model.args.inputs."),
        (["objective=val/reward"], "objective: whether more or less of val/reward is better"),
        (["objective=test_loss"], "The test split is opened once"),
        (["model=mine_for_tests:Nett"], "there is no Nett in mine_for_tests. Did you mean Net?"),
        (["data=mine_for_tests:Data"], "there is no Data in mine_for_tests. Did you mean MyData?"),
        (["model={name: mlp, class: mine_for_tests:Net}"], "It has both name and class. Keep one"),
        (["model={function: mine_for_tests:Net}"], "mine_for_tests:Net is a class"),
        (["model=mlp"], "mlp is laid out for the shapes of its data"),
        (["link.decoder=hiddn"], "hiddn is not a parameter of the space"),
        (["link.decodr=hidden"], "there is no argument decodr"),
        (["points=[{hidden: 65}]"], "points, number 1: hidden: 65 lies outside 8 to 64"),
        (["points=[{hiden: 8}]"], "points, number 1: hiden"),
        (["trainer.callbacks=[EarlyStoping]"], "Lightning has no callback EarlyStoping. Did"),
        (["trainer.callbacks=[EarlyStopping]"], "EarlyStopping needs monitor, under args"),
        (
            ["trainer.callbacks=[{class: EarlyStopping, args: {monitr: x, monitor: y}}]"],
            "monitr is not an argument of EarlyStopping. Did you mean monitor?",
        ),
        (["trainer.max_epochs=3"], "set by raysearch. Use fidelity.max_epochs"),
        (["fidelity.max_steps=100"], "Give either max_epochs or max_steps"),
        (["fidelity={max_steps: 100, every_steps: 200}"], "exceeds max_steps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(refusal, overrides, words):
    text = refusal(FILE, *overrides)
    assert words in text
    assert text.endswith("Nothing was started.")


def test_a_space_with_nothing_in_it_is_refused_with_what_could_be_in_it(refusal):
    text = refusal(FILE.partition("space:")[0] + "objective: val_loss\nfidelity: {max_epochs: 2}\n")
    assert "space is empty" in text
    assert "`hidden: {int: [8, 64]}`" in text
    assert "hidden, depth, rate, decoder, data.batch_size, data.window" in text


def test_a_built_in_family_on_data_of_ones_own_needs_its_shapes(read):
    spec = "{task: classification, input_shape: [3, 8, 8], n_outputs: 5, n_train: 100}"
    experiment = read(
        FILE, "model=mlp", "space=null", "objective=val/accuracy", f"data.spec={spec}"
    )
    assert experiment.data_spec.n_inputs == 192
    assert experiment.bind({"width": 8}).model_arguments["n_outputs"] == 5


def test_a_class_of_ones_own_on_built_in_data(read):
    experiment = read(FILE, "data=digits")
    assert {"hidden", "data.batch_size"} <= set(experiment.space.keys)
    bound = experiment.bind({"hidden": 8, "data.batch_size": 16})
    assert bound.data_arguments["seed"] == 0


def test_models_side_by_side_are_prefixed_by_their_names(read):
    models = "model=[{class: mine_for_tests:Net, args: {inputs: 4}}, mine_for_tests:Small]"
    experiment = read(FILE, models, "space.Small.rate={float: [0.1, 0.2]}")
    assert experiment.space.default() == {
        "model": "Net", "Net.hidden": 32, "data.batch_size": 32}  # fmt: skip
    small = experiment.space.complete({"model": "Small"})
    rate = small.pop("Small.rate")
    assert rate == pytest.approx(0.15)
    assert small == {"model": "Small", "Small.hidden": 8, "data.batch_size": 32}
    small["Small.rate"] = rate
    bound = experiment.bind(small)
    assert bound.model_class == "mine_for_tests:Small"
    assert set(bound.model_arguments) == {"hidden", "rate"}


def test_a_link_gives_an_argument_the_value_of_a_parameter(read):
    experiment = read(FILE, "link.decoder=hidden", "link.data.window=hidden")
    assert "decoder" not in experiment.space
    bound = experiment.bind({"hidden": 16, "data.batch_size": 64})
    assert bound.model_arguments["decoder"] == 16
    assert bound.data_arguments["window"] == 16


def test_a_linked_parameter_of_a_family_is_not_searched(read):
    experiment = read(BUILT_IN, "link.warmup_fraction=dropout", "space.dropout={float: [0.0, 0.5]}")
    assert "warmup_fraction" not in experiment.space
    configuration = experiment.space.default()
    assert (
        experiment.bind(configuration).model_arguments["warmup_fraction"]
        == configuration["dropout"]
    )


def test_a_link_to_values_that_are_not_legal_is_refused(refusal):
    assert "depth has values that dropout cannot take" in refusal(BUILT_IN, "link.dropout=depth")


def test_points_are_completed(read):
    experiment = read(FILE, "points=[{hidden: 64}, {data.batch_size: 16}]")
    assert experiment.points == (
        {"hidden": 64, "data.batch_size": 32},
        {"hidden": 32, "data.batch_size": 16},
    )


def test_a_function_needs_no_data(read, refusal):
    text = "model: mine_for_tests:train\nspace: {x: {float: [0, 1]}}\nobjective: loss\n"
    text += "fidelity: {max_epochs: 1}\n"
    experiment = read(text)
    assert (experiment.models[0].kind, experiment.data, experiment.name) == (
        "function",
        None,
        "mine",
    )
    bound = experiment.bind({"x": 0.5})
    assert (bound.model_arguments, bound.data_class) == ({"x": 0.5}, "")
    assert "reads its data itself. Leave the section out" in refusal(text, "data=digits")
    assert "cannot stand beside" in refusal(
        text, "data=digits", "model=[mine_for_tests:train, mlp]"
    )


def test_data_are_missing_where_they_are_needed(refusal):
    assert "data is missing. For example: `data: digits`." in refusal(FILE.partition("\n")[2])


def test_a_builder_describes_its_space(read):
    text = "data: mine_for_tests:MyData\nmodel: mine_for_tests:build\nobjective: val_loss\n"
    experiment = read(text + "fidelity: {max_epochs: 2}\n")
    assert experiment.models[0].kind == "builder"
    (parameter,) = experiment.space["depth"]
    assert parameter.domain == Int(1, 3)


def test_callbacks_reach_the_trainer(read):
    early = "{class: EarlyStopping, args: {monitor: val_loss, patience: 2}}"
    experiment = read(FILE, f"trainer.callbacks=[{early}, LearningRateMonitor]")
    assert experiment.trainer["callbacks"] == [
        {"class": "EarlyStopping", "args": {"monitor": "val_loss", "patience": 2}},
        {"class": "LearningRateMonitor", "args": {}},
    ]


def test_steps_are_rounds(read):
    fidelity = read(FILE, "fidelity={max_steps: 2000}").fidelity
    assert (fidelity.epochs, fidelity.every_steps, fidelity.unit) == (20, 100, "round")


@pytest.mark.parametrize("section", ["logger", "profiler", "plugins"])
def test_lightnings_own_classes_are_found_by_their_names(read, refusal, section):
    name = {"logger": "CSVLogger", "profiler": "SimpleProfiler", "plugins": "AsyncCheckpointIO"}
    made = f"{{class: {name[section]}, args: {{save_dir: logs}}}}"
    if section == "logger":
        assert read(FILE, f"trainer.logger={made}").trainer["logger"]["class"] == "CSVLogger"
    else:
        assert "save_dir is not an argument" in refusal(FILE, f"trainer.{section}={made}")
    assert "there is no" in refusal(FILE, f"trainer.{section}={{class: Nothing}}")
