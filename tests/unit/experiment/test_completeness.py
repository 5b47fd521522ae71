"""Is everything there, and is what was at fault not called missing as well?"""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.experiment.objects import plain_settings

NETS = """\
class Net:
    def __init__(self, hidden, depth=2): ...

class Open:
    def __init__(self, hidden, **others): ...

class Data:
    def __init__(self, folder, batch_size=32): ...

def train(config, report): ...

def silent(hp): ...

def asks(hp):
    hp.Int("depth", 1, 3)
"""

OF_DATA = {"class": "whole_for_tests:Data", "args": {"folder": "."}}
SETTINGS = {
    "data": OF_DATA,
    "model": "whole_for_tests:Net",
    "objective": "val_loss",
    "fidelity": {"max_epochs": 9},
    "space": {"hidden": {"int": [8, 64]}},
}


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "whole_for_tests.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)


def faults(**changed):
    given = {key: value for key, value in {**SETTINGS, **changed}.items() if value is not None}
    with pytest.raises(ConfigurationError) as refused:
        from_settings(given)
    *found, _ = str(refused.value).splitlines()
    return [fault.removeprefix("settings given in Python: ") for fault in found]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"space": {"depth": 3}}, "model: Net needs hidden, for which there is no value"),
        ({"model": "whole_for_tests:Open", "space": {"x": 3}}, "model: Open needs hidden,"),
        ({"data": "whole_for_tests:Data"}, "data: Data needs folder, for which there is no value"),
        ({"data": None}, "data is missing. For example: `data: digits`."),
    ],
)
def test_what_is_needed_is_asked_for(changed, fault):
    (found,) = faults(**changed)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    "changed",
    [
        {"space": {"hidden": {"int": [64, 8]}}},
        {"space": {"hiden": {"int": [8, 64]}}},
        {"space": [1]},
        {"link": {"hidden": "x"}},
        {"space": {"depth": 2}, "link": {"hidden": "x"}},
    ],
)
def test_what_a_range_or_link_at_fault_would_have_given_is_not_called_missing(changed):
    (found,) = faults(**changed)
    assert "needs hidden" not in found
    assert "space is empty" not in found


def test_an_empty_space_is_refused_with_what_could_be_in_it():
    (found,) = faults(space={}, model={"class": "whole_for_tests:Net", "args": {"hidden": 8}})
    assert found.startswith("space is empty, so there is nothing to search. Give ranges")
    assert found.endswith("Arguments that can be searched: depth, data.batch_size.")


def test_a_builder_that_asks_for_nothing_is_told_so():
    (found,) = faults(space={}, model={"builder": "whole_for_tests:silent"})
    assert "silent(hp) asks for no parameter. Ask for one, such as hp.Int(" in found
    assert found.endswith("Arguments that can be searched: data.batch_size.")


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ({"class": "whole_for_tests:Net", "args": {"hidden": 8}}, "hidden"),
        ({"class": "whole_for_tests:Open", "args": {"hidden": 8}}, "hidden"),
        ({"builder": "whole_for_tests:asks", "args": {"depth": 2}}, "depth"),
        ([{"class": "whole_for_tests:Net", "args": {"hidden": 8}}, "mlp"], "Net.hidden"),
    ],
)
def test_what_is_fixed_and_searched_is_told(model, key):
    spec = {"task": "regression", "input_shape": [4], "n_outputs": 1, "n_train": 90}
    data = {**OF_DATA, "spec": spec}
    (found,) = faults(model=model, data=data, space={key: {"int": [1, 3]}})
    argument = key.removeprefix("Net.")
    assert f"{argument} is fixed already by model.args.{argument}. Keep one of them." in found


def test_a_function_has_its_arguments_fixed_or_searched_too():
    model = {"function": "whole_for_tests:train", "args": {"x": 1}}
    (found,) = faults(model=model, data=None, space={"x": {"int": [1, 3]}})
    assert found == "space.x is fixed already by model.args.x. Keep one of them."


def test_arguments_of_data_are_fixed_or_searched_too():
    (found,) = faults(space={"hidden": 8, "data.folder": {"choice": ["a", "b"]}})
    assert found == "space.data.folder is fixed already by data.args.folder. Keep one of them."


class Made:
    """A data module of a notebook."""


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"space": {"hidden": 8, "data.batch_size": 3}}, "space.data.batch_size"),
        ({"link": {"data.batch_size": "hidden"}}, "link.data.batch_size"),
        ({"data": {"class": Made(), "args": {"batch_size": 3}}}, "data.args"),
    ],
)
def test_data_that_are_made_already_take_no_arguments(changed, key):
    settings, _ = plain_settings({**SETTINGS, "data": Made(), **changed})
    (found,) = faults(**settings)
    assert found.startswith(f"{key}: The data module is made already.")
    assert "give its class and args" in found


def test_objects_are_called_by_their_names():
    net = type("Net", (), {"__qualname__": "<locals>.Net", "__module__": "__main__"})
    settings, _ = plain_settings({**SETTINGS, "model": {"function": net}})
    (found,) = faults(**settings)
    assert found == "model.function is Net. Net is a class. Write it as `class: Net`."


def test_the_objective_of_a_model_that_is_not_there_may_be_ones_own():
    (found,) = faults(model="whole_for_tests.Net")
    assert found.startswith("model: whole_for_tests.Net is not a model family.")
