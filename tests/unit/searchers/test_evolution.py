"""Do children descend from the best of the young, and does what is old die?"""

from __future__ import annotations

from typing import Any

import pytest

from raysearch.errors import ConfigurationError
from raysearch.searchers.evolution import Evolution
from raysearch.space import Choice, Int, Space
from raysearch.trial import TrialStatus
from tests.unit.searchers.histories import LOSS, search, suggestions, tell, trial

LINE = Space({"x": Int(0, 999)})


def evolution(space: Space = LINE, **settings: Any) -> Evolution:
    return Evolution(space, objective=LOSS, **settings)


def parents(searcher: Evolution, *, n: int = 60) -> set[str]:
    found = set[str]()
    for suggestion in suggestions(searcher, range(100, 100 + n)):
        assert suggestion.origin["kind"] == "evolution"
        found |= set(suggestion.origin["parents"])
    return found


def test_the_population_is_random_until_it_is_full() -> None:
    searcher = evolution(population_size=3, tournament_size=2)
    tell(searcher, {1: 0.5, 2: 0.4})
    assert {s.origin["kind"] for s in suggestions(searcher, range(10))} == {"random"}
    searcher.observe(trial(3, {"x": 3}, 0.3))
    assert {s.origin["kind"] for s in suggestions(searcher, range(10))} == {"evolution"}


def test_in_a_tournament_of_all_the_best_wins() -> None:
    searcher = evolution(population_size=3, tournament_size=3)
    tell(searcher, {1: 0.5, 2: 0.1, 3: 0.3})
    assert parents(searcher) == {"0002"}


def test_in_a_tournament_of_two_the_worst_of_all_never_wins() -> None:
    searcher = evolution(population_size=3, tournament_size=2)
    tell(searcher, {1: 0.5, 2: 0.1, 3: 0.3})
    assert parents(searcher) == {"0002", "0003"}


def test_a_tournament_of_one_is_a_draw() -> None:
    searcher = evolution(population_size=3, tournament_size=1)
    tell(searcher, {1: 0.5, 2: 0.1, 3: 0.3})
    assert parents(searcher) == {"0001", "0002", "0003"}


def test_the_best_dies_of_age() -> None:
    searcher = evolution(population_size=3, tournament_size=3)
    tell(searcher, {1: 0.0, 2: 0.5, 3: 0.6, 4: 0.7})
    assert parents(searcher) == {"0002"}


def test_failed_trials_take_no_place() -> None:
    searcher = evolution(population_size=2, tournament_size=2)
    tell(searcher, {1: 0.1, 2: 0.2})
    for number in (3, 4):
        searcher.observe(trial(number, {"x": number}, None, status=TrialStatus.FAILED))
    assert parents(searcher) == {"0001"}


def test_a_child_differs_in_one_parameter() -> None:
    space = Space({name: Choice(list("abcdefghij")) for name in ("p", "q", "r")})
    searcher = evolution(space, population_size=2, tournament_size=2, further_mutations=0)
    parent = {"p": "a", "q": "a", "r": "a"}
    searcher.observe(trial(1, parent, 0.1))
    searcher.observe(trial(2, {"p": "b", "q": "b", "r": "b"}, 0.2))
    for suggestion in suggestions(searcher, range(100, 130)):
        assert sum(suggestion.configuration[key] != parent[key] for key in parent) == 1


def test_generations_are_counted_along_the_line() -> None:
    searcher = evolution(population_size=4, tournament_size=2)
    trials = {t.id: t for t in search(searcher, 40, lambda c: float(c["x"]))}
    children = [t for t in trials.values() if t.origin["kind"] == "evolution"]
    assert len(children) == 36
    for child in children:
        (parent,) = child.origin["parents"]
        before = trials[parent].origin.get("generation", 0)
        assert child.origin["generation"] == before + 1
    assert max(child.origin["generation"] for child in children) >= 3


def test_settings_out_of_range_are_named_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        evolution(population_size=1, tournament_size=0, further_mutations=-1.0)
    assert [fault.split(" is ")[0] for fault in caught.value.faults] == [
        "searcher.population_size",
        "searcher.tournament_size",
        "searcher.further_mutations",
    ]


def test_a_tournament_larger_than_the_population_is_refused() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"searcher\.tournament_size is 9, and searcher\.population_size 4\. Raise the one",
    ):
        evolution(population_size=4, tournament_size=9)


def test_children_inherit_weights_only_if_asked_to() -> None:
    for inherit, told in (("none", False), ("weights", True)):
        searcher = evolution(population_size=2, tournament_size=2, inherit=inherit)
        tell(searcher, {1: 0.5, 2: 0.1})
        (suggestion,) = suggestions(searcher, [5])
        assert ("inherits" in suggestion.origin) == told
    assert suggestion.origin["inherits"]["trial"] == "0002"


def test_what_they_inherit_does_not_change_which_they_are() -> None:
    found = []
    for inherit in ("none", "weights"):
        searcher = evolution(population_size=2, tournament_size=2, inherit=inherit)
        tell(searcher, {1: 0.5, 2: 0.1})
        found.append([s.configuration for s in suggestions(searcher, range(5, 15))])
    assert found[0] == found[1]


def test_another_thing_to_inherit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"searcher\.inherit is 'genes'.*none or weights"):
        evolution(inherit="genes")
