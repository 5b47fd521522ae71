"""The JSON document: its keys are a format that programs rely on."""

from __future__ import annotations

import json

import pytest

from raysearch.results import Results, failures_by_cause
from tests.recorded import Bytes


@pytest.fixture
def ended(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.fail(0.4, error="ValueError: width (nets.py, line 3)")
    search.trial(None)
    return search.finish()


def document(search):
    found = Results.open(search.run_dir.path).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found  # plain values only
    return found


def test_the_whole_of_a_finished_search(ended):
    results = Results.open(ended.run_dir.path)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    found = document(ended)
    assert list(found) == [
        "schema_version",
        "run_dir",
        "status",
        "objectives",
        "trials",
        "pareto_front",
        "hypervolume",
        "constraints",
        "winner",
        "totals",
        "damage",
        "families",
        "evidence",
        "lineage",
        "leaders",
    ]
    assert found["damage"] is None
    assert found["schema_version"] == 1
    assert found["run_dir"] == ended.run_dir.path.as_posix()
    assert found["status"] == "finished"
    assert found["objectives"] == [{"metric": "val/accuracy", "direction": "maximize"}]
    assert found["pareto_front"] == ["0001"]
    assert found["winner"] == {
        "trial": "0001",
        "values": {"train/loss": 0.5, "val/accuracy": 0.9},
        "checkpoint": "winner/model.ckpt",
        "refit": {"epochs": 2, "seeds": 1},
        "test": {"test/accuracy": 0.75},
        "chosen_by": "value",
        "chosen_because": None,
        "best_observed": "0001",
    }
    totals = found["totals"]
    assert (totals["trials"], totals["epochs"], totals["restarts"]) == (4, 7, 0)


def test_a_trial_has_the_values_of_its_best_epoch(ended):
    entry = document(ended)["trials"][1]
    configuration = entry.pop("configuration")
    assert configuration == ended.engine.state.trials["0001"].configuration
    assert entry == {
        "id": "0001",
        "status": "completed",
        "reason": "ended early",
        "cause": None,
        "epochs": 3,
        "values": {"train/loss": 0.5, "val/accuracy": 0.9},
        "best_epoch": 2,
        "seconds": 1.5,
        "attempts": 1,
        "checkpoint": "trials/0001/epoch-0002.ckpt",
    }


def test_what_is_not_finite_is_null_with_its_cause(ended):
    entry = document(ended)["trials"][3]
    assert entry["values"] == {"train/loss": 1.0, "val/accuracy": None}
    assert entry["cause"] == "not finite: val/accuracy (nan)"
    assert (entry["best_epoch"], entry["checkpoint"]) == (None, None)


def test_before_the_handover_the_winner_is_a_checkpoint_and_says_why(ended):
    winner = document(ended)["winner"]
    assert winner["checkpoint"] == "trials/0001/epoch-0002.ckpt"
    assert (winner["refit"], winner["refit_reason"]) == (None, "not handed over yet")
    assert (winner["test"], winner["test_reason"][:14]) == (None, "not tested yet")


def test_there_may_be_no_winner(search):
    search.fail(error="ValueError: width")
    found = document(search.finish())
    assert found["winner"] is None
    assert found["pareto_front"] == []


def test_a_search_that_has_just_started_is_a_document_too(search):
    found = document(search)
    assert (found["trials"], found["winner"], found["totals"]["trials"]) == ([], None, 0)


def test_failures_are_grouped_by_cause_the_most_frequent_first(search):
    search.trial(0.5)
    search.fail(error="ValueError: 1")
    trial = search.begin()
    for _ in range(3):
        search.engine.worker_lost(trial.id, error="worker lost")
    search.fail(error="ValueError: 2")
    grouped = failures_by_cause(Results.open(search.run_dir.path))
    assert {cause: [t.id for t in trials] for cause, trials in grouped.items()} == {
        "ValueError": ["0001", "0003"],
        "worker lost": ["0002"],
    }
    assert list(grouped) == ["ValueError", "worker lost"]


def test_trials_whose_objective_was_not_finite_at_the_end_are_a_group(search):
    search.trial(0.5, None)
    search.trial(None, 0.5)
    search.trial(None)
    search.fail(error="ValueError: 1")
    grouped = failures_by_cause(Results.open(search.run_dir.path))
    assert {cause: [t.id for t in trials] for cause, trials in grouped.items()} == {
        "not finite": ["0000", "0002"],
        "ValueError": ["0003"],
    }
    assert {t.error for t in grouped["not finite"]} == {"not finite: val/accuracy (nan)"}


def test_a_failure_without_the_name_of_an_exception_is_its_cause(search):
    search.fail(error="")
    search.fail(error="something happened")
    assert list(failures_by_cause(Results.open(search.run_dir.path))) == ["exception"]
