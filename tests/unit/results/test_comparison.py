"""Is it told which search is better, and how sure that is?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.results import Results
from raysearch.results.comparison import compare, permutation_test
from tests.many import many


def runs(tmp_path, searcher, n, *, gain=0.0, n_trials=12, first_seed=0, **settings):
    return [
        Results.read(
            many(
                tmp_path / f"{searcher}-{seed}",
                n_trials,
                seed=seed,
                gain=gain,
                searcher=searcher,
                **settings,
            ).path
        )
        for seed in range(first_seed, first_seed + n)
    ]


def test_the_better_search_comes_first_with_the_probability_of_chance(tmp_path):
    found = compare(
        [*runs(tmp_path, "random", 4), *runs(tmp_path, "annealing", 4, gain=0.3, first_seed=4)]
    )
    assert [g.label for g in found.groups] == ["searcher.name=annealing", "searcher.name=random"]
    (duel,) = found.duels
    assert duel.better.label == "searcher.name=annealing"
    assert duel.difference == pytest.approx(0.3, abs=0.1)
    assert (duel.p, duel.n_deals) == (pytest.approx(2 / 70), 70)


def test_single_runs_are_shown_without_a_test(tmp_path):
    found = compare([*runs(tmp_path, "random", 1), *runs(tmp_path, "annealing", 3)])
    (duel,) = found.duels
    assert duel.p is None
    assert found.groups[0].std is None or found.groups[1].std is None


def test_runs_that_differ_in_the_seed_alone_are_one_search(tmp_path):
    found = compare(runs(tmp_path, "random", 3))
    assert [(g.label, len(g.values)) for g in found.groups] == [("all", 3)]
    assert found.duels == ()


def test_values_are_those_after_as_many_epochs_as_the_shortest_run_has(tmp_path):
    short = runs(tmp_path, "random", 1, n_trials=6)
    long = runs(tmp_path, "annealing", 1, n_trials=30)
    found = compare([*short, *long])
    assert found.epochs == short[0].state.epochs < long[0].state.epochs
    of_long = next(g for g in found.groups if "annealing" in g.label)
    best = long[0].ranking()[0].value(long[0].objective)
    assert of_long.values[0] <= best


def test_other_data_is_not_compared(tmp_path):
    one = runs(tmp_path, "random", 1)
    other = runs(tmp_path, "annealing", 1, data={"name": "digits", "args": {"validation": 0.3}})
    assert compare([*one, *other]).reason == "they differ in data"


def test_a_setting_of_a_searcher_sets_runs_apart(tmp_path):
    one = runs(tmp_path, "hyperopt", 1)
    settings = {"name": "hyperopt", "gamma": 0.3}
    other = Results.read(many(tmp_path / "other", 12, searcher=settings).path)
    labels = {g.label for g in compare([*one, other]).groups}
    assert labels == {"searcher.gamma=0.3", "searcher.gamma=0.5"}


def test_without_a_difference_small_probabilities_are_as_rare_as_they_say():
    """Of 400 tests on equal searches 20 are expected at 0.05, standard deviation 4.4: five of
    these are far from it, a false alarm in a million runs."""
    rng = np.random.default_rng(0)
    below = sum(
        permutation_test(rng.normal(size=4), rng.normal(size=4))[0] <= 0.05 for _ in range(400)
    )
    assert below < 20 + 5 * 4.4


def test_many_deals_are_drawn():
    rng = np.random.default_rng(0)
    p, n_deals = permutation_test(rng.normal(size=20), rng.normal(size=20) + 3.0)
    assert n_deals == 20_000
    assert 0 < p <= 1e-3
