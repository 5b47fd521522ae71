"""Is it told which hyperparameters mattered, and when it cannot be told?"""

from __future__ import annotations

import importlib.util

import pytest

from raysearch.results import Results
from raysearch.results import importance as module
from raysearch.results.importance import FEWEST, importance
from tests.many import many


def of(run):
    return importance(Results.read(run.path))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return of(many(tmp_path_factory.mktemp("many") / "run", 80))


def test_the_parameter_that_mattered_comes_first_and_stands_out(found):
    first, *others = found.effects
    assert (first.key, first.stands_out) == ("learning_rate", True)
    assert first.share > 2 * others[0].share
    assert not next(e for e in others if e.key == "width").stands_out


def test_shares_are_of_all_and_trials_are_counted(found):
    assert sum(effect.share for effect in found.effects) == pytest.approx(1.0)
    n_failed = 4
    assert (found.n_trials, found.n_best) == (80 - n_failed, 8)
    assert {e.n_trials for e in found.effects if e.key == "learning_rate"} == {found.n_trials}


def test_a_conditional_parameter_counts_where_it_was_active(tmp_path):
    space = {"optimizer": {"choice": ["adamw", "sgd"]}, "width": {"int": [8, 64]}}
    run = many(tmp_path / "run", 60, space=space)
    effects = {effect.label: effect for effect in of(run).effects}
    momentum = next(e for e in effects.values() if e.key == "momentum")
    active = [
        t
        for t in Results.read(run.path).state.trials.values()
        if "momentum" in t.configuration and t.status != "failed"
    ]
    assert 0 < momentum.n_trials == len(active) < 57


def test_few_trials_say_nothing(tmp_path):
    found = of(many(tmp_path / "run", FEWEST - 1))
    assert found.effects == ()
    assert found.reason == "it takes 20 trials with a value, and there are 19"


def test_of_very_many_trials_some_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 40)
    found = of(many(tmp_path / "run", 100))
    assert found.n_trials == 40
    assert found.effects[0].key == "learning_rate"


def test_without_optuna_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert importlib.util.find_spec("optuna") is not None
    found = of(many(tmp_path / "run", FEWEST + 5))
    assert found.reason == "it needs optuna: pip install 'raysearch[optuna]'"
