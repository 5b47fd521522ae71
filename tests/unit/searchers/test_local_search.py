"""Are the neighbours of the best tried, and does the search begin again where none is better?"""

from __future__ import annotations

import pytest

from raysearch.searchers.local_search import LocalSearch
from raysearch.space import Choice, Int, Space
from raysearch.trial import Configuration, Suggestion, Trial, TrialStatus
from tests.unit.searchers.histories import LOSS, search, suggestions, trial

LETTERS = Space({name: Choice(list("abcde")) for name in ("p", "q", "r")})
ALL_A = dict.fromkeys("pqr", "a")


def local_search(space: Space = LETTERS, **settings: float) -> LocalSearch:
    return LocalSearch(space, objective=LOSS, **{"n_startup": 1, **settings})


def differing(one: Configuration, other: Configuration) -> int:
    return sum(one[key] != other[key] for key in one)


def child_of(number: int, suggestion: Suggestion, loss: float | None) -> Trial:
    status = TrialStatus.FAILED if loss is None else TrialStatus.COMPLETED
    origin = suggestion.origin
    return trial(number, suggestion.configuration, loss, origin=origin, status=status)


def test_suggestions_are_neighbours_of_the_best_random_one() -> None:
    searcher = local_search(n_startup=2)
    searcher.observe(trial(1, ALL_A, 0.1))
    assert suggestions(searcher, [2])[0].origin == {"kind": "random"}
    searcher.observe(trial(2, dict.fromkeys("pqr", "b"), 0.2))
    for suggestion in suggestions(searcher, range(10, 40)):
        assert suggestion.origin["parents"] == ["0001"]
        assert differing(suggestion.configuration, ALL_A) == 1


def test_the_centre_moves_to_the_first_better_neighbour() -> None:
    searcher = local_search()
    searcher.observe(trial(1, ALL_A, 0.5))
    worse, better = suggestions(searcher, [2, 3])
    searcher.observe(child_of(2, worse, 0.6))
    assert suggestions(searcher, [4])[0].origin["parents"] == ["0001"]
    searcher.observe(child_of(3, better, 0.4))
    (further,) = suggestions(searcher, [5])
    assert further.origin["parents"] == ["0003"]
    assert further.origin["generation"] == 2
    assert differing(further.configuration, better.configuration) == 1


@pytest.mark.parametrize("loss", [0.6, None])
def test_it_begins_again_after_so_many_neighbours_that_were_no_better(loss: float | None) -> None:
    searcher = local_search(n_neighbours=2, kick=0.0)  # of 3 parameters: 6 neighbours
    searcher.observe(trial(1, ALL_A, 0.5))
    for number in range(2, 8):
        (suggestion,) = suggestions(searcher, [number])
        assert suggestion.origin["kind"] == "local_search"
        searcher.observe(child_of(number, suggestion, loss))
    (beginning,) = suggestions(searcher, [8])
    assert beginning.origin == {"kind": "restart", "climb": 1}
    searcher.observe(child_of(8, beginning, 0.9))  # worse than the first centre, and yet the next
    assert suggestions(searcher, [9])[0].origin["parents"] == ["0008"]


def test_it_begins_again_when_all_neighbours_are_tried() -> None:
    space = Space({"p": Choice(["a", "b"]), "q": Choice(["a", "b"])})
    searcher = local_search(space, n_neighbours=100, kick=0.0)
    searcher.observe(trial(1, {"p": "a", "q": "a"}, 0.5))
    for number in (2, 3):
        (suggestion,) = suggestions(searcher, [number])
        assert suggestion.origin["kind"] == "local_search"
        searcher.observe(child_of(number, suggestion, 0.6))
    (last,) = suggestions(searcher, [4])
    assert last.configuration == {"p": "b", "q": "b"}
    assert last.origin["kind"] in ("restart", "random")


def test_a_kick_goes_so_far_from_the_best() -> None:
    space = Space({f"p{i}": Choice(list(range(50))) for i in range(8)})
    searcher = local_search(space, n_neighbours=1, kick=1.0, distance=3)
    best = dict.fromkeys(space.keys, 0)
    searcher.observe(trial(1, best, 0.1))
    for number in range(2, 10):
        (suggestion,) = suggestions(searcher, [number])
        searcher.observe(child_of(number, suggestion, 0.6))
    beginnings = suggestions(searcher, range(100, 130))
    assert {s.origin["kind"] for s in beginnings} == {"restart"}
    assert all(s.origin["parents"] == ["0001"] for s in beginnings)
    distances = {differing(s.configuration, best) for s in beginnings}
    assert 3 in distances
    assert distances <= {1, 2, 3}


def test_a_late_neighbour_that_is_better_is_not_lost() -> None:
    searcher = local_search(n_neighbours=1, kick=0.0)
    searcher.observe(trial(1, ALL_A, 0.5))
    *first, late = suggestions(searcher, range(2, 6))
    for number, suggestion in enumerate(first, start=2):
        searcher.observe(child_of(number, suggestion, 0.6))
    (beginning,) = suggestions(searcher, [6])
    assert beginning.origin["kind"] == "restart"
    searcher.observe(child_of(6, beginning, 0.9))
    searcher.observe(child_of(5, late, 0.3))
    assert suggestions(searcher, [7])[0].origin["parents"] == ["0005"]


def test_a_slope_is_climbed_to_its_end() -> None:
    space = Space({"x": Int(0, 9), "y": Int(0, 9)})
    trials = search(local_search(space, seed=1), 60, lambda c: float(c["x"] + c["y"]))
    assert min(t.value(LOSS) for t in trials) == 0.0
