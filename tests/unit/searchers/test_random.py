"""Does random search draw as the space says, and each configuration once?"""

from __future__ import annotations

import math

import numpy as np

from raysearch.randomness import generator
from raysearch.searchers import EXHAUSTED
from raysearch.searchers.random import Random
from raysearch.space import Bool, Choice, Float, Int, Prior, Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial

LOSS = Objective(metric="val/loss", direction="minimize")


def trial(number: int, configuration: Configuration) -> Trial:
    return Trial(id=str(number), number=number, configuration=configuration)


def test_draws_from_the_generator_of_its_number() -> None:
    space = Space({"x": Float(0.0, 1.0), "n": Int(1, 1000, log=True)})
    searcher = Random(space, objective=LOSS, seed=7)
    for number in (1, 2, 30):
        suggestion = searcher.suggest(number=number, pending=[])
        assert suggestion == Suggestion(
            configuration=space.sample(generator(7, role="searcher", number=number)),
            origin={"kind": "random"},
        )


def test_draws_follow_prior_and_sampling() -> None:
    space = Space(
        {"rate": Float(1e-4, 1.0, log=True), "act": Choice(["a", "b"], prior=Prior("b", 0.5))}
    )
    searcher = Random(space, objective=LOSS, seed=0)
    drawn = [searcher.suggest(number=n, pending=[]) for n in range(1000)]
    configurations = [s.configuration for s in drawn if isinstance(s, Suggestion)]
    # Chances of 1/2 and 3/4; five standard deviations of 1000 draws are 0.079 and 0.069.
    assert abs(np.mean([float(c["rate"] or 0) < 1e-2 for c in configurations]) - 0.5) < 0.079
    assert abs(np.mean([c["act"] == "b" for c in configurations]) - 0.75) < 0.069


def test_finite_space_is_used_up_without_a_repetition() -> None:
    space = Space({"a": Int(1, 20), "b": Bool(), "c": Choice(["x", "y"], when={"b": True})})
    searcher = Random(space, objective=LOSS)
    tried: list[Configuration] = []
    while isinstance(suggestion := searcher.suggest(number=len(tried), pending=[]), Suggestion):
        tried.append(suggestion.configuration)
        searcher.observe(trial(len(tried), suggestion.configuration))
    assert suggestion is EXHAUSTED
    assert len(tried) == space.grid_size() == 60
    assert len({tuple(c.items()) for c in tried}) == 60


def test_pending_trials_are_not_repeated_either() -> None:
    space = Space({"a": Int(0, 4)})
    searcher = Random(space, objective=LOSS)
    pending = [trial(n, {"a": n}) for n in (0, 1, 3, 4)]
    suggestion = searcher.suggest(number=9, pending=pending)
    assert isinstance(suggestion, Suggestion)
    assert suggestion.configuration == {"a": 2}
    full = [*pending, trial(5, {"a": 2})]
    assert searcher.suggest(number=9, pending=full) is EXHAUSTED


def test_covers_a_large_finite_space_evenly() -> None:
    space = Space({"a": Int(0, 9999)})
    searcher = Random(space, objective=LOSS)
    drawn = []
    for number in range(2000):
        suggestion = searcher.suggest(number=number, pending=[])
        assert isinstance(suggestion, Suggestion)
        searcher.observe(trial(number, suggestion.configuration))
        drawn.append(suggestion.configuration["a"])
    assert len(set(drawn)) == 2000
    mean = float(np.mean([a for a in drawn if isinstance(a, int)]))
    # Five standard deviations of the mean of 2000 draws without repetition out of 10,000.
    assert abs(mean - 4999.5) < 5 * 10_000 / math.sqrt(12) / math.sqrt(2000) * math.sqrt(0.8)
