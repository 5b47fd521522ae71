"""What cannot take effect while a trial trains is refused by name, before anything runs."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings

SETTINGS = {
    "data": "digits",
    "model": ["cnn", "mlp"],
    "objective": "val/accuracy",
    "searcher": "random",
    "scheduler": {"name": "pbt", "population": 4, "interval": 2},
    "fidelity": {"max_epochs": 6},
    "budget": {"trials": 8},
}


def experiment(*overrides, **settings):
    return from_settings({**SETTINGS, **settings}, overrides=overrides)


def fault(*overrides, **settings):
    with pytest.raises(ConfigurationError) as raised:
        experiment(*overrides, **settings)
    return str(raised.value)


def test_what_weights_must_fit_stays_and_the_rest_may_change():
    mutable = set(experiment().make_scheduler().mutable)
    assert {"mlp.learning_rate", "cnn.dropout", "cnn.loss", "data.batch_size"} <= mutable
    assert not {"model", "mlp.width", "cnn.kernel_size", "mlp.optimizer"} & mutable


def test_a_parameter_that_cannot_take_effect_is_refused_by_name():
    text = fault(scheduler={"name": "pbt", "parameters": ["mlp.optimizer", "mlp.dropout"]})
    assert "scheduler.parameters: mlp.optimizer cannot be changed while a trial trains" in text
    assert "mlp has weights that it must fit" in text
    assert "mlp.dropout" in text


def test_what_decides_about_such_a_parameter_cannot_change_either():
    space = {"mlp.width": {"int": [8, 64], "when": {"mlp.loss": "focal"}}}
    text = fault(space=space, scheduler={"name": "pbt", "parameters": ["mlp.loss"]})
    assert "mlp.width depends on it" in text


def test_an_architecture_that_can_grow_may_change_where_it_is_listed():
    listed = {"name": "pbt", "parameters": ["mlp.width", "mlp.dropout"]}
    assert experiment(scheduler=listed).make_scheduler().mutable == ("mlp.width", "mlp.dropout")
    assert "mlp.width" not in experiment().make_scheduler().mutable


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["scheduler.interval=6"], "scheduler.interval is 6. It must be an integer from 1 to 5."),
        (["scheduler.population=9"], "scheduler.population is 9"),
        (["scheduler.quantile=0.7"], "scheduler.quantile is 0.7"),
        (["budget.epochs=8"], "use up budget.epochs, 8, before the first comparison"),
    ],
)
def test_settings_out_of_range_are_refused_at_once(overrides, words):
    assert words in fault(*overrides)


def test_a_space_of_architectures_alone_is_refused():
    fixed = {
        "optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.01, "schedule": "cosine",
        "loss": "cross_entropy", "label_smoothing": 0.0, "dropout": 0.0, "data.batch_size": 64,
    }  # fmt: skip
    text = fault(model="mlp", space=fixed)
    assert "no parameter of the space can be changed while a trial trains" in text
    assert "width: mlp has weights that it must fit" in text


OWN = {
    "model": {"class": "tests.nets:Net"},
    "data": {"class": "tests.nets:Data"},
    "objective": {"metric": "val/loss", "direction": "minimize"},
    "space": {"width": {"int": [4, 8]}, "learning_rate": {"float": [0.01, 0.1]}},
}


OWN_WITHOUT_WIDTH = {**OWN, "space": {"learning_rate": {"float": [0.01, 0.1]}}}


def test_of_ones_own_class_the_optimisers_numbers_may_change_and_what_one_lists():
    assert experiment(**OWN).make_scheduler().mutable == ("learning_rate",)
    listed = {"name": "pbt", "parameters": ["learning_rate", "width"]}
    found = experiment(**{**OWN, "scheduler": listed})
    assert found.make_scheduler().mutable == ("learning_rate", "width")


def test_a_link_carries_a_parameter_to_where_it_cannot_change():
    text = fault(**OWN_WITHOUT_WIDTH, link={"width": "learning_rate"})
    assert "it is linked to width" in text


def test_what_a_trial_reads_back_are_its_own_mutable_arguments():
    found = experiment()
    configuration = found.space.complete({"model": "mlp"})
    arguments = found.mutable_arguments(configuration)
    assert {"learning_rate", "dropout", "data.batch_size"} <= set(arguments)
    assert not {"width", "model"} & set(arguments)
    assert experiment("scheduler=none").mutable_arguments(configuration) == ()
