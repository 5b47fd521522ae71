"""Are metrics and optimiser settings read as they are?"""

from __future__ import annotations

import pytest
import torch

from raysearch.training.measuring import has_finite_weights, read_applied, read_metrics


def test_metrics_of_any_number_type_become_floats():
    metrics = {
        "a": torch.tensor(0.1, dtype=torch.float64),
        "b": torch.tensor(3),
        "c": torch.tensor([2.0]),
        "d": torch.tensor(1.0, requires_grad=True),
    }
    values, cause = read_metrics(metrics)
    assert values == {"a": 0.1, "b": 3.0, "c": 2.0, "d": 1.0}
    assert all(type(value) is float for value in values.values())
    assert cause is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_become_none_with_the_reason(value):
    values, cause = read_metrics({"val/loss": torch.tensor(value), "fine": torch.tensor(1.0)})
    assert values == {"val/loss": None, "fine": 1.0}
    assert cause == f"not finite: val/loss ({value})"


def test_no_metrics_is_no_fault():
    assert read_metrics({}) == ({}, None)


def parameters():
    return [torch.nn.Parameter(torch.zeros(2))]


def test_settings_an_optimiser_lacks_are_left_out():
    adam = torch.optim.AdamW(parameters(), lr=0.01, weight_decay=0.1)
    assert read_applied([adam]) == {"learning_rate": 0.01, "weight_decay": 0.1}


def test_groups_that_differ_are_numbered():
    groups = [{"params": parameters()}, {"params": parameters(), "lr": 0.5}]
    sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    other = torch.optim.SGD(parameters(), lr=0.1, momentum=0.5)
    assert read_applied([sgd, other]) == {
        "learning_rate": 0.1,
        "learning_rate.2": 0.5,
        "weight_decay": 0.0,
        "momentum": 0.9,
        "momentum.3": 0.5,
    }


def test_a_rate_kept_as_a_tensor_is_read():
    adam = torch.optim.Adam(parameters(), lr=torch.tensor(0.25))
    assert read_applied([adam])["learning_rate"] == 0.25


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_only_weights_that_are_trained_must_be_finite(value):
    model = torch.nn.Linear(2, 2)
    model.register_buffer("mask", torch.full((2, 2), -torch.inf))
    model.fixed = torch.nn.Parameter(torch.full((2,), value), requires_grad=False)
    assert has_finite_weights(model)
    with torch.no_grad():
        model.weight[1, 0] = value
    assert not has_finite_weights(model)
