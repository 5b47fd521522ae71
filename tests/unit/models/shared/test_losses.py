from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from raysearch.models.shared.losses import (
    class_weights,
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


WEIGHTS = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)


@pytest.mark.parametrize(
    "loss", [partial(cross_entropy, label_smoothing=0.1), partial(focal, gamma=2)]
)
def test_weighted_losses_are_means_over_examples(loss):
    each = [loss(OUTPUTS[[n]], CLASSES[[n]]).item() for n in range(len(CLASSES))]
    expected = mean([WEIGHTS[c].item() * value for c, value in zip(CLASSES, each, strict=True)])
    assert loss(OUTPUTS, CLASSES, class_weights=WEIGHTS).item() == pytest.approx(expected)


@pytest.mark.parametrize("weighting", [0.25, 0.5, 1.0])
def test_weights_follow_the_power_and_the_mean_example_counts_as_one(weighting):
    counts = [80, 15, 5]
    weights = class_weights(counts, weighting=weighting)
    assert (weights[2] / weights[0]).item() == pytest.approx(16**weighting)
    assert sum(n * w for n, w in zip(counts, weights.tolist(), strict=True)) == pytest.approx(100)


def test_balanced_weights_let_classes_count_the_same():
    weights = class_weights([80, 15, 5], weighting=1.0)
    assert (weights * torch.tensor([80, 15, 5])).tolist() == pytest.approx([100 / 3] * 3)


def test_a_class_without_examples_has_a_finite_weight():
    assert class_weights([5, 0], weighting=1.0).isfinite().all()


@pytest.mark.parametrize(("counts", "weighting"), [([], 1.0), ([9, 1], 0.0)])
def test_there_are_no_weights_where_none_are_wanted_or_known(counts, weighting):
    assert class_weights(counts, weighting=weighting) is None
