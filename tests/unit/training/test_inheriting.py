"""Does a whole search hand weights down, over kills, and train its winner's line again?"""

from __future__ import annotations

import pytest

from raysearch.cli.rerun import job_of
from raysearch.experiment import from_settings
from raysearch.init_from import Inheritance
from raysearch.models.mlp.module import MLP
from raysearch.results import Results
from tests.here import Here

SETTINGS = {
    "name": "heirs",
    "data": "digits",
    "model": "mlp",
    "space": {
        "width": {"int": [8, 32], "default": 16},
        "depth": {"int": [1, 3], "default": 1},
        "learning_rate": {"float": [0.001, 0.01], "log": True, "default": 0.003},
    },
    "objective": "val/accuracy",
    "searcher": {"name": "evolution", "population_size": 2, "tournament_size": 2},
    "scheduler": "none",
    "fidelity": {"max_epochs": 1},
    "budget": {"trials": 6},
    "parallel": 1,
}


def experiment(inherit):
    return from_settings({**SETTINGS, "searcher": {**SETTINGS["searcher"], "inherit": inherit}})


def is_heir(trial):
    return Inheritance.read(trial.origin) is not None


def values(search):
    trials = search.engine.state.trials.values()
    return [(t.configuration, t.value(search.experiment.objective)) for t in trials]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    return Here(tmp_path_factory.mktemp("heirs") / "run", experiment("weights")).run()


def test_children_begin_where_their_parents_were(searched):
    trials = searched.engine.state.trials
    heirs = [trial for trial in trials.values() if is_heir(trial)]
    assert len(heirs) == 4
    for heir in heirs:
        (measured,) = heir.measurements
        told = Inheritance.read(heir.origin)
        assert measured.inherited["trial"] == told.trial
        assert measured.inherited["preserved"] + measured.inherited["overlapped"] > 0
        assert heir.epochs == 1
    assert not any(trial.measurements[0].inherited for trial in trials.values() if trial.number < 2)


def test_a_search_that_was_killed_as_a_child_began_ends_the_same(searched, tmp_path):
    search = Here(tmp_path / "run", experiment("weights"))
    search.run(until=lambda trial: trial.number == 4).kill().run()
    assert values(search) == values(searched)


def test_the_winner_is_trained_with_its_line_and_opens_alone(searched):
    results = Results.open(searched.run_dir.path)
    heir = next(trial for trial in results.ranking() if is_heir(trial))
    model = results.refit(trial=heir.id)
    assert model.refit, model.reason
    assert model.line[-1]["trial"] == Inheritance.read(heir.origin).trial
    path = searched.run_dir.path / "winner" / "model.ckpt"
    assert MLP.load_from_checkpoint(path).hparams["width"] == heir.configuration["width"]


def test_a_trial_that_is_run_again_begins_with_the_same_weights(searched, tmp_path):
    results = Results.open(searched.run_dir.path)
    heir = next(t for t in results.state.trials.values() if is_heir(t))
    job = job_of(results, heir, folder=tmp_path)
    assert job.init_from.parent == Inheritance.read(heir.origin).trial
    assert job.init_from.checkpoint.startswith(str(searched.run_dir.path))
    assert job.directory.startswith(str(tmp_path))
