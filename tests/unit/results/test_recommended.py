"""Is the trial that the searcher recommends the winner, where its model can be had, and said so?"""

from __future__ import annotations

import json

import pytest

from raysearch.results import Results
from raysearch.run_dir import events as ev
from tests.recorded import Bytes

REASON = "highest posterior mean 0.85 ± 0.02 among 3 completed trials; the best is trial 0001"


@pytest.fixture
def ended(search):
    for value in (0.6, 0.9, 0.8):
        search.trial(0.5, value)
    search.engine._ledger.emit(ev.Recommended(at=2000.0, trial="0002", reason=REASON))
    return search.finish()


def opened(search):
    return Results.open(search.run_dir.path)


def test_the_recommended_trial_wins_and_the_ranking_stays(ended):
    results = opened(ended)
    assert results.winner.id == "0002"
    assert [trial.id for trial in results.ranking()] == ["0001", "0002", "0000"]
    assert results.chosen_by(results.winner) == "searcher"


def test_the_best_observed_wins_where_the_recommended_model_is_lost(ended):
    for path in (ended.run_dir.path / "trials" / "0002").iterdir():
        path.unlink()
    results = opened(ended)
    assert results.winner.id == "0001"
    assert [lost.trial.id for lost in results.selection.passed_over] == ["0002"]
    assert results.chosen_by(results.winner) == "value"
    assert results.to_json()["winner"]["chosen_because"] is None


def test_json_says_who_chose_and_which_one_is_the_best_observed(ended):
    winner = opened(ended).to_json()["winner"]
    assert winner["trial"] == "0002"
    assert winner["values"]["val/accuracy"] == 0.8
    assert winner["chosen_by"] == "searcher"
    assert winner["chosen_because"] == REASON
    assert winner["best_observed"] == "0001"


def test_it_is_handed_over_with_the_reason_beside_it(ended):
    results = opened(ended)
    assert results.refit(executor=Bytes()).trial == "0002"
    metrics = json.loads((ended.run_dir.path / "winner" / "metrics.json").read_text())
    assert (metrics["trial"], metrics["chosen_by"], metrics["best_observed"]) == (
        "0002",
        "searcher",
        "0001",
    )
    assert metrics["chosen_because"] == REASON


def test_a_person_may_choose_otherwise(ended):
    results = opened(ended)
    results.refit(trial="0000", executor=Bytes())
    assert opened(ended).winner.id == "0000"
    assert opened(ended).to_json()["winner"]["chosen_by"] == "person"


def test_a_session_that_measures_nothing_does_not_turn_it_into_the_choice_of_a_person(ended):
    opened(ended).refit(executor=Bytes())
    ended.extend()
    ended.journal.close()
    winner = opened(ended).to_json()["winner"]
    assert (winner["trial"], winner["chosen_by"]) == ("0002", "searcher")
    assert winner["chosen_because"] == REASON


def test_it_does_not_hold_once_the_search_goes_on(ended):
    ended.extend()
    ended.trial(0.5)
    ended.journal.close()
    winner = opened(ended).to_json()["winner"]
    assert (winner["trial"], winner["chosen_by"]) == ("0001", "value")
