"""The YAML of a LightningCLI as model and data."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings, load

NETS = """\
import pytorch_lightning as pl

class Net(pl.LightningModule):
    def __init__(self, inputs, hidden=32):
        super().__init__()

class MyData(pl.LightningDataModule):
    def __init__(self, folder=".", batch_size=32):
        super().__init__()
"""

CLI = """\
seed_everything: 7
trainer: {max_epochs: 100, accelerator: auto}
model:
  class_path: cli_for_tests.Net
  init_args: {inputs: 4}
data:
  class_path: cli_for_tests.MyData
  init_args: {folder: here}
optimizer: {class_path: torch.optim.Adam}
"""

FILE = """\
model: config.yaml
data: config.yaml
space: {hidden: {int: [8, 64]}}
objective: val_loss
fidelity: {max_epochs: 9}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cli_for_tests.py").write_text(NETS)
    (tmp_path / "config.yaml").write_text(CLI)
    (tmp_path / "mine.yaml").write_text(FILE)
    return tmp_path


def test_a_file_is_taken_as_model_and_data():
    experiment = load("mine.yaml")
    binding = experiment.bind({"hidden": 16})
    assert binding.model_class == "cli_for_tests:Net"
    assert binding.model_arguments == {"inputs": 4, "hidden": 16}
    assert binding.data_class == "cli_for_tests:MyData"
    assert binding.data_arguments == {"folder": "here"}


def test_what_is_kept_does_not_depend_on_the_file(folder):
    settings = load("mine.yaml").settings
    (folder / "config.yaml").unlink()
    assert from_settings(settings).bind({"hidden": 16}).model_arguments["inputs"] == 4


def test_a_section_may_be_copied():
    experiment = load(
        "mine.yaml",
        ["model={class_path: cli_for_tests.Net, init_args: {inputs: 2}}", "data=config.yaml"],
    )
    assert experiment.bind({"hidden": 16}).model_arguments["inputs"] == 2


@pytest.mark.parametrize(
    ("cli", "message"),
    [
        ("model: {inputs: 4}", "config.yaml does not name the class: it has no model.class_path"),
        ("model: [", "file of a LightningCLI cannot be read"),
        (
            "model: {class_path: cli_for_tests.Net, init_args: {opt: {class_path: torch.Adam}}}",
            "init_args.opt is an object of its own",
        ),
        (
            "model: {class_path: cli_for_tests.Net, dict_kwargs: {}}",
            "dict_kwargs beside class_path",
        ),
        ("model: {class_path: cli_for_tests.Nte}", "there is no Nte in cli_for_tests"),
    ],
)
def test_a_file_that_does_not_say_which_model(folder, cli, message):
    (folder / "config.yaml").write_text(cli)
    with pytest.raises(ConfigurationError, match=message):
        load("mine.yaml", ["data={class: cli_for_tests:MyData}"])


def test_a_file_that_is_not_there():
    with pytest.raises(
        ConfigurationError, match=r"model is nowhere.yaml. The file.*cannot be read: No such file"
    ):
        load("mine.yaml", ["model=nowhere.yaml"])
