from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from raysearch.models.supervised.losses import (
    cross_entropy,
    focal,
    huber,
    mean_absolute_error,
    mean_squared_error,
    training_loss,
)

OUTPUTS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0], [-1.0, 4.0, 0.0]], dtype=torch.float64)
CLASSES = torch.tensor([0, 1, 1])


def probabilities_of_the_true_class():
    return [
        math.exp(row[c]) / sum(map(math.exp, row))
        for row, c in zip(OUTPUTS.tolist(), CLASSES.tolist(), strict=True)
    ]


def mean(values):
    return sum(values) / len(values)


def test_cross_entropy_is_the_mean_negative_log_probability():
    expected = mean([-math.log(p) for p in probabilities_of_the_true_class()])
    assert cross_entropy(OUTPUTS, CLASSES).item() == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", [0.1, 0.5, 1.0])
def test_label_smoothing_mixes_targets_with_the_uniform_distribution(smoothing):
    one_hot = torch.eye(3, dtype=torch.float64)[CLASSES]
    targets = (1 - smoothing) * one_hot + smoothing / 3
    expected = -(targets * OUTPUTS.log_softmax(1)).sum(1).mean()
    smoothed = cross_entropy(OUTPUTS, CLASSES, label_smoothing=smoothing)
    torch.testing.assert_close(smoothed, expected)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_focal_loss_is_the_papers_formula(gamma):
    expected = mean([-((1 - p) ** gamma) * math.log(p) for p in probabilities_of_the_true_class()])
    assert focal(OUTPUTS, CLASSES, gamma=gamma).item() == pytest.approx(expected)


def test_focal_loss_without_focus_is_the_cross_entropy():
    torch.testing.assert_close(focal(OUTPUTS, CLASSES, gamma=0.0), cross_entropy(OUTPUTS, CLASSES))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [0.0, 50.0, 1e4])
def test_focal_loss_has_finite_gradients_where_examples_are_certain(gamma, size):
    outputs = torch.tensor([[size, 0.0], [0.0, size]], requires_grad=True)
    loss = focal(outputs, torch.tensor([0, 0]), gamma=gamma)
    loss.backward()
    assert loss.isfinite()
    assert outputs.grad.isfinite().all()


PREDICTED = torch.tensor([[0.0, 1.0], [2.0, -3.0]])
TARGETS = torch.tensor([[0.5, 1.0], [0.0, 1.0]])
DIFFERENCES = [0.5, 0.0, 2.0, 4.0]


def test_squared_and_absolute_error_are_means_over_examples_and_values():
    squared = mean_squared_error(PREDICTED, TARGETS).item()
    assert squared == pytest.approx(mean([d * d for d in DIFFERENCES]))
    absolute = mean_absolute_error(PREDICTED, TARGETS).item()
    assert absolute == pytest.approx(mean(DIFFERENCES))


@pytest.mark.parametrize("delta", [0.1, 1.0, 2.0, 10.0])
def test_huber_loss_is_square_then_straight(delta):
    expected = mean([d * d / 2 if d <= delta else delta * (d - delta / 2) for d in DIFFERENCES])
    assert huber(PREDICTED, TARGETS, delta=delta).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"loss": "cross_entropy"}, cross_entropy(OUTPUTS, CLASSES, label_smoothing=0.2)),
        ({"loss": "focal"}, focal(OUTPUTS, CLASSES, gamma=3.0)),
    ],
)
def test_settings_choose_a_loss_of_classification(settings, chosen, expected):
    settings = replace(settings, label_smoothing=0.2, focal_gamma=3.0, **chosen)
    assert torch.equal(training_loss(settings)(OUTPUTS, CLASSES), expected)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"loss": "mse"}, mean_squared_error(PREDICTED, TARGETS)),
        ({"loss": "mae"}, mean_absolute_error(PREDICTED, TARGETS)),
        ({"loss": "huber"}, huber(PREDICTED, TARGETS, delta=0.7)),
    ],
)
def test_settings_choose_a_loss_of_regression(settings, chosen, expected):
    settings = replace(settings, task="regression", huber_delta=0.7, **chosen)
    assert torch.equal(training_loss(settings)(PREDICTED, TARGETS), expected)
