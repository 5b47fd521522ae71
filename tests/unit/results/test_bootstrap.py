"""Intervals of metrics, by drawing the examples again."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from raysearch.results import bootstrap
from raysearch.results.bootstrap import intervals, resamples
from raysearch.training.outcomes import ClassCounts, Examined, Outcomes, scores_of


def classes(n=400, *, right=0.8, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    chosen = np.where(rng.random(n) < right, truth, (truth + 1) % 3)
    return Outcomes(task="classification", truth=truth, chosen=chosen, losses=rng.random(n))


def numbers(n=300, *, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, 2))
    chosen = truth + 0.5 * rng.normal(size=(n, 2))
    losses = np.square(chosen - truth).mean(1)
    return Outcomes(task="regression", truth=truth, chosen=chosen, losses=losses, scale=10.0)


def values_of(outcomes, *, prefix="test/"):
    whole = np.ones((1, outcomes.n))
    return {f"{prefix}{name}": float(s(whole)[0]) for name, s in scores_of(outcomes).items()}


@pytest.mark.parametrize("outcomes", [classes(), numbers()], ids=["classes", "numbers"])
def test_every_metric_that_is_a_sum_has_an_interval_around_its_value(outcomes):
    values = values_of(outcomes)
    found = intervals(Examined(values=values, outcomes=outcomes))
    assert found.keys() == values.keys()
    for name, value in values.items():
        assert found[name]["low"] < value < found[name]["high"], name
        assert (found[name]["level"], found[name]["n"]) == (0.95, outcomes.n)


def test_of_an_accuracy_it_is_as_wide_as_the_binomial_says():
    outcomes = classes(1000)
    values = {"test_acc": float(outcomes.hits.mean())}
    interval = intervals(Examined(values=values, outcomes=outcomes))["test_acc"]
    deviation = (values["test_acc"] * (1 - values["test_acc"]) / 1000) ** 0.5
    assert interval["high"] - interval["low"] == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_numbers_are_in_the_units_of_the_data():
    values = values_of(numbers())
    found = intervals(Examined(values=values, outcomes=numbers()))
    assert values["test/rmse"] == pytest.approx(5.0, rel=0.1)
    assert found["test/rmse"]["low"] > 4.0


def test_the_same_is_said_every_time():
    examined = Examined(values=values_of(classes()), outcomes=classes())
    assert intervals(examined) == intervals(examined)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"test/accuracy": 0.1}, "of the examples it would be 0.8.*measured in another way"),
        ({"test/accuracy": None}, "not finite"),
        ({"test/auroc": 0.9}, "no sum over examples"),
    ],
)
def test_what_has_no_interval_says_why(values, reason):
    (found,) = intervals(Examined(values=values, outcomes=classes())).values()
    assert list(found) == ["reason"]
    assert re.search(reason, found["reason"])


def test_where_no_example_is_known_the_reason_is_told():
    found = intervals(Examined(values={"test/loss": 1.0}, reason="a batch is no tuple"))
    assert found == {"test/loss": {"reason": "a batch is no tuple"}}


def test_of_a_model_that_has_all_right_nothing_is_said():
    outcomes = replace(classes(), chosen=classes().truth)
    found = intervals(Examined(values={"test/accuracy": 1.0}, outcomes=outcomes))
    assert "always come to the same" in found["test/accuracy"]["reason"]


def test_many_examples_are_drawn_fewer_times(monkeypatch):
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 100_000)
    monkeypatch.setattr(bootstrap, "AT_ONCE", 5_000)
    for n, expected in ((1, 2000), (100, 1000), (900, 500)):
        blocks = [block.shape for block in resamples(n)]
        assert sum(rows for rows, _ in blocks) == expected
        assert all(rows * n <= 5_000 for rows, _ in blocks)


def test_classes_are_counted_as_by_matrices_and_without_any():
    rng = np.random.default_rng(0)
    truth, chosen = rng.integers(-1, 7, size=(2, 60)) * 3  # few classes occur, and some have none
    weights = rng.integers(4, size=(5, 60)).astype(float)
    classes = np.arange(19)
    is_true, is_chosen = truth[:, None] == classes, chosen[:, None] == classes
    occurs = (is_true | is_chosen).any(0)
    found = ClassCounts(truth, chosen)(weights)
    for counted, matrix in zip(found, (is_true & is_chosen, is_true, is_chosen), strict=True):
        assert np.array_equal(counted, (weights @ matrix)[:, occurs])


def test_very_many_classes_take_little_memory():
    n = 20_000
    rng = np.random.default_rng(0)
    truth = rng.permutation(n) * 50  # up to a million, of which a matrix would have 160 GB
    known = Outcomes(
        task="classification",
        truth=truth,
        chosen=np.where(rng.random(n) < 0.75, truth, truth[::-1]),
        losses=np.ones(n),
    )
    tracemalloc.start()
    found = scores_of(known)["f1"](np.ones((2, n)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (2,)
    assert 0.6 < found[0] < 0.9
    assert peak < 500 * n
