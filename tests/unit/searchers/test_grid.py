"""Does a grid hold every configuration once, in the order of nested loops, however it is asked?"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.errors import ConfigurationError, UnsuitableSpace
from raysearch.searchers import EXHAUSTED
from raysearch.searchers.grid import Grid, configurations, count, values
from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int, Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, trial_id

LOSS = Objective(metric="val/loss", direction="minimize")


def trial(number: int, configuration: Configuration) -> Trial:
    return Trial(id=trial_id(number), number=number, configuration=configuration)


def searched(grid: Grid, *, before: Sequence[Configuration] = ()) -> list[Configuration]:
    """Return all that the grid suggests, one after the other, after those tried before."""
    tried = list(before)
    for number, configuration in enumerate(before):
        grid.observe(trial(number, configuration))
    while (suggestion := grid.suggest(number=len(tried), pending=[])) is not EXHAUSTED:
        assert isinstance(suggestion, Suggestion)
        assert suggestion.origin == {"kind": "grid"}
        grid.observe(trial(len(tried), suggestion.configuration))
        tried.append(suggestion.configuration)
    return tried[len(before) :]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Float(0.0, 1.0), (0.0, 0.5, 1.0)),
        (Float(1e-4, 1e-2, log=True), (1e-4, 1e-3, 1e-2)),
        (Float(0.9, 0.99, sampling="reverse_log"), (0.9, pytest.approx(0.9466, abs=1e-3), 0.99)),
        (Float(0.0, 1.0, step=0.25), (0.0, 0.25, 0.5, 0.75, 1.0)),
        (Float(0.5, 0.5), (0.5,)),
        (Int(1, 100), (1, 50, 100)),
        (Int(1, 100, log=True), (1, 10, 100)),
        (Int(1, 3), (1, 2, 3)),
        (Int(8, 64, step=8), tuple(range(8, 65, 8))),
        (Int(8, 64, step=2, log=True), (8, 16, 32, 64)),
        (Choice(list("abcdef")), tuple("abcdef")),
        (Bool(), (False, True)),
        (Fixed(3), (3,)),
    ],
)
def test_values_of_a_parameter(domain: Domain, expected: tuple[object, ...]) -> None:
    found = values(domain, resolution=3)
    assert found == expected
    assert all(domain.contains(value) for value in found)


def test_nested_loops_with_the_last_parameter_fastest() -> None:
    space = Space({"a": Choice(["x", "y"]), "b": Int(1, 2), "c": Bool()})
    order = [tuple(c.values()) for c in searched(Grid(space, objective=LOSS))]
    assert order == list(itertools.product(["x", "y"], [1, 2], [False, True]))


def test_conditions_hold_and_no_branch_is_repeated() -> None:
    space = Space(
        {
            "optimizer": Choice(["sgd", "adam"]),
            "momentum": Float(0.0, 0.9, when={"optimizer": "sgd"}),
            "nesterov": Bool(when={"momentum": 0.9}),
        }
    )
    assert searched(Grid(space, objective=LOSS, resolution=2)) == [
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": False},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
        {"optimizer": "adam"},
    ]


def test_what_was_tried_is_passed_over_whoever_suggested_it() -> None:
    space = Space({"a": Int(0, 4), "b": Bool(), "x": Float(0.0, 1.0)})
    whole = searched(Grid(space, objective=LOSS, resolution=2))
    assert len(whole) == 8
    off_the_grid = {"a": 3, "b": True, "x": 0.123}
    before = [whole[3], off_the_grid, whole[0]]
    rest = searched(Grid(space, objective=LOSS, resolution=2), before=before)
    assert rest == [c for c in whole if c not in before]


def test_a_lost_suggestion_is_made_again() -> None:
    grid = Grid(Space({"a": Int(0, 3)}), objective=LOSS)
    first = grid.suggest(number=1, pending=[])
    assert grid.suggest(number=1, pending=[]) == first
    begun = [trial(1, {"a": 0}), trial(2, {"a": 1})]
    later = grid.suggest(number=3, pending=begun)
    assert isinstance(later, Suggestion)
    assert later.configuration == {"a": 2}
    grid.observe(begun[1])
    assert grid.suggest(number=3, pending=[]) == first  # trial 1 never came about


def test_exhausted_while_the_last_are_in_training_and_for_ever_after() -> None:
    grid = Grid(Space({"a": Bool()}), objective=LOSS)
    pending = [trial(1, {"a": False}), trial(2, {"a": True})]
    assert grid.suggest(number=3, pending=pending) is EXHAUSTED
    for ended in pending:
        grid.observe(ended)
    assert grid.suggest(number=3, pending=[]) is EXHAUSTED


@given(st.permutations(range(12)), st.integers(0, 12))
def test_any_history_leaves_the_rest_in_order(history: list[int], n_ended: int) -> None:
    space = Space({"a": Int(0, 2), "b": Choice(list("wxyz"))})
    whole = list(configurations(space, resolution=5))
    ended, pending = history[:n_ended], history[n_ended : n_ended + 3]
    grid = Grid(space, objective=LOSS)
    for number in ended:
        grid.observe(trial(number, whole[number]))
    suggestion = grid.suggest(number=20, pending=[trial(n, whole[n]) for n in pending])
    left = [c for n, c in enumerate(whole) if n not in ended and n not in pending]
    if left:
        assert isinstance(suggestion, Suggestion)
        assert suggestion.configuration == left[0]
    else:
        assert suggestion is EXHAUSTED


def test_a_large_grid_costs_no_more_for_each_trial_than_a_small_one() -> None:
    space = Space({f"p{i}": Int(0, 9) for i in range(6)})
    grid = Grid(space, objective=LOSS, resolution=10)
    pending: list[Trial] = []

    def seconds_for(numbers: range) -> float:
        started_at = time.process_time()
        for number in numbers:
            suggestion = grid.suggest(number=number, pending=pending)
            assert isinstance(suggestion, Suggestion)
            pending.append(trial(number, suggestion.configuration))
            if len(pending) > 8:
                grid.observe(pending.pop(0))
        return time.process_time() - started_at

    early, _, late = (seconds_for(range(n, n + 4000)) for n in (0, 4000, 8000))
    # Measured: 10 microseconds each. A grid that looks at all before would take twice as long.
    assert late < 1.6 * early + 0.1
    assert pending[-1].configuration == {"p0": 0, "p1": 1, "p2": 1, "p3": 9, "p4": 9, "p5": 9}


def test_the_first_of_very_many_is_there_at_once() -> None:
    space = Space({f"p{i}": Float(0.0, 1.0) for i in range(40)})
    first = next(configurations(space, resolution=10))
    assert set(first.values()) == {0.0}


@pytest.mark.parametrize("resolution", [0, -1, 2.0, True])
def test_a_resolution_that_is_none_is_refused(resolution: object) -> None:
    with pytest.raises(ConfigurationError, match=r"searcher\.resolution is .* at least 1"):
        Grid(Space({"a": Bool()}), objective=LOSS, resolution=resolution)  # type: ignore[arg-type]


def test_without_a_resolution_numbers_need_a_step() -> None:
    stepped = {"width": Int(8, 24, step=8), "rate": Float(0.0, 1.0, step=0.5), "n": Int(1, 2)}
    assert len(searched(Grid(Space(stepped), objective=LOSS, resolution=None))) == 3 * 3 * 2
    endless = Space({**stepped, "dropout": Float(0.0, 1.0), "decay": Float(0.0, 1.0)})
    with pytest.raises(
        UnsuitableSpace,
        match=r"^grid cannot search this space: dropout, decay have infinitely many values, and a "
        r"grid takes each of them\. Choose another method, give each a step, or say with "
        r"searcher\.resolution how many to take\.$",
    ):
        Grid(endless, objective=LOSS, resolution=None)


def test_a_grid_is_counted_up_to_a_limit() -> None:
    space = Space({"n": Int(1, 4), "deep": Bool(), "depth": Int(1, 3, when={"deep": True})})
    assert count(space, resolution=5) == 4 * (1 + 3)
    assert count(space, resolution=5, at_most=7) == 7
