"""Several objectives of a tuner, which Keras Tuner adds up without regard to their scales."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.trial import Measurement, SearchStatus
from raysearch.tuners import Objective, RandomSearch
from tests.recorded import Recorded

X, Y = np.zeros((8, 4)), np.arange(8) % 2
PLAIN = {"loss": "cross_entropy", "metrics": ["accuracy"], "project_name": "mine"}


def build(hp):
    return nn.Linear(4, hp.Int("units", 2, 9))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_several_objectives_are_the_engines():
    tuner = RandomSearch(build, ["val_accuracy", "val_loss", "params"], **PLAIN)
    found = tuner.as_search((X, Y), (X, Y), epochs=2).experiment
    assert [(o.metric, o.direction) for o in found.aims.objectives] == [
        ("val_accuracy", "maximize"),
        ("val_loss", "minimize"),
        ("params", "minimize"),
    ]


def test_a_direction_has_two_names():
    assert Objective("reward", "maximize") == Objective("reward", "max")
    assert str(Objective("reward", "minimize")) == 'Objective(name="reward", direction="min")'


def test_the_best_are_chosen_of_the_front_and_scales_do_not_matter():
    tuner = RandomSearch(build, ["val_accuracy", Objective("val_loss", "min")], **PLAIN)
    search = tuner.as_search((X, Y), (X, Y), epochs=4)
    recorded = Recorded(search.run_dir.path, **search.experiment.settings)
    for accuracy, loss in ((0.9, 1000.0), (0.8, 100.0), (0.5, 90.0), (0.4, 2000.0)):
        trial = recorded.begin()
        values = {"val_accuracy": accuracy, "val_loss": loss}
        recorded.engine.measured(trial.id, Measurement(epoch=1, step=1, values=values, seconds=1.0))
        recorded.engine.finished(trial.id, reason="ended early")
    recorded.engine.end(SearchStatus.FINISHED, reason="as the test says")
    best = RandomSearch(
        build, ["val_accuracy", Objective("val_loss", "min")], **PLAIN
    ).get_best_hyperparameters(num_trials=4)
    trials = recorded.engine.state.trials
    assert best[0].values == trials["0001"].configuration  # the knee
    assert best[-1].values == trials["0003"].configuration


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"objective": []}, "objective is an empty list"),
        ({"objective": ["val_loss", "val_loss"]}, "objective names val_loss twice"),
        ({"objective": ["val_loss", "val_f"]}, "val_f is better cannot be told|val_f"),
    ],
)
def test_what_are_no_objectives(given, message):
    with pytest.raises(ConfigurationError, match=message):
        RandomSearch(build, **given, **PLAIN)


def test_executions_have_one_mean():
    tuner = RandomSearch(build, ["val_accuracy", "val_loss"], executions_per_trial=2, **PLAIN)
    with pytest.raises(ConfigurationError, match="executions_per_trial is 2"):
        tuner.as_search((X, Y), (X, Y), epochs=2)
