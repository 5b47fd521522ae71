"""Does the distribution begin with the prior, and move as computed by hand?"""

from __future__ import annotations

import json

import numpy as np
import pytest

from raysearch.searchers.cross_entropy import CrossEntropy
from raysearch.space import Bool, Choice, Fixed, Float, Prior, Space
from raysearch.trial import TrialStatus
from tests.unit.searchers.histories import LOSS, search, suggestions, trial

PLAIN = Space({"x": Float(0.0, 1.0), "kind": Choice(["a", "b"])})


def cross_entropy(space: Space = PLAIN, **settings: float) -> CrossEntropy:
    return CrossEntropy(space, objective=LOSS, **settings)


def chances(searcher: CrossEntropy, label: str) -> dict[object, float]:
    return dict(searcher.state()["parameters"][label]["chances"])


def test_it_begins_with_the_prior() -> None:
    space = Space(
        {
            "rate": Float(1e-4, 1.0, log=True, prior=Prior(1e-2, 0.8)),
            "kind": Choice(["a", "b", "c", "d"], prior=Prior("c", 0.6)),
            "x": Float(0.0, 1.0),
            "eps": Fixed(1e-8),
        }
    )
    assert cross_entropy(space).state() == {
        "updates": 0,
        "parameters": {
            "rate": {"mean": 0.5, "spread": 0.1, "centre": 0.01},
            "kind": {"chances": [["a", 0.1], ["b", 0.1], ["c", 0.7], ["d", 0.1]]},
            "x": {"mean": 0.5, "spread": 1.0, "centre": 0.5},
        },
    }


def test_the_first_trials_are_drawn_from_the_prior() -> None:
    space = Space({"x": Float(0.0, 1.0, prior=Prior(0.25, 0.9))})
    found = [s.configuration["x"] for s in suggestions(cross_entropy(space), range(400))]
    # A normal distribution with a deviation of 0.05: the mean of 400 has one of 0.0025.
    assert abs(np.mean(found) - 0.25) < 0.01
    assert abs(np.std(found) - 0.05) < 0.01


def test_an_update_moves_it_to_the_elite() -> None:
    # The elite are 2 of 4: x 0.2 and 0.4, so mean 0.3, spread 0.1; kind b twice, a never: with one
    # draw of the prior, b (2 + 0.5) / 3. Smoothing takes half of that, half of what was before.
    searcher = cross_entropy(n_startup=4, window=4, elite=0.5, smoothing=0.5)
    for number, (x, kind, loss) in enumerate(
        [(0.2, "b", 0.1), (0.9, "a", 0.8), (0.4, "b", 0.2), (0.7, "a", 0.9)]
    ):
        searcher.observe(trial(number, {"x": x, "kind": kind}, loss))
        assert searcher.state()["updates"] == (number == 3)
    found = searcher.state()["parameters"]
    assert found["x"] == {"mean": 0.4, "spread": 0.55, "centre": 0.4}
    assert found["kind"] == {"chances": [["a", 0.3333], ["b", 0.6667]]}


def test_what_leaves_the_window_is_forgotten() -> None:
    searcher = cross_entropy(n_startup=1, window=2, elite=0.5, smoothing=1.0)
    for number, (x, loss) in enumerate([(0.1, 0.0), (0.8, 0.5), (0.6, 0.9)]):
        searcher.observe(trial(number, {"x": x, "kind": "a"}, loss))
    assert searcher.state()["parameters"]["x"]["mean"] == 0.8


def test_a_spread_stays_above_its_least() -> None:
    searcher = cross_entropy(n_startup=1, window=2, elite=0.5, smoothing=1.0, least_spread=0.07)
    searcher.observe(trial(1, {"x": 0.3, "kind": "a"}, 0.0))
    assert searcher.state()["parameters"]["x"] == {"mean": 0.3, "spread": 0.07, "centre": 0.3}


def test_a_parameter_learns_from_the_trials_in_which_it_is_active_and_by_their_share() -> None:
    space = Space({"deep": Bool(), "depth": Float(0.0, 1.0, when={"deep": True})})
    searcher = cross_entropy(space, n_startup=4, window=4, elite=1.0, smoothing=0.8)
    searcher.observe(trial(1, {"deep": True, "depth": 0.9}, 0.1))
    for number in (2, 3, 4):
        searcher.observe(trial(number, {"deep": False}, 0.2))
    # One of four elite trials has a depth: it moves by 0.8 / 4, from 0.5 to 0.58.
    assert searcher.state()["parameters"]["depth"]["mean"] == 0.58
    assert chances(searcher, "deep")[False] == pytest.approx(0.2 * 0.5 + 0.8 * 3.5 / 5)


def test_a_parameter_that_no_elite_trial_has_stays_as_it_is() -> None:
    space = Space({"deep": Bool(), "depth": Float(0.0, 1.0, when={"deep": True})})
    searcher = cross_entropy(space, n_startup=1, smoothing=1.0)
    searcher.observe(trial(1, {"deep": False}, 0.2))
    assert searcher.state()["updates"] == 1
    depth = searcher.state()["parameters"]["depth"]
    assert (depth["mean"], depth["spread"]) == (0.5, 1.0)


def test_failed_trials_do_not_count() -> None:
    searcher = cross_entropy(n_startup=1)
    searcher.observe(trial(1, {"x": 0.3, "kind": "a"}, None, status=TrialStatus.FAILED))
    assert searcher.state()["updates"] == 0


def test_no_value_is_ever_ruled_out() -> None:
    searcher = cross_entropy(n_startup=1, window=2, elite=0.5, smoothing=1.0)
    for number in range(200):
        searcher.observe(trial(number, {"x": 0.3, "kind": "a"}, 0.0))
    assert chances(searcher, "kind")["b"] == 0.25  # (0 + 0.5) / (1 + 1)


def test_one_of_ten_suggestions_tells_the_state() -> None:
    trials = search(cross_entropy(), 60, lambda c: float(c["x"]))
    told = [t for t in trials if "state" in t.origin]
    assert [t.number for t in told] == [20, 30, 40, 50, 60]
    assert json.loads(json.dumps(dict(told[-1].origin))) == told[-1].origin
    means = [t.origin["state"]["x"]["mean"] for t in told]
    assert means[-1] < 0.25 < means[0] + 0.25
    assert all(t.origin["updates"] == t.number - 10 for t in trials if t.number > 10)
