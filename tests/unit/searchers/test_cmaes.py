"""Does the evolution strategy learn by generations, from the trials that were drawn for them?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raysearch.errors import ConfigurationError, UnsuitableSpace
from raysearch.searchers.cmaes import CmaEs
from raysearch.space import Bool, Choice, Float, Int, Space
from raysearch.trial import Measurement, Objective, Suggestion, Trial, TrialStatus, trial_id

LOSS = Objective(metric="loss", direction="minimize")
SPACE = Space({name: Float(0.0, 1.0) for name in "abcd"})


def bowl(configuration) -> float:
    return sum((float(value) - 0.2) ** 2 for value in configuration.values())


def ended(number: int, suggestion: Suggestion, value: float) -> Trial:
    measured = Measurement(epoch=1, step=1, values={"loss": value}, seconds=1.0)
    return Trial(
        id=trial_id(number),
        number=number,
        configuration=suggestion.configuration,
        origin=suggestion.origin,
        status=TrialStatus.COMPLETED,
        measurements=(measured,),
    )


def search(searcher: CmaEs, n_trials: int, *, n_parallel: int = 1) -> list[Trial]:
    trials, running = list[Trial](), list[Trial]()
    for number in range(n_trials):
        suggestion = searcher.suggest(number=number, pending=running)
        assert isinstance(suggestion, Suggestion)
        running.append(ended(number, suggestion, bowl(suggestion.configuration)))
        if len(running) == n_parallel:
            trials.append(running.pop(0))
            searcher.observe(trials[-1])
    return trials


@pytest.mark.parametrize("n_parallel", [1, 4])
def test_it_goes_where_the_better_ones_were(n_parallel: int) -> None:
    trials = search(CmaEs(SPACE, objective=LOSS, seed=0), 160, n_parallel=n_parallel)
    values = [bowl(t.configuration) for t in trials]
    assert np.mean(values[-20:]) < np.mean(values[:20]) / 10


def test_generations_follow_from_the_origins_in_the_journal() -> None:
    searcher = CmaEs(SPACE, objective=LOSS, seed=0, population=6)
    trials = search(searcher, 20)
    assert [t.origin["generation"] for t in trials] == [0] * 6 + [1] * 6 + [2] * 6 + [3] * 2
    again = CmaEs(SPACE, objective=LOSS, seed=0, population=6)
    for trial in trials:
        again.observe(trial)
    assert again.suggest(number=20, pending=[]) == searcher.suggest(number=20, pending=[])


def test_trials_of_others_and_late_ones_are_not_learnt_from() -> None:
    searcher = CmaEs(SPACE, objective=LOSS, seed=0, population=6)
    trials = search(searcher, 12)
    before = searcher.suggest(number=12, pending=[])
    rng = np.random.default_rng(0)
    for number in range(50, 60):
        stranger = Suggestion(configuration=SPACE.sample(rng), origin={"kind": "random"})
        searcher.observe(ended(number, stranger, 0.0))
        searcher.observe(replace(trials[0], number=number + 50, id=trial_id(number + 50)))
    assert searcher.suggest(number=12, pending=[]) == before


def test_a_space_with_categories_is_refused() -> None:
    space = Space({"bias": Bool(), "norm": Choice(["a", "b"]), "n": Int(1, 9)})
    with pytest.raises(UnsuitableSpace, match="bias, norm have values without an order"):
        CmaEs(space, objective=LOSS)
    CmaEs(Space({"n": Int(1, 9), "size": Choice([1, 2, 4], ordered=True)}), objective=LOSS)


def test_settings_out_of_range_are_named_together() -> None:
    with pytest.raises(ConfigurationError) as error:
        CmaEs(SPACE, objective=LOSS, population=3, sigma=0.0)
    assert "searcher.population is 3" in str(error.value)
    assert "searcher.sigma is 0.0" in str(error.value)
