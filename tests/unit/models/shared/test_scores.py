from __future__ import annotations

import math
import warnings

import pytest
import torch
from sklearn import metrics as sklearn_metrics
from torch.nn import functional as F

from raysearch.models.metrics import LOGGED
from raysearch.models.shared import metrics
from raysearch.models.shared.metrics import Scores


def measured(task, outputs, targets, *, n_batches=1, scale=1.0):
    scores = Scores(task=task, scale=scale)
    for batch in zip(outputs.chunk(n_batches), targets.chunk(n_batches), strict=True):
        scores.update(*batch)
    return {name: value.item() for name, value in scores.compute().items()}


def classified(*, n_classes, n=200, n_occurring=None, digits=None):
    """Return outputs, rounded so that many are equal, and targets that they have learnt a bit."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, n_occurring or n_classes, (n,), generator=generator)
    outputs = 2 * torch.eye(n_classes)[targets] + torch.randn(n, n_classes, generator=generator)
    return (outputs if digits is None else outputs.round(decimals=digits)), targets


@pytest.fixture
def predicted():
    generator = torch.Generator().manual_seed(0)
    targets = 3 + torch.randn(200, 2, generator=generator) * torch.tensor([1.0, 5.0])
    return targets + torch.randn(200, 2, generator=generator), targets


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_names_are_those_that_are_listed(task):
    outputs = torch.zeros(4, 2)
    targets = torch.tensor([0, 1, 0, 1]) if task == "classification" else torch.ones(4, 2)
    assert set(measured(task, outputs, targets)) == set(LOGGED[task])


@pytest.mark.parametrize("n_batches", [1, 3])
def test_decisions_agree_with_scikit_learn(n_batches):
    outputs, targets = classified(n_classes=5, n_occurring=4)
    found = measured("classification", outputs, targets, n_batches=n_batches)
    chosen = outputs.argmax(1)
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        targets, chosen, average="macro", zero_division=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is predicted which does not occur
        balanced = sklearn_metrics.balanced_accuracy_score(targets, chosen)
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(targets, chosen),
        "balanced_accuracy": balanced,
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "log_loss": sklearn_metrics.log_loss(targets, outputs.double().softmax(1), labels=range(5)),
        "loss": F.cross_entropy(outputs, targets).item(),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("digits", [None, 0])
@pytest.mark.parametrize("n_batches", [1, 3])
def test_rankings_of_two_classes_agree_with_scikit_learn(n_batches, digits):
    outputs, targets = classified(n_classes=2, digits=digits)
    found = measured("classification", outputs, targets, n_batches=n_batches)
    scores = outputs[:, 1] - outputs[:, 0]
    assert len(scores.unique()) == 200 if digits is None else len(scores.unique()) < 30
    assert found["auroc"] == pytest.approx(sklearn_metrics.roc_auc_score(targets, scores))
    expected = sklearn_metrics.average_precision_score(targets, scores)
    assert found["average_precision"] == pytest.approx(expected)


@pytest.mark.parametrize("digits", [None, 0])
@pytest.mark.parametrize("most_ranked", [1, 500, 10**6])
def test_rankings_of_many_classes_agree_with_scikit_learn(digits, most_ranked, monkeypatch):
    monkeypatch.setattr(metrics, "_MOST_RANKED", most_ranked)
    outputs, targets = classified(n_classes=4, digits=digits)
    found = measured("classification", outputs, targets)
    scores, truth = outputs.log_softmax(1), F.one_hot(targets, 4)
    expected = sklearn_metrics.roc_auc_score(truth, scores, average="macro")
    assert found["auroc"] == pytest.approx(expected, rel=1e-5)
    expected = sklearn_metrics.average_precision_score(truth, scores, average="macro")
    assert found["average_precision"] == pytest.approx(expected, rel=1e-5)


def test_classes_that_cannot_be_rated_do_not_count_in_rankings():
    outputs, targets = classified(n_classes=5, n_occurring=3)
    found = measured("classification", outputs, targets)
    scores, truth = outputs.log_softmax(1)[:, :3], F.one_hot(targets, 3)
    expected = sklearn_metrics.roc_auc_score(truth, scores, average="macro")
    assert found["auroc"] == pytest.approx(expected, rel=1e-5)
    expected = sklearn_metrics.average_precision_score(truth, scores, average="macro")
    assert found["average_precision"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("n_classes", "only", "precision"), [(2, 0, 0.0), (2, 1, 1.0), (4, 2, 1.0)]
)
def test_a_single_class_leaves_nothing_to_rank(n_classes, only, precision):
    found = measured("classification", torch.randn(6, n_classes), torch.full((6,), only))
    assert found["auroc"] == 0.5
    assert found["average_precision"] == pytest.approx(precision)
    assert all(map(math.isfinite, found.values()))


def test_a_certain_model_is_still_ranked():
    # the probabilities are all 1.0 in float32, the outputs are not
    outputs = torch.tensor([[0.0, 30.0], [0.0, 40.0], [0.0, 50.0]])
    assert measured("classification", outputs, torch.tensor([0, 1, 1]))["auroc"] == 1.0


@pytest.mark.parametrize("n_batches", [1, 3])
def test_regression_agrees_with_scikit_learn(predicted, n_batches):
    outputs, targets = predicted
    found = measured("regression", outputs, targets, n_batches=n_batches)
    squared = sklearn_metrics.mean_squared_error(targets, outputs)
    expected = {
        "rmse": math.sqrt(squared),
        "mae": sklearn_metrics.mean_absolute_error(targets, outputs),
        "r2": sklearn_metrics.r2_score(targets, outputs),
        "loss": squared,
    }
    assert found == pytest.approx(expected, rel=1e-4)


def test_errors_are_in_the_datas_own_unit(predicted):
    outputs, targets = predicted
    found = measured("regression", outputs / 1000, targets / 1000, scale=1000.0)
    expected = measured("regression", outputs, targets)
    assert found == pytest.approx({**expected, "loss": expected["loss"] / 1e6}, rel=1e-4)


def test_classes_that_do_not_occur_do_not_count_in_decisions():
    outputs, targets = 9.0 * torch.eye(6)[[0, 1, 1, 0]], torch.tensor([0, 1, 0, 0])
    found = measured("classification", outputs, targets)
    assert found["precision"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["recall"] == pytest.approx((2 / 3 + 1) / 2)


def test_an_epoch_forgets_the_one_before():
    scores = Scores(task="classification")
    outputs = torch.eye(2)
    scores.update(outputs, torch.tensor([1, 0]))
    assert scores.compute()["accuracy"] == 0.0
    scores.reset()
    scores.update(outputs, torch.tensor([0, 1]))
    assert scores.compute()["accuracy"] == 1.0


def test_the_unit_of_the_targets_does_not_change_r2(predicted):
    outputs, targets = predicted
    small = measured("regression", outputs * 1e-4, targets * 1e-4)
    assert small["r2"] == pytest.approx(measured("regression", outputs, targets)["r2"], rel=1e-4)


@pytest.mark.parametrize("targets", [[[2.0]], [[2.0], [2.0]]])
def test_r2_is_not_finite_where_nothing_varies(targets):
    found = measured("regression", torch.zeros(len(targets), 1), torch.tensor(targets))
    assert not math.isfinite(found["r2"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("n_outputs", [2, 3])
def test_a_diverged_classification_is_measured_without_a_warning(n_outputs, value):
    found = measured("classification", torch.full((2, n_outputs), value), torch.tensor([0, 1]))
    for name in ("loss", "log_loss", "auroc", "average_precision"):
        assert not math.isfinite(found[name])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_diverged_regression_is_measured_without_a_warning(value):
    found = measured("regression", torch.full((2, 1), value), torch.tensor([[0.0], [1.0]]))
    assert not math.isfinite(found["loss"])
    assert not math.isfinite(found["rmse"])
