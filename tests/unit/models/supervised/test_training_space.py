from __future__ import annotations

import pytest

from raysearch.models.supervised.space import DEFAULT_LOSS, training_domains, training_space

TASKS = tuple(DEFAULT_LOSS)


@pytest.mark.parametrize("task", TASKS)
def test_legal_domains_cover_the_space(task):
    domains = training_domains(task)
    for parameter in training_space(task).parameters:
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
    space = training_space(task).replaced({"loss": loss})
    of_losses = {"label_smoothing", "focal_gamma", "huber_delta"}
    assert set(space.default()) & of_losses == active


@pytest.mark.parametrize("task", TASKS)
def test_each_optimizer_has_its_own_ranges(task):
    adamw, sgd = (training_space(task).replaced({"optimizer": name}) for name in ("adamw", "sgd"))
    assert "momentum" not in adamw
    assert "momentum" in sgd
    (of_adamw,), (of_sgd,) = adamw["learning_rate"], sgd["learning_rate"]
    assert of_sgd.domain.default_value() > of_adamw.domain.default_value()


@pytest.mark.parametrize("task", TASKS)
def test_an_optimizer_that_is_only_legal_takes_the_constructors_values(task):
    space = training_space(task).replaced({"optimizer": "nadam"})
    assert space.default()["optimizer"] == "nadam"
    assert "learning_rate" not in space
