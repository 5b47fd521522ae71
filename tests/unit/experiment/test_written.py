"""Models and data stand in the resolved settings so that they are read back the same."""

from __future__ import annotations

import pytest

from raysearch.experiment import from_settings

NETS = """\
class Net:
    def __init__(self, hidden, depth=2): ...

class Data:
    def __init__(self, batch_size=32): ...

def build(hp):
    hp.Int("depth", 1, 3)

def train(config, report): ...
"""

SPEC = {"task": "regression", "input_shape": [4], "n_outputs": 1, "n_train": 90}
OWN = "written_for_tests"


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / f"{OWN}.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)


def resolved(model, data, **changed):
    settings = {"model": model, "data": data, "objective": "val_loss", **changed}
    settings = {key: value for key, value in settings.items() if value is not None}
    experiment = from_settings({**settings, "fidelity": {"max_epochs": 9}})
    assert from_settings(experiment.settings) == experiment
    return experiment.settings


@pytest.mark.parametrize(
    ("model", "written"),
    [
        (f"{OWN}:Net", {"class": f"{OWN}:Net", "args": {}}),
        ({"class": f"{OWN}:Net", "arguments": {"depth": 3}},
         {"class": f"{OWN}:Net", "args": {"depth": 3}}),
        (f"{OWN}:build", {"builder": f"{OWN}:build", "args": {}}),
        ({"builder": f"{OWN}:build"}, {"builder": f"{OWN}:build", "args": {}}),
    ],
)  # fmt: skip
def test_a_path_is_written_with_what_it_names(model, written):
    space = {"hidden": {"int": [8, 64]}} if "Net" in str(model) else None
    settings = resolved(model, f"{OWN}:Data", space=space)
    assert settings["model"] == [written]
    assert settings["data"] == {"class": f"{OWN}:Data", "args": {}}


def test_a_function_stands_without_data():
    settings = resolved(f"{OWN}:train", None, space={"x": {"float": [0, 1]}})
    assert settings["model"] == [{"function": f"{OWN}:train", "args": {}}]
    assert settings["data"] is None


def test_built_in_names_are_written_with_all_their_arguments():
    settings = resolved(["mlp", "cnn"], "digits", objective="val/accuracy")
    assert settings["model"] == [{"name": "mlp", "args": {}}, {"name": "cnn", "args": {}}]
    assert settings["data"] == {
        "name": "digits",
        "args": {"task": "classification", "validation": 0.2, "test": 0.2},
    }


def test_shapes_of_data_of_ones_own_are_kept():
    data = {"class": f"{OWN}:Data", "args": {"batch_size": 8}, "spec": SPEC}
    assert resolved("mlp", data, objective="val/rmse")["data"] == data
