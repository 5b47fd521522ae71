from __future__ import annotations

import math

import pytest
import torch
from sklearn import metrics as sklearn_metrics
from torch.nn import functional as F

from raysearch.models.metrics import LOGGED
from raysearch.models.supervised.metrics import R2, scores


def measured(task, n_outputs, outputs, targets, *, n_batches=1):
    collection = scores(task=task, n_outputs=n_outputs)
    for batch in zip(outputs.chunk(n_batches), targets.chunk(n_batches), strict=True):
        collection.update(*batch)
    return {name: value.item() for name, value in collection.compute().items()}


@pytest.fixture
def classified():
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, 4, (200,), generator=generator)
    return 2 * torch.eye(5)[targets] + torch.randn(200, 5, generator=generator), targets


@pytest.fixture
def predicted():
    generator = torch.Generator().manual_seed(0)
    targets = 3 + torch.randn(200, 2, generator=generator) * torch.tensor([1.0, 5.0])
    return targets + torch.randn(200, 2, generator=generator), targets


@pytest.mark.parametrize("task", LOGGED)
def test_names_are_those_that_are_listed(task):
    assert set(scores(task=task, n_outputs=3)) == set(LOGGED[task])


@pytest.mark.parametrize("n_batches", [1, 3])
def test_classification_agrees_with_scikit_learn(classified, n_batches):
    outputs, targets = classified
    found = measured("classification", 5, outputs, targets, n_batches=n_batches)
    chosen = outputs.argmax(1)
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        targets, chosen, average="macro", zero_division=0
    )
    assert found == pytest.approx(
        {
            "accuracy": sklearn_metrics.accuracy_score(targets, chosen),
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "loss": F.cross_entropy(outputs, targets).item(),
        },
        rel=1e-5,
    )


@pytest.mark.parametrize("n_batches", [1, 3])
def test_regression_agrees_with_scikit_learn(predicted, n_batches):
    outputs, targets = predicted
    found = measured("regression", 2, outputs, targets, n_batches=n_batches)
    squared = sklearn_metrics.mean_squared_error(targets, outputs)
    assert found == pytest.approx(
        {
            "rmse": math.sqrt(squared),
            "mae": sklearn_metrics.mean_absolute_error(targets, outputs),
            "r2": sklearn_metrics.r2_score(targets, outputs),
            "loss": squared,
        },
        rel=1e-4,
    )


def test_classes_that_do_not_occur_do_not_count():
    outputs, targets = 9.0 * torch.eye(6)[[0, 1, 1, 0]], torch.tensor([0, 1, 0, 0])
    found = measured("classification", 6, outputs, targets)
    assert found["precision"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["recall"] == pytest.approx((2 / 3 + 1) / 2)


def test_the_unit_of_the_targets_does_not_change_r2(predicted):
    outputs, targets = predicted
    small = measured("regression", 2, outputs * 1e-4, targets * 1e-4)
    assert small["r2"] == pytest.approx(measured("regression", 2, outputs, targets)["r2"], rel=1e-4)


@pytest.mark.parametrize("targets", [[[2.0]], [[2.0], [2.0]]])
def test_r2_is_not_finite_where_nothing_varies(targets):
    r2 = R2()
    r2.update(torch.zeros(len(targets), 1), torch.tensor(targets))
    assert not r2.compute().isfinite()


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(
    ("task", "targets"), [("classification", [0, 1]), ("regression", [[0.0], [1.0]])]
)
def test_diverged_outputs_are_measured_without_a_warning(task, targets, value):
    n_outputs = 2 if task == "classification" else 1
    outputs = torch.full((2, n_outputs), value)
    found = measured(task, n_outputs, outputs, torch.tensor(targets))
    assert not math.isfinite(found["loss"])
