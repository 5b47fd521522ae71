"""Winners of functions that train by themselves: with a file of their own, or with none."""

from __future__ import annotations

import json

import pytest
import yaml

from raysearch.errors import Unsupported
from raysearch.results import Results, load_model
from raysearch.results.refit import FUNCTION
from raysearch.run_dir import events as ev
from tests.recorded import Bytes, Recorded


def train(config, report):
    """Is never called here: what it would report is recorded by the tests."""


@pytest.fixture
def search(tmp_path):
    return Recorded(
        tmp_path / "run",
        data=None,
        model={"function": f"{__name__}:train"},
        space={"width": {"int": [8, 16], "default": 8}},
        objective={"metric": "val/accuracy", "direction": "maximize"},
    )


def kinds_in(search):
    return [type(event) for event in search.run_dir.events() if isinstance(event, ev.Handed)]


def test_its_best_checkpoint_is_copied_and_never_refitted(search):
    search.trial(0.5)
    search.trial(0.7, 0.9)
    search.finish()
    best = search.run_dir.path / "trials/0001/epoch-0002.ckpt"
    best.write_bytes(b"z" * 1000)
    executor, results = Bytes(), Results.open(search.run_dir.path)
    model = results.refit(executor=executor)
    assert executor.refits == []
    assert (model.trial, model.refit, model.reason) == ("0001", False, FUNCTION)
    assert (search.run_dir.path / model.path).read_bytes() == b"z" * 1000
    assert results.refit(executor=executor) == model
    config = yaml.safe_load((search.run_dir.path / "winner/config.yaml").read_text())
    assert (config["model"]["kind"], config["data"]) == ("function", None)
    with pytest.raises(Unsupported, match=r"winner/model\.ckpt is the file that .*:train, a func"):
        load_model(search.run_dir.path)


def test_without_any_checkpoint_the_best_by_ranking_wins(search):
    search.trial(0.5)
    search.trial(0.7, 0.9, keep=False)
    search.finish()
    results = Results.open(search.run_dir.path)
    assert results.winner is not None
    assert results.winner.id == "0001"
    assert results.selection.passed_over == ()
    assert results.model_of(results.winner) is None
    model = results.refit(executor=Bytes())
    assert (model.path, model.size_bytes, model.epochs) == ("", 0, 2)
    assert model.reason == (
        "train wrote no checkpoint at its best epoch, 2, so there is no model to keep"
    )
    assert {path.name for path in results.run_dir.winner.iterdir()} == {
        "config.yaml",
        "metrics.json",
    }
    found = results.to_json()["winner"]
    assert (found["checkpoint"], found["refit_reason"]) == (None, model.reason)
    assert results.refit(executor=Bytes()) == model
    with pytest.raises(Unsupported, match=r"no model to open. Its configuration is in .*config"):
        load_model(search.run_dir.path)


def test_a_model_of_an_earlier_winner_does_not_stay(search):
    search.trial(0.5)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    search.extend().trial(0.9, keep=False)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    assert not (search.run_dir.winner / "model.ckpt").exists()


def test_a_checkpoint_that_was_lost_is_still_passed_over(search):
    search.trial(0.5)
    search.trial(0.9)
    search.finish()
    (search.run_dir.path / "trials/0001/epoch-0001.ckpt").unlink()
    results = Results.open(search.run_dir.path)
    assert results.winner is not None
    assert results.winner.id == "0000"
    assert [passed.trial.id for passed in results.selection.passed_over] == ["0001"]


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_not_tested_and_the_split_stays_closed(search, keep):
    search.trial(0.5, keep=keep)
    search.finish()
    executor, results = Bytes(), Results.open(search.run_dir.path)
    results.refit(executor=executor)
    outcome = results.test(executor=executor)
    assert (outcome.values, outcome.is_final, executor.tests) == (None, True, [])
    assert outcome.reason.startswith("not tested: a function trains by itself")
    assert results.test(executor=executor) == outcome
    assert kinds_in(search) == [ev.Refitted, ev.TestSkipped]
    again = Results.open(search.run_dir.path)
    assert again.model_of(again.winner) is not None
    assert again.test_outcome == outcome
    metrics = json.loads((search.run_dir.winner / "metrics.json").read_text())
    assert (metrics["test"], metrics["test_reason"]) == (None, outcome.reason)
