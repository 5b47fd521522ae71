"""Is Optuna told the right things of trials, and the space given back as it is?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from raysearch.errors import ConfigurationError
from raysearch.searchers.optuna_words import FIRST_NUMBER, Words, study_showing
from raysearch.searchers.ranking import rank
from raysearch.searchers.tpe import TPE
from raysearch.space import Bool, Choice, Float, Int, Space
from raysearch.trial import Configuration, Measurement, Objective, Suggestion, Trial, TrialStatus

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
LINE = Space({"x": Float(0.0, 1.0)})
pytestmark = pytest.mark.timeout(120)  # the first test to need Optuna imports it


def trial(
    number: int,
    configuration: Configuration,
    *values: float | None,
    status: TrialStatus = TrialStatus.COMPLETED,
) -> Trial:
    measured = tuple(
        Measurement(epoch=epoch, step=epoch, values={"val/accuracy": value}, seconds=1.0)
        for epoch, value in enumerate(values, start=1)
    )
    return Trial(
        id=f"{number:04d}",
        number=number,
        configuration=configuration,
        status=status,
        measurements=measured,
    )


def places(searcher: TPE, *, numbers: Iterable[int] = range(100, 120), pending=()) -> np.ndarray:
    suggestions = [searcher.suggest(number=n, pending=list(pending)) for n in numbers]
    return np.array([s.configuration["x"] for s in suggestions if isinstance(s, Suggestion)])


def test_it_suggests_where_the_good_trials_are() -> None:
    searcher = TPE(LINE, objective=ACCURACY, seed=0)
    for number in range(20):
        x = (number + 0.5) / 20
        searcher.observe(trial(number, {"x": x}, -abs(x - 0.8)))
    assert np.median(np.abs(places(searcher) - 0.8)) < 0.1


def test_pending_trials_count_as_bad() -> None:
    searcher = TPE(LINE, objective=ACCURACY, seed=0)
    for number in range(30):
        x = (number + 0.5) / 30
        searcher.observe(trial(number, {"x": x}, 1 - abs(x - 0.5)))
    near = [trial(60 + n, {"x": 0.46 + n / 100}) for n in range(9)]
    alone, crowded = places(searcher), places(searcher, pending=near)
    assert np.abs(crowded - 0.5).mean() > np.abs(alone - 0.5).mean()


@pytest.mark.parametrize(
    ("ended", "state", "value", "steps"),
    [
        (trial(3, {"x": 0.5}, 0.2, 0.9), TrialState.COMPLETE, -0.9, {}),
        (
            trial(3, {"x": 0.5}, 0.9, 0.2, status=TrialStatus.STOPPED),
            TrialState.PRUNED,
            None,
            {2: -0.9},
        ),
        (trial(3, {"x": 0.5}, 0.9, status=TrialStatus.FAILED), TrialState.PRUNED, None, {}),
    ],
)
def test_ends_in_optunas_words(ended, state, value, steps) -> None:
    told = Words(LINE).trial(3, ended.configuration, rank(ended, objective=ACCURACY))
    assert (told.number, told.state, told.value) == (FIRST_NUMBER + 3, state, value)
    assert (told.params, told.intermediate_values) == ({"x": 0.5}, steps)


def test_optuna_ranks_trials_as_raysearch_does() -> None:
    from optuna.samplers._tpe.sampler import _split_trials  # what the words are for

    stopped, failed = TrialStatus.STOPPED, TrialStatus.FAILED
    trials = [
        trial(0, {"x": 0.0}, 0.99, status=stopped),
        trial(1, {"x": 0.1}, 0.5, 0.6),
        trial(2, {"x": 0.2}, 0.999, status=failed),
        trial(3, {"x": 0.3}, 0.1, 0.7, status=stopped),
        trial(4, {"x": 0.4}, 0.5, 0.4),
    ]
    ranks = {t.number: rank(t, objective=ACCURACY) for t in trials}
    words = Words(LINE)
    told = [words.trial(t.number, t.configuration, ranks[t.number]) for t in trials]
    best_first = sorted(ranks, key=lambda number: ranks[number])
    for n_good in range(1, 5):
        good, _ = _split_trials(study_showing(told), told, n_good)
        assert {t.number - FIRST_NUMBER for t in good} == set(best_first[:n_good])


def test_a_conditional_space_comes_back_as_it_is() -> None:
    space = Space(
        {
            "model": Choice(
                {
                    "cnn": Space({"width": Int(8, 64, step=8), "bias": Bool()}),
                    "mlp": Space({"width": Int(32, 100_000, log=True)}),
                }
            ),
            "rate": Float(1e-4, 1e-1, log=True),
        }
    )
    words, rng = Words(space), np.random.default_rng(0)
    assert {name: named.n_values for name, named in words.named.items()} == {
        "model": 2,
        "width[model=cnn]": 8,
        "bias": 2,
        "width[model=mlp]": None,
        "rate": None,
    }
    for _ in range(50):
        configuration = space.sample(rng)
        told = words.trial(0, configuration, None)
        asked = optuna.trial.FixedTrial(told.params)
        assert words.suggested(asked) == configuration


def test_a_long_history_is_thinned_to_the_best_and_the_latest() -> None:
    searcher = TPE(LINE, objective=ACCURACY, seed=0, n_history=50)
    for number in range(200):
        searcher.observe(trial(number, {"x": (number + 0.5) / 200}, 1 - number / 200))
    shown = [told.number - FIRST_NUMBER for told in searcher._shown()]
    assert shown == [*range(25), *range(175, 200)]


def test_optunas_log_is_left_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        study_showing([])
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)


def test_a_library_that_is_missing_is_named_with_what_installs_it(monkeypatch) -> None:
    monkeypatch.setattr("raysearch.searchers.needs.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"tpe needs the package optuna.*\[optuna\]"):
        TPE(LINE, objective=ACCURACY)
