"""Is a worse trial accepted while it is hot, and by how much does it cool?"""

from __future__ import annotations

import math

import pytest

from raysearch.searchers.annealing import Annealing
from raysearch.space import Choice, Int, Space
from raysearch.trial import TrialStatus
from tests.unit.searchers.histories import LOSS, search, suggestions, tell, trial

LINE = Space({"x": Int(0, 9999)})


def annealing(space: Space = LINE, **settings: float) -> Annealing:
    return Annealing(space, objective=LOSS, **settings)


def present(searcher: Annealing) -> str:
    """Return the id of the trial whose mutations are suggested."""
    (suggestion,) = suggestions(searcher, [5000])
    assert suggestion.origin["kind"] == "annealing"
    (parent,) = suggestion.origin["parents"]
    return str(parent)


def test_at_the_start_the_best_random_one_is_present() -> None:
    searcher = annealing(n_startup=3, temperature=1e9)
    tell(searcher, {1: 0.5, 2: 0.1})
    assert suggestions(searcher, [3])[0].origin == {"kind": "random"}
    searcher.observe(trial(3, {"x": 3}, 0.3))
    assert present(searcher) == "0002"


def test_a_better_one_is_accepted_and_a_cold_search_accepts_no_other() -> None:
    searcher = annealing(n_startup=1, temperature=1e-9)
    tell(searcher, {1: 0.5})
    for number, loss, expected in [(2, 0.4, "0002"), (3, 0.45, "0002"), (4, 0.2, "0004")]:
        searcher.observe(trial(number, {"x": number}, loss))
        assert present(searcher) == expected


def test_a_hot_search_accepts_all_but_those_that_failed() -> None:
    searcher = annealing(n_startup=1, temperature=1e9, cooling=0.0)
    tell(searcher, {1: 0.5, 2: 0.6, 3: 0.9})
    assert present(searcher) == "0003"
    searcher.observe(trial(4, {"x": 4}, None, status=TrialStatus.FAILED))
    assert present(searcher) == "0003"


def test_the_chance_is_that_of_the_share_of_trials_between() -> None:
    # 3 of 5 trials lie between: from the best, one past three others is 4 places worse, of 6.
    n, n_accepted = 400, 0
    for seed in range(n):
        searcher = annealing(seed=seed, n_startup=5, temperature=0.5, cooling=0.0)
        tell(searcher, {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.9})
        searcher.observe(trial(6, {"x": 6}, 0.5))
        n_accepted += present(searcher) == "0006"
    expected = math.exp(-(4 / 6) / 0.5)  # 0.264
    deviation = math.sqrt(n * expected * (1 - expected))
    assert abs(n_accepted - n * expected) < 4 * deviation  # one false alarm in 16,000


def test_the_temperature_falls_with_the_trials_after_the_random_ones() -> None:
    searcher = annealing(n_startup=2, temperature=0.3, cooling=0.1)
    found = []
    for number in range(1, 23):
        searcher.observe(trial(number, {"x": number}, 1.0))
        found.append(searcher.temperature)
    assert found[:2] == [0.3, 0.3]
    assert found[11] == pytest.approx(0.3 / 2)  # 10 after the random ones
    assert found[21] == pytest.approx(0.3 / 3)
    assert suggestions(searcher, [30])[0].origin["temperature"] == 0.1


def test_suggestions_come_nearer_as_it_cools() -> None:
    space = Space({f"p{i}": Choice(list(range(9))) for i in range(12)})

    def differing(searcher: Annealing) -> float:
        parent = dict.fromkeys(space.keys, 0)
        children = [s.configuration for s in suggestions(searcher, range(1000, 1040))]
        return sum(c[key] != parent[key] for c in children for key in parent) / len(children)

    hot = annealing(space, n_startup=1, further_mutations=4.0)
    hot.observe(trial(1, dict.fromkeys(space.keys, 0), 0.0))
    assert 3.5 < differing(hot) < 5  # 1 + 4, less those that hit a parameter twice
    cold = annealing(space, n_startup=1, further_mutations=4.0, cooling=1e9)
    for number, start in enumerate([0, 1], start=1):
        cold.observe(trial(number, dict.fromkeys(space.keys, start), float(start)))
    assert differing(cold) == 1


def test_lineage_is_in_the_origin() -> None:
    trials = {t.id: t for t in search(annealing(), 30, lambda c: float(c["x"]))}
    children = [t for t in trials.values() if t.origin["kind"] == "annealing"]
    assert len(children) == 20
    for child in children:
        (parent,) = child.origin["parents"]
        assert child.origin["generation"] == trials[parent].origin.get("generation", 0) + 1
