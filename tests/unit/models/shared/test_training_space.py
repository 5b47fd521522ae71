from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.models.shared.space import (
    DEFAULT_LOSS,
    data_arguments,
    training_domains,
    training_space,
)

TASKS = tuple(DEFAULT_LOSS)


def data(task, **known):
    return DataSpec(task=task, input_shape=(4,), n_outputs=2, n_train=100, **known)


@pytest.mark.parametrize("task", TASKS)
def test_legal_domains_cover_the_space(task):
    domains = training_domains(data(task))
    for parameter in training_space(data(task)).parameters:
        assert domains[parameter.key].covers(parameter.domain), parameter.label


@pytest.mark.parametrize(
    ("task", "loss", "active"),
    [
        ("classification", "cross_entropy", {"label_smoothing"}),
        ("classification", "focal", {"focal_gamma"}),
        ("regression", "mse", set()),
        ("regression", "huber", {"huber_delta"}),
        ("regression", "mae", set()),
    ],
)
def test_each_loss_has_its_own_parameters(task, loss, active):
    space = training_space(data(task)).replaced({"loss": loss})
    of_losses = {"label_smoothing", "focal_gamma", "huber_delta"}
    assert set(space.default()) & of_losses == active


@pytest.mark.parametrize("task", TASKS)
def test_each_optimizer_has_its_own_ranges(task):
    adamw, sgd = (
        training_space(data(task)).replaced({"optimizer": name}) for name in ("adamw", "sgd")
    )
    assert "momentum" not in adamw
    assert "momentum" in sgd
    (of_adamw,), (of_sgd,) = adamw["learning_rate"], sgd["learning_rate"]
    assert of_sgd.domain.default_value() > of_adamw.domain.default_value()


@pytest.mark.parametrize("task", TASKS)
def test_an_optimizer_that_is_only_legal_takes_the_constructors_values(task):
    space = training_space(data(task)).replaced({"optimizer": "nadam"})
    assert space.default()["optimizer"] == "nadam"
    assert "learning_rate" not in space


def test_class_weights_are_searched_where_classes_differ_in_size():
    unbalanced = data("classification", class_counts=(90, 10))
    (parameter,) = training_space(unbalanced)["class_weighting"]
    assert training_domains(unbalanced)["class_weighting"].covers(parameter.domain)
    assert training_space(unbalanced).default()["class_weighting"] == 0.0
    for balanced in (data("classification", class_counts=(55, 45)), data("regression")):
        assert "class_weighting" not in training_space(balanced)
        assert training_domains(balanced)["class_weighting"].contains(0.5)


def test_classes_of_unknown_size_cannot_be_weighted():
    legal = training_domains(data("classification"))["class_weighting"]
    assert legal.contains(0.0)
    assert not legal.contains(0.5)


def test_a_class_that_has_no_training_rows_does_not_make_data_unbalanced():
    assert "class_weighting" not in training_space(data("classification", class_counts=(50, 50, 0)))


def test_the_data_tell_a_constructor_what_they_know():
    assert data_arguments(data("classification", class_counts=(9, 1)))["class_counts"] == [9, 1]
    assert data_arguments(data("regression", target_scale=2.5))["target_scale"] == 2.5
    assert set(data_arguments(data("regression"))) == {"input_shape", "n_outputs", "task"}
