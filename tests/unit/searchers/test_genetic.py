"""Do the best survive, and does a child have nothing but what its parents had?"""

from __future__ import annotations

from raysearch.searchers.genetic import Genetic
from raysearch.space import Choice, Int, Space
from tests.unit.searchers.histories import LOSS, search, suggestions, tell, trial

LINE = Space({"x": Int(0, 999)})
LETTERS = Space({name: Choice(list("abcdefgh")) for name in ("p", "q", "r", "s")})


def genetic(space: Space = LINE, **settings: float) -> Genetic:
    return Genetic(space, objective=LOSS, **settings)


def test_the_best_survive_however_old() -> None:
    searcher = genetic(population_size=2, tournament_size=1, crossover=0.0)
    tell(searcher, {1: 0.0, 2: 0.1, 3: 0.6, 4: 0.7})
    found = {s.origin["parents"][0] for s in suggestions(searcher, range(100, 140))}
    assert found == {"0001", "0002"}


def test_a_better_trial_takes_the_place_of_the_worst() -> None:
    searcher = genetic(population_size=2, tournament_size=1, crossover=0.0)
    tell(searcher, {1: 0.3, 2: 0.4, 3: 0.1})
    found = {s.origin["parents"][0] for s in suggestions(searcher, range(100, 140))}
    assert found == {"0001", "0003"}


def test_without_mutation_a_child_has_only_values_of_its_parents_and_from_both() -> None:
    searcher = genetic(LETTERS, population_size=2, tournament_size=1, crossover=1.0, mutation=0.0)
    searcher.observe(trial(1, dict.fromkeys("pqrs", "a"), 0.1))
    searcher.observe(trial(2, dict.fromkeys("pqrs", "b"), 0.2))
    n_mixed = 0
    for suggestion in suggestions(searcher, range(100, 140)):
        assert set(suggestion.origin["parents"]) == {"0001", "0002"}
        others = [v for v in suggestion.configuration.values() if v not in ("a", "b")]
        # A child like a parent is mutated: so was tried, in 2 of 16 crossovers.
        n_mixed += not others
        assert len(others) <= 1 or set(suggestion.configuration.values()) & {"a", "b"}
    assert n_mixed >= 20  # 35 expected; below 20 once in 10^9 seeds


def test_a_child_of_one_parent_is_always_mutated() -> None:
    searcher = genetic(LETTERS, population_size=2, crossover=0.0, mutation=0.0, tournament_size=2)
    searcher.observe(trial(1, dict.fromkeys("pqrs", "a"), 0.1))
    searcher.observe(trial(2, dict.fromkeys("pqrs", "b"), 0.2))
    for suggestion in suggestions(searcher, range(100, 130)):
        assert suggestion.origin["parents"] == ["0001"]
        assert "a" in suggestion.configuration.values()
        assert set(suggestion.configuration.values()) != {"a"}


def test_a_branch_comes_from_one_parent_as_a_whole() -> None:
    wide = Space({"width": Choice(list(range(8))), "act": Choice(list("abcdefgh"))})
    deep = Space({"depth": Choice(list(range(8)))})
    space = Space({"model": Choice({"wide": wide, "deep": deep}), "rate": Choice([1, 2, 3, 4])})
    searcher = genetic(space, population_size=2, tournament_size=1, crossover=1.0, mutation=0.0)
    searcher.observe(trial(1, {"model": "wide", "width": 3, "act": "d", "rate": 1}, 0.1))
    searcher.observe(trial(2, {"model": "deep", "depth": 5, "rate": 2}, 0.2))
    crossed = [
        dict(s.configuration)
        for s in suggestions(searcher, range(100, 140))
        if s.configuration["rate"] in (1, 2)
    ]
    whole = [
        {"model": "wide", "width": 3, "act": "d", "rate": 2},
        {"model": "deep", "depth": 5, "rate": 1},
    ]
    assert sum(configuration in whole for configuration in crossed) >= 8  # 20 expected
    assert all(configuration in crossed for configuration in whole)


def test_a_generation_is_one_more_than_the_older_parents() -> None:
    searcher = genetic(population_size=5)
    trials = {t.id: t for t in search(searcher, 40, lambda c: float(c["x"]))}
    children = [t for t in trials.values() if t.origin["kind"] == "genetic"]
    assert len(children) == 35
    for child in children:
        before = [trials[parent].origin.get("generation", 0) for parent in child.origin["parents"]]
        assert child.origin["generation"] == max(before) + 1
    assert {len(child.origin["parents"]) for child in children} == {1, 2}


def test_a_child_inherits_the_weights_of_its_better_parent_of_the_same_family() -> None:
    space = Space(
        {"model": Choice({"mlp": Space({"a": Int(0, 99)}), "cnn": Space({"b": Int(0, 99)})})}
    )
    searcher = Genetic(space, objective=LOSS, population_size=3, crossover=1.0, inherit="weights")
    searcher.observe(trial(1, {"model": "mlp", "a": 1}, 0.1))
    searcher.observe(trial(2, {"model": "cnn", "b": 1}, 0.2))
    searcher.observe(trial(3, {"model": "cnn", "b": 9}, 0.3))
    best, n_heirs = {"mlp": {"0001"}, "cnn": {"0002", "0003"}}, 0
    for suggestion in suggestions(searcher, range(100, 140)):
        parents = set(suggestion.origin.get("parents", ()))  # none of what is drawn in its place
        alike = parents & best[str(suggestion.configuration["model"])]
        told = suggestion.origin.get("inherits")
        assert (told is not None) == bool(alike)
        if told is not None:
            assert told["trial"] == min(alike)
            n_heirs += 1
    assert n_heirs > 10
