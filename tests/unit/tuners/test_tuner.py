"""What each tuner says to the engine, and what it gives back of a search."""

from __future__ import annotations

import numpy as np
import pytest
import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.run_dir import RunDir
from raysearch.searchers import EXHAUSTED, generator
from raysearch.trial import DecisionKind, SearchStatus, Trial, TrialStatus
from raysearch.tuners import (
    ASHA,
    BayesianOptimization,
    Evolution,
    GridSearch,
    Hyperband,
    HyperOpt,
    Objective,
    RandomSearch,
)
from tests.recorded import Recorded

X, Y = np.zeros((8, 4)), np.arange(8) % 2
PLAIN = {"objective": "val_accuracy", "loss": "cross_entropy", "metrics": ["accuracy"]}


def build(hp):
    units = hp.Int("units", 8, 80, step=8)
    for i in range(hp.Int("num_layers", 1, 2)):
        hp.Float(f"dropout_{i}", 0.0, 0.5, step=0.25)
    return nn.Sequential(nn.Linear(4, units), nn.Linear(units, 2))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def experiment(tuner, **given):
    return tuner.as_search((X, Y), (X, Y), **given).experiment


# ---- words


@pytest.mark.parametrize(
    ("tuner", "searcher", "scheduler", "trials"),
    [
        (RandomSearch, "random", "none", 10),
        (GridSearch, "grid", "none", 10 * (3 + 9)),
        (BayesianOptimization, "bayesian", "none", 10),
        (HyperOpt, "hyperopt", "none", 10),
        (Evolution, "evolution", "none", 100),
    ],
)
def test_methods_that_train_each_trial_to_its_end(tuner, searcher, scheduler, trials):
    found = experiment(tuner(build, **PLAIN), epochs=3)
    assert (found.searcher.name, found.scheduler.name) == (searcher, scheduler)
    assert (found.budget.trials, found.fidelity.max_epochs) == (trials, 3)
    with pytest.raises(ConfigurationError, match=f"{tuner.__name__}.search needs epochs"):
        experiment(tuner(build, **PLAIN))


def test_no_tuner_trains_a_configuration_again_unless_asked_to():
    plain = experiment(BayesianOptimization(build, **PLAIN), epochs=3)
    halving = experiment(ASHA(build, searcher="auto", max_epochs=9, **PLAIN))
    assert plain.searcher.settings["repeat"] is False
    assert halving.searcher.settings["repeat"] is False


def test_hyperband_has_keras_tuners_numbers(capsys):

    def large(hp):
        return nn.Sequential(nn.Linear(4, 2), nn.Dropout(hp.Float("dropout", 0.0, 0.5)))

    found = experiment(Hyperband(large, max_epochs=100, hyperband_iterations=2, **PLAIN))
    assert found.scheduler.settings["arithmetic"] == "keras_tuner"
    assert found.budget.trials == 2 * (98 + 41 + 18 + 9 + 6)
    assert found.searcher.name == "random"
    experiment(Hyperband(build, max_epochs=10, **PLAIN), epochs=50)
    assert "epochs=50 is not used: Hyperband trains a trial for up to max_epochs=10" in (
        capsys.readouterr().out
    )


def test_asha():
    found = experiment(ASHA(build, max_epochs=9, max_trials=7, factor=2, form="promotion", **PLAIN))
    assert found.scheduler.settings["form"] == "promotion"
    assert found.scheduler.settings["reduction_factor"] == 2
    assert (found.budget.trials, found.fidelity.max_epochs) == (7, 9)


def test_further_arguments_reach_the_engine():
    stop = EarlyStopping("val_loss", patience=5)
    tuner = RandomSearch(
        build,
        max_trials=4,
        seed=3,
        max_retries_per_trial=2,
        max_consecutive_failed_trials=4,
        minutes=1.5,
        scheduler={"name": "median"},
        parallel=1,
        trainer={"gradient_clip_val": 1.0},
        **PLAIN,
    )
    found = experiment(tuner, epochs=2, callbacks=[stop])
    assert (found.seed, found.parallel, found.budget.minutes) == (3, 1, 1.5)
    assert (found.failures.attempts, found.failures.retry_exceptions) == (3, True)
    assert (found.failures.abort_after, found.failures.abort_in_a_row) == (4, 4)
    assert found.scheduler.name == "median"
    assert found.trainer["gradient_clip_val"] == 1.0
    assert found.trainer["callbacks"] == [{"class": "object:EarlyStopping", "args": {}}]
    assert found.refit is None or not found.settings["refit"]


def test_by_default_nothing_is_tried_again_and_a_lost_worker_is():
    failures = experiment(RandomSearch(build, **PLAIN), epochs=1).failures
    assert (failures.attempts, failures.retry_exceptions) == (3, False)


def test_a_seed_of_zero_is_zero():
    """Keras Tuner takes a random one."""
    seeds = [experiment(RandomSearch(build, seed=s, **PLAIN), epochs=1).seed for s in (0, None)]
    assert seeds == [0, 0]
    draws = [generator(seed, role="searcher", number=1).random() for seed in seeds]
    assert draws[0] == draws[1]


def test_an_objective_by_its_name_or_with_its_direction():
    lit = lambda hp: pl.LightningModule()  # noqa: E731
    assert RandomSearch(lit, objective="val_f1").objective == Objective("val_f1", "max")
    assert RandomSearch(lit, Objective("reward", "max")).objective.resolved.direction == "maximize"
    with pytest.raises(
        ConfigurationError, match=r'reward is better.*Write Objective."reward", "mi'
    ):
        RandomSearch(lit, "reward")
    with pytest.raises(ConfigurationError, match=r"direction of reward is up. Write min or max"):
        RandomSearch(lit, Objective("reward", "up"))
    with pytest.raises(ConfigurationError, match=r"objective is null. Name a metric"):
        RandomSearch(lit)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_trials": 0}, "max_trials is 0"),
        ({"overwrit": True}, "overwrit is not an argument of a tuner. Did you mean overwrite?"),
        ({"tuner_id": "a"}, "tuner_id is no argument of a tuner here. Several machines"),
        ({"alpha": 1e-4}, "alpha is no argument of a tuner here. How noisy a value is, is learnt"),
        ({"max_model_size": 0}, "max_model_size is 0"),
        ({"max_retries_per_trial": -1}, "max_retries_per_trial is -1"),
        ({"executions_per_trial": 0}, "executions_per_trial is 0"),
        ({"overwrite": True}, "overwrite is True, and project_name is missing"),
        ({"project_name": "a/b"}, "project_name is 'a/b'"),
    ],
)
def test_what_is_no_argument(given, message):
    with pytest.raises(ConfigurationError, match=message):
        RandomSearch(build, **PLAIN, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": 3}, "epoch is not an argument of search. Did you mean epochs?"),
        ({"verbose": 0}, "verbose is no argument of search here. .* progress=True or False"),
        (
            {"steps_per_epoch": 9, "shuffle": True},
            "limit_train_batches.\\n.*shuffle is no arg",
        ),
    ],
)
def test_what_is_no_argument_of_search(given, message):
    with pytest.raises(ConfigurationError, match=message):
        experiment(RandomSearch(build, **PLAIN), **given)


def test_as_search_takes_what_search_takes():
    given = {"epochs": 2, "validation_split": 0.25, "batch_size": 3, "callbacks": []}
    data = RandomSearch(build, **PLAIN).as_search(X, Y, **given).experiment.data
    assert data is not None
    with pytest.raises(ConfigurationError, match="batch_size is 0"):
        RandomSearch(build, **PLAIN).search(X, Y, **{**given, "batch_size": 0})


def test_models_that_are_too_large_are_not_trained():
    found = experiment(RandomSearch(build, max_model_size=1000, **PLAIN), epochs=1)
    assert [str(each) for each in found.aims.constraints] == ["params <= 1000"]
    assert experiment(RandomSearch(build, **PLAIN), epochs=1).aims.constraints == ()


def test_what_would_not_be_used_is_refused():
    lit = lambda hp: (hp.Boolean("flag"), pl.LightningModule())[1]  # noqa: E731
    with pytest.raises(ConfigurationError, match=r"are for plain networks, and build returns a L"):
        RandomSearch(lit, **PLAIN)

    class Mine(RandomSearch):
        def run_trial(self, trial):
            return 0.0

    with pytest.raises(ConfigurationError, match=r"Mine.run_trial would never be called. A tri"):
        Mine(build, **PLAIN)


def test_what_is_not_here_is_said_with_what_is():
    tuner = RandomSearch(build, **PLAIN)
    with pytest.raises(AttributeError, match=r"RandomSearch has no oracle. tuner.results has the"):
        tuner.oracle.get_best_trials()
    with pytest.raises(AttributeError, match=r"RandomSearch has no best$"):
        _ = tuner.best


# ---- what a search left


def searched(tuner, *values, path=None, end=SearchStatus.FINISHED):
    """Return the run directory of a search whose trials reached these values, epoch by epoch."""
    search = tuner.as_search((X, Y), (X, Y), epochs=4)
    recorded = Recorded(path or search.run_dir.path, **search.experiment.settings)
    for trial in values:
        if trial is None:
            begun = recorded.begin()
            recorded.engine.failed(begun.id, cause="exception", error="E")
        else:
            recorded.trial(*trial)
    if end is not None:
        recorded.engine.end(end, reason="as the test says")
    return recorded


def test_a_search_that_is_there_is_gone_on_with_and_looked_at(capsys):
    given = {"project_name": "mine", "directory": "here", "max_trials": 4, **PLAIN}
    recorded = searched(RandomSearch(build, **given), [0.5], [0.6, 0.9], None, [0.7])
    again = RandomSearch(build, **given)
    best = again.get_best_hyperparameters(num_trials=9)
    assert len(best) == 3  # Keras Tuner adds the one that failed
    trials = recorded.engine.state.trials
    assert [hp.values for hp in best] == [trials[n].configuration for n in ("0001", "0003", "0000")]
    assert again.remaining_trials == 0
    assert again.project_dir.as_posix() == "here/mine"
    assert any(again.get_trial_dir("0001").iterdir())

    again.results_summary(num_trials=2)
    shown = capsys.readouterr().out
    assert "Showing 2 best trials of 4, of which 1 failed\n" in shown
    assert 'Objective(name="val_accuracy", direction="max")' in shown
    assert "Trial 0001 summary" in shown
    assert "Score: 0.9" in shown
    assert "Trial 0000" not in shown

    again.search((X, Y), (X, Y), epochs=4)
    assert "holds this search, which is finished: nothing is left" in capsys.readouterr().out
    with pytest.raises(
        ConfigurationError, match="search with 4 epochs for a trial, and this one h"
    ):
        again.search((X, Y), (X, Y), epochs=5)


def test_trials_that_are_paused_are_told_of(capsys):
    tuner = RandomSearch(build, project_name="mine", **PLAIN)
    path = tuner.as_search((X, Y), (X, Y), epochs=4).run_dir.path
    recorded = searched(tuner, [0.5], None, path=path, end=None)
    paused = recorded.begin(0.9)
    recorded.scheduler.kind, recorded.scheduler.reason = DecisionKind.PAUSE, "rung 1"
    recorded.measure(paused.id, 2, 0.8)
    recorded.engine.end(SearchStatus.FINISHED, reason="as the test says")
    again = RandomSearch(build, project_name="mine", **PLAIN)
    again.results_summary()
    shown = capsys.readouterr().out
    assert "Showing 2 best trials of 3, of which 1 failed and 1 paused" in shown
    assert shown.index(f"Trial {paused.id} summary") < shown.index("Trial 0000 summary")


def test_one_that_was_stopped_is_resumed():
    given = {"project_name": "mine", **PLAIN}
    searched(RandomSearch(build, **given), [0.5], end=SearchStatus.INTERRUPTED)
    search = RandomSearch(build, **given).as_search((X, Y), (X, Y), epochs=4)
    assert search.run_dir.path.as_posix() == "runs/mine"
    assert len(list(search.run_dir.events())) > 1


def test_a_search_that_is_finished_may_be_given_more_trials():
    given = {"project_name": "mine", **PLAIN}
    searched(RandomSearch(build, max_trials=2, **given), [0.5], [0.6])
    more = RandomSearch(build, max_trials=5, **given)
    assert more.remaining_trials == 3
    assert more.as_search((X, Y), (X, Y), epochs=4).experiment.budget.trials == 5
    with pytest.raises(ConfigurationError, match=r"budget.trials is 1, and the search has used 2"):
        RandomSearch(build, max_trials=1, **given).as_search((X, Y), (X, Y), epochs=4)


def test_without_a_name_every_search_is_a_new_one():
    """Keras Tuner takes up an old search of its default project without a word."""
    searched(RandomSearch(build, **PLAIN), [0.5])
    again = RandomSearch(build, **PLAIN)
    with pytest.raises(ConfigurationError, match="Nothing was searched yet"):
        again.get_best_hyperparameters()
    assert not again.as_search((X, Y), (X, Y), epochs=1).run_dir.has_search()


def test_another_search_under_the_same_name_is_refused():
    given = {"project_name": "mine", **PLAIN}
    searched(RandomSearch(build, **given), [0.5])

    def other(hp):
        return nn.Sequential(nn.Linear(4, hp.Int("units", 8, 32, step=8)), nn.LazyLinear(2))

    with pytest.raises(
        ConfigurationError, match=r"runs/mine holds a search with other hyperparam.*un"
    ):
        RandomSearch(other, **given)
    with pytest.raises(
        ConfigurationError, match=r"search for val_accuracy .*this one is for val_loss"
    ):
        RandomSearch(build, **{**given, "objective": "val_loss"})


def test_overwriting_removes_a_search_when_the_next_one_begins():
    given = {"project_name": "mine", "overwrite": True, **PLAIN}
    path = RunDir(searched(RandomSearch(build, **given), [0.5]).run_dir.path)
    tuner = RandomSearch(build, **given)
    with pytest.raises(ConfigurationError, match="Nothing was searched yet"):
        _ = tuner.results
    assert not tuner.as_search((X, Y), (X, Y), epochs=1).run_dir.has_search()
    assert path.has_search()  # until all that can be wrong was looked at
    with pytest.raises(ConfigurationError, match="arrays of 8 and 3"):
        tuner.search((X, Y[:3]), (X, Y), epochs=1)
    assert path.has_search()


def test_a_model_whose_checkpoint_is_no_good_is_left_out():
    given = {"project_name": "mine", **PLAIN}
    recorded = searched(RandomSearch(build, **given), [0.5], [0.6])
    for checkpoint in recorded.run_dir.path.rglob("*.ckpt"):
        checkpoint.unlink()
    assert RandomSearch(build, **given).get_best_models(2) == []


# ---- executions


def test_several_executions_of_each_configuration():
    tuner = RandomSearch(build, max_trials=3, executions_per_trial=2, project_name="two", **PLAIN)
    assert tuner.remaining_trials == 6
    found = experiment(tuner, epochs=4)
    assert (found.searcher.name, found.budget.trials) == ("Repeated", 6)
    default = Trial(id="0000", number=0, configuration=found.space.default())
    suggested = found.make_searcher().suggest(number=1, pending=[default])
    assert suggested.origin == {"kind": "repeat", "of": "0000"}


def test_configurations_are_ranked_by_the_mean_of_their_executions():
    def one_of_two(hp):
        return nn.Linear(4, hp.Choice("units", [2, 3]))

    given = {"executions_per_trial": 2, "project_name": "two", "max_trials": 3, **PLAIN}
    reached = [0.9, 0.1, 0.6, 0.7, 0.65, 0.55]
    recorded = searched(RandomSearch(one_of_two, **given), *([value] for value in reached))
    by_units: dict[int, list[float]] = {}
    for trial, value in zip(recorded.engine.state.trials.values(), reached, strict=True):
        by_units.setdefault(trial.configuration["units"], []).append(value)
    expected = sorted(by_units, key=lambda units: -np.mean(by_units[units]))
    found = RandomSearch(one_of_two, **given).get_best_hyperparameters(9)
    assert [hp["units"] for hp in found] == expected
    assert len(expected) == 2


# ---- defects of Keras Tuner


def test_a_small_space_is_searched_to_its_end():
    """Keras Tuner gives up after 20 draws in a row that it knows already."""

    def small(hp):
        return nn.Linear(4, hp.Choice("outputs", [2, 3, 4, 5]))

    found = experiment(RandomSearch(small, max_trials=99, **PLAIN), epochs=1)
    searcher, tried = found.make_searcher(), [found.space.default()]
    searcher.observe(ended(0, tried[0]))
    while (suggestion := searcher.suggest(number=len(tried), pending=[])) is not EXHAUSTED:
        tried.append(dict(suggestion.configuration))
        searcher.observe(ended(len(tried) - 1, tried[-1]))
    assert sorted(c["outputs"] for c in tried) == [2, 3, 4, 5]


def test_a_small_space_has_no_more_trials_than_configurations():
    def small(hp):
        hp.Choice("a", [1, 2, 3])
        return nn.Linear(4, 2) if hp.Boolean("flag") else nn.Linear(4, 2 * hp.Int("n", 1, 2) // 2)

    given = {"max_trials": 99, **PLAIN}
    tuner = RandomSearch(small, **given)
    assert tuner.remaining_trials == experiment(tuner, epochs=1).budget.trials == 3 * (1 + 2)
    assert tuner._wording.shortage == (
        "The space has 9 configurations, each of which is tried once: 9 trials, not 99."
    )
    twice = RandomSearch(small, executions_per_trial=2, **given)
    assert twice.remaining_trials == 18
    assert "each of which is tried 2 times: 18 trials, not 198." in twice._wording.shortage
    assert RandomSearch(small, max_trials=9, **PLAIN)._wording.shortage == ""


def ended(number, configuration):
    status = TrialStatus.COMPLETED
    return Trial(id=str(number), number=number, configuration=configuration, status=status)


def test_truth_values_stay_truth_values():
    """Keras Tuner makes them 1 and 0."""

    def flags(hp):
        assert type(hp.Choice("flag", [True, False])) is bool
        return nn.Linear(4, 2)

    found = experiment(RandomSearch(flags, **PLAIN), epochs=1)
    assert found.space.default()["flag"] is True


def test_the_space_is_shown(capsys):
    tuner = RandomSearch(build, **PLAIN)
    tuner.search_space_summary()
    shown = capsys.readouterr().out
    assert "Default search space size: 3" in shown
    assert "units (Int)" in shown
    assert "'min_value': 8, 'max_value': 80, 'step': 8, 'sampling': 'linear'" in shown
    assert "dropout_1" not in shown
    assert "1 more under conditions" in shown
    tuner.search_space_summary(extended=True)
    assert "dropout_1 (Float)" in capsys.readouterr().out
