"""What is given in Python becomes settings, and objects by name; and is found again."""

from __future__ import annotations

from fractions import Fraction
from statistics import mean

import pytest
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.experiment.objects import plain_settings, provide_again
from raysearch.imports import load_object
from raysearch.space import Choice, Int, Space

FIELDS = {"model": "mlp", "objective": "val/accuracy", "fidelity": {"max_epochs": 9}}


def local_class(name="Net", **arguments):
    """A class as a notebook has it: no other process can import it."""
    return type(name, (), {"__qualname__": f"notebook.<locals>.{name}", **arguments})


class Stopping:
    """A callback, say."""


def plain(**given):
    return plain_settings(given)[0]


@pytest.mark.parametrize("section", ["model", "data"])
def test_what_has_an_import_path_is_named_by_it(section):
    settings, objects = plain_settings({section: Fraction})
    named = {"class": "fractions:Fraction"}
    assert settings[section] == ([named] if section == "model" else named)
    assert objects == {}


@pytest.mark.parametrize("section", ["model", "data"])
def test_what_has_none_gets_a_name_and_is_provided(section):
    net = local_class()
    settings, objects = plain_settings({section: net})
    assert objects == {"object:Net": net}
    assert load_object("object:Net") is net
    named = {"class": "object:Net"}
    assert settings[section] == ([named] if section == "model" else named)


def test_two_objects_of_one_name_get_two_names_and_one_object_keeps_its_own():
    first, second = local_class(), local_class()
    settings, objects = plain_settings({"model": [first, second, first]})
    assert objects == {"object:Net": first, "object:Net_2": second}
    assert [entry["class"] for entry in settings["model"]] == [
        "object:Net",
        "object:Net_2",
        "object:Net",
    ]


def test_functions_and_builders_are_named_like_classes():
    assert plain(model=mean)["model"] == [{"class": "statistics:mean"}]
    settings, objects = plain_settings({"model": lambda hp: None})
    assert settings["model"] == [{"class": "object:lambda"}]
    assert list(objects) == ["object:lambda"]


@pytest.mark.parametrize("way", ["class", "function", "builder"])
def test_a_mapping_keeps_its_other_keys(way):
    net = local_class()
    settings, objects = plain_settings({"model": {way: net, "args": {"hidden": 8}}})
    assert settings["model"] == [{way: "object:Net", "args": {"hidden": 8}}]
    assert objects == {"object:Net": net}


def test_names_and_paths_stay_as_they_are():
    models = ["mlp", "my.nets:Net", {"class": "my.nets:Net"}]
    data = {"class": "my.data:Data", "args": {"folder": "."}}
    settings, objects = plain_settings({"model": models, "data": data, "seed": None})
    assert settings == {"model": models, "data": data}
    assert objects == {}


def test_a_data_module_that_is_made_already_goes_by_value():
    made = local_class("Data")()
    for given in (made, {"class": made}):
        settings, objects = plain_settings({"data": given})
        assert settings["data"] == {"class": "object:Data"}
        assert objects == {"object:Data": made}


@pytest.mark.parametrize("made", [nn.Linear(2, 3), Stopping()])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"class": x}])
def test_a_model_that_is_made_already_is_refused(made, wrap):
    with pytest.raises(ConfigurationError) as refused:
        plain_settings({"model": wrap(made)})
    kind = type(made).__name__
    assert f"model is a {kind} that is made already" in str(refused.value)
    assert f"model={{'class': {kind}, 'args': {{...}}}}" in str(refused.value)


def test_objects_of_the_trainer_are_named_wherever_they_stand():
    stop, net = Stopping(), local_class()
    trainer = {
        "callbacks": [stop, "EarlyStopping", {"class": net, "args": {"patience": 3}}],
        "logger": stop,
        "profiler": {"class": "my.profilers:Mine"},
        "max_time": {"minutes": 3},
        "precision": "bf16-mixed",
    }
    settings, objects = plain_settings({"trainer": trainer})
    assert settings["trainer"] == {
        "callbacks": [
            {"class": "object:Stopping"},
            "EarlyStopping",
            {"class": "object:Net", "args": {"patience": 3}},
        ],
        "logger": {"class": "object:Stopping"},
        "profiler": {"class": "my.profilers:Mine"},
        "max_time": {"minutes": 3},
        "precision": "bf16-mixed",
    }
    assert objects == {"object:Stopping": stop, "object:Net": net}


def test_a_trainer_that_is_no_mapping_is_left_to_the_checks():
    with pytest.raises(ConfigurationError, match=r"trainer is fast\. It must be a mapping"):
        from_settings(plain(data="digits", trainer="fast", **FIELDS))


def test_a_space_becomes_ranges_with_their_conditions():
    optimizer = Choice({"adam": Space({}), "sgd": Space({"nesterov": Choice([0, 1])})})
    space = Space({"width": Int(8, 64), "optimizer": optimizer})
    ranges = plain(space=space)["space"]
    assert ranges["width"] == Int(8, 64)
    assert ranges["nesterov"] == Choice([0, 1], when={"optimizer": ["sgd"]})


def test_a_function_of_a_space_is_run():
    def space(hp):
        if hp.Choice("optimizer", ["adam", "sgd"]) == "sgd":
            hp.Float("momentum", 0, 0.9)

    ranges = plain(space=space)["space"]
    assert ranges["momentum"].when == (("optimizer", ("sgd",)),)
    assert list(plain(space={"width": Int(1, 2)})["space"]) == ["width"]


def test_a_space_with_one_key_in_two_branches_cannot_stand_in_a_file():
    branches = {"a": Space({"rate": Int(1, 2)}), "b": Space({"rate": Int(3, 4)})}
    with pytest.raises(ConfigurationError, match="space has rate in several branches"):
        plain_settings({"space": Space({"way": Choice(branches)})})


def test_records_become_mappings_without_what_is_not_set():
    from raysearch.experiment import Budget

    assert plain(budget=Budget(trials=8))["budget"] == {"trials": 8}


def test_objects_given_again_are_found_by_their_names():
    net, stop = local_class(), Stopping()
    given = {"model": [net, "mlp"], "trainer": {"callbacks": [stop]}, "data": "digits"}
    settings, _ = plain_settings(given)
    again, callback = local_class(), Stopping()
    found = provide_again(
        settings, given={"model": again, "trainer": {"callbacks": [callback]}, "data": None}
    )
    assert found == {"object:Net": again, "object:Stopping": callback}
    assert load_object("object:Net") is again


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"model": None, "data": None}, "Net, Data,"),
        ({"model": local_class(), "data": "digits"}, "Data,"),
        ({"model": local_class("Other"), "data": local_class("Data")()}, "Net,"),
    ],
)
def test_objects_that_are_not_given_again_are_named(given, missing):
    settings, _ = plain_settings({"model": local_class(), "data": local_class("Data")()})
    with pytest.raises(ConfigurationError, match=f"started in Python with {missing} which no"):
        provide_again(settings, given=given)


def test_a_search_without_objects_needs_none():
    assert provide_again({"model": "mlp", "seed": 3}, given={"model": None}) == {}
