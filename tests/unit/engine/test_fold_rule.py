"""Trials are stopped before their last fold rarely enough, and often enough to be worth it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from raysearch.engine.fold_rule import FoldRule, chance, upper_tail

N_SEARCHES = 4000


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [(0.0, 7, 0.5), (6.3138, 1, 0.05), (2.9200, 2, 0.05), (4.5407, 3, 0.01), (3.7469, 4, 0.01),
     (2.2281, 10, 0.025), (-2.2281, 10, 0.975)],
)  # fmt: skip
def test_the_tail_is_that_of_the_published_tables(t, freedom, p):
    assert upper_tail(t, freedom=freedom) == pytest.approx(p, abs=2e-5)


def stopped(differences, *, rule):
    """Return whether a trial with these differences is stopped at one of the looks."""
    return any(rule.is_hopeless(differences[:n]) for n in range(2, rule.n_folds))


@pytest.mark.parametrize("advantage", [0.0, -0.3, 0.5])
@pytest.mark.parametrize("n_folds", [3, 5])
def test_a_trial_that_would_have_become_the_best_is_stopped_no_oftener_than_the_risk(
    n_folds, advantage
):
    rule = FoldRule(n_folds=n_folds, risk=0.05)
    drawn = np.random.default_rng(n_folds).normal(-advantage, 1.0, (N_SEARCHES, n_folds))
    wins = drawn.mean(axis=1) < 0
    losses = sum(stopped(list(row), rule=rule) for row in drawn[wins])
    # four standard deviations above the risk: a false alarm in 30,000
    most = 0.05 + 4 * math.sqrt(0.05 * 0.95 / N_SEARCHES)
    assert losses / N_SEARCHES <= most


def test_a_trial_that_is_clearly_worse_is_stopped():
    drawn = np.random.default_rng(0).normal(1.0, 0.1, (1000, 5))
    rule = FoldRule(n_folds=5, risk=0.01)
    assert sum(stopped(list(row), rule=rule) for row in drawn) > 900
    assert not any(stopped(list(row), rule=FoldRule(n_folds=5, risk=0.0)) for row in drawn)


def test_differences_that_are_all_the_same_tell_nothing():
    assert chance([0.1, 0.1, 0.1], n_folds=5) == 1.0
    assert not FoldRule(n_folds=5, risk=0.5).is_hopeless([0.1, 0.1])


def test_there_is_nothing_to_stop_after_one_fold_or_all():
    rule = FoldRule(n_folds=3, risk=0.5)
    assert not rule.is_hopeless([0.5])
    assert rule.is_hopeless([0.5, 0.51])
    assert not rule.is_hopeless([0.5, 0.51, 0.5])
    assert not FoldRule(n_folds=2, risk=0.5).is_hopeless([0.5, 0.51])
