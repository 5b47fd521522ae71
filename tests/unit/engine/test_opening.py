"""The default comes first, then each point once; a resume goes on with the point that is next."""

from __future__ import annotations

import pytest

from raysearch.engine.opening import opening
from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Float, Int, Space
from tests.lab import SPACE, Lab

POINTS = [{"width": 7}, {"width": 50}, {"width": 9}, {"width": 7}, {"width": 8}]  # 50: the default


def tried(lab, n):
    return [lab.engine.next_trial().configuration["width"] for _ in range(n)]


def test_each_point_once_and_in_order_after_the_default():
    lab = Lab(points=POINTS, max_trials=10).start()
    assert tried(lab, 6) == [50, 7, 9, 8, 4, 5]  # and then what the searcher has for numbers 4, 5
    origins = [dict(trial.origin) for trial in lab.state.trials.values()]
    assert origins[:4] == [
        {"kind": "default"},
        {"kind": "point", "position": 0},
        {"kind": "point", "position": 2},
        {"kind": "point", "position": 4},
    ]
    assert {origin["kind"] for origin in origins[4:]} == {"counting"}


@pytest.mark.parametrize("n_before", [0, 1, 2, 3, 4, 5])
def test_points_go_on_where_the_journal_ends(n_before):
    lab = Lab(points=POINTS, max_trials=10).start()
    before = tried(lab, n_before)
    again = Lab(points=POINTS, max_trials=10)
    again.engine.replay(lab.journal.events)
    again.engine.resume(settings={})
    assert before + tried(again, 6 - n_before) == [50, 7, 9, 8, 4, 5]


def test_the_budget_counts_points_as_trials():
    lab = Lab(points=POINTS, max_trials=2).start()
    assert tried(lab, 2) == [50, 7]
    assert lab.engine.next_trial() is None


def test_a_point_is_put_into_the_order_and_types_of_the_space():
    space = Space(
        {
            "optimizer": Choice(["adam", "sgd"]),
            "momentum": Float(0.0, 1.0, when={"optimizer": "sgd"}),
            "bias": Bool(),
        }
    )
    [_, point] = opening(space, points=[{"bias": False, "momentum": 1, "optimizer": "sgd"}])
    assert list(point.configuration.items()) == [
        ("optimizer", "sgd"),
        ("momentum", 1.0),
        ("bias", False),
    ]
    assert type(point.configuration["momentum"]) is float


def test_without_points_there_is_the_default():
    assert [s.configuration for s in opening(Space({"a": Int(1, 3)}))] == [{"a": 2}]


def test_a_point_outside_the_space_is_refused():
    with pytest.raises(ConfigurationError, match=r"width: 1000 lies outside 1 to 100"):
        opening(SPACE, points=[{"width": 3}, {"width": 1000}])
