"""Brackets have the sizes of the papers' tables, and of Keras Tuner."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.schedulers.hyperband import Hyperband
from raysearch.schedulers.successive_halving import SuccessiveHalving
from raysearch.trial import Objective

LOSS = Objective(metric="loss", direction="minimize")


def table(**settings):
    """Return [(trials, epochs), ...] for each bracket of Hyperband."""
    plans = Hyperband(objective=LOSS, **settings).plans
    return [list(zip(plan.sizes, plan.levels, strict=True)) for plan in plans]


def test_hyperband_has_the_brackets_of_the_papers_table_for_81_epochs():
    """Li et al., JMLR 2018, table 1."""
    assert table(max_epochs=81, reduction_factor=3) == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


def test_hyperband_has_the_numbers_of_keras_tuner_for_100_epochs():
    found = table(max_epochs=100, arithmetic="keras_tuner")
    assert found == [
        [(98, 2), (33, 4), (11, 12), (4, 34), (2, 100)],
        [(41, 4), (14, 12), (5, 34), (2, 100)],
        [(18, 12), (6, 34), (2, 100)],
        [(9, 34), (3, 100)],
        [(6, 100)],
    ]
    plans = Hyperband(objective=LOSS, max_epochs=100, arithmetic="keras_tuner").plans
    assert sum(size for plan in plans for size in plan.sizes) == 254  # Keras Tuner's trials
    assert sum(plan.epochs for plan in plans) == 2672


def test_the_paper_rounds_epochs_down_that_are_no_power():
    assert table(max_epochs=100)[0] == [(81, 1), (27, 3), (9, 11), (3, 33), (1, 100)]


def test_min_epochs_leaves_out_the_brackets_that_begin_below():
    assert table(max_epochs=81, min_epochs=9) == [
        [(9, 9), (3, 27), (1, 81)],
        [(5, 27), (1, 81)],
        [(3, 81)],
    ]
    assert table(max_epochs=81, min_epochs=81) == [[(1, 81)]]


@pytest.mark.parametrize("arithmetic", ["paper", "keras_tuner"])
@pytest.mark.parametrize("reduction_factor", [2, 3, 4, 7])
def test_every_bracket_falls_and_rises(arithmetic, reduction_factor):
    for max_epochs in range(1, 130):
        plans = Hyperband(
            objective=LOSS,
            max_epochs=max_epochs,
            reduction_factor=reduction_factor,
            arithmetic=arithmetic,
        ).plans
        assert reduction_factor ** (len(plans) - 1) <= max_epochs < reduction_factor ** len(plans)
        for plan in plans:
            assert list(plan.sizes) == sorted(plan.sizes, reverse=True)
            assert plan.sizes[-1] >= 1
            assert list(plan.levels) == sorted(set(plan.levels))
            assert plan.levels[-1] == max_epochs
            assert plan.levels[0] >= 1


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"n_trials": 10}, (10, 3, 1, 1)),
        ({"max_trials": 64}, (64, 21, 7, 2)),
        ({"max_trials": 64, "n_trials": 27}, (27, 9, 3, 1)),
        ({}, (27, 9, 3, 1)),
        ({"min_epochs": 27, "n_trials": 4}, (4,)),
    ],
)
def test_successive_halving_begins_as_many_as_are_set_or_budgeted(settings, sizes):
    assert SuccessiveHalving(objective=LOSS, max_epochs=27, **settings).plan.sizes == sizes


@pytest.mark.parametrize(
    ("policy", "settings", "fault"),
    [
        (Hyperband, {"min_epochs": 28}, r"scheduler\.min_epochs is 28.* 1 to 27"),
        (Hyperband, {"reduction_factor": 1}, r"scheduler\.reduction_factor is 1"),
        (SuccessiveHalving, {"n_trials": 0}, r"scheduler\.n_trials is 0"),
        (SuccessiveHalving, {"min_epochs": 0}, r"scheduler\.min_epochs is 0"),
    ],
)
def test_a_setting_out_of_range_is_named(policy, settings, fault):
    with pytest.raises(ConfigurationError, match=fault):
        policy(objective=LOSS, max_epochs=27, **settings)
