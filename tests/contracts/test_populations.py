"""A population of real networks, trained one after another: what was asked for is what happened.

The whole way from the experiment to the refit, without Ray: engine, jobs, training, checkpoints.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysearch.driving.drive import plan_of
from raysearch.engine import Engine
from raysearch.engine.lineage import lineage, schedule_of
from raysearch.experiment import from_settings
from raysearch.results import Results
from raysearch.results.executor import LocalExecutor
from raysearch.results.history import job_of
from raysearch.run_dir import RunDir
from raysearch.training.checkpoints import sound_start
from raysearch.training.job import Ending
from raysearch.training.jobs import job_for
from raysearch.training.reading_back import requested_as
from raysearch.training.repeating import Part, repeat
from raysearch.training.run import train
from raysearch.trial import DecisionKind, SearchStatus

SETTINGS = {
    "name": "population",
    "seed": 1,
    "data": "digits",
    "model": "mlp",
    "space": {
        "width": {"int": [8, 16]},
        "depth": 1,
        "learning_rate": {"float": [1e-5, 0.1], "log": True},
        "dropout": {"float": [0.0, 0.5]},
        "data.batch_size": {"choice": [128, 256], "ordered": True},
    },
    "objective": "val/accuracy",
    "searcher": "random",
    "scheduler": {"name": "pbt", "population": 6, "interval": 2, "quantile": 0.34},
    "fidelity": {"max_epochs": 6},
    "budget": {"trials": 6},
    "resources": {"cpus": 1},
}


class Interrupted(Exception):
    """The process is gone."""


class Driver:
    """Trains what the engine hands out, in this process.

    Args:
        path: The run directory.
        dies_after: After so many measurements it is gone; None for never.
    """

    def __init__(self, path, *, dies_after=None, **settings):
        self.run_dir = RunDir(path)
        self.experiment = from_settings({**SETTINGS, **settings})
        self.left = dies_after
        self.journal = self.run_dir.journal()
        self.engine = Engine(
            plan=plan_of(self.experiment),
            space=self.experiment.space,
            searcher=self.experiment.make_searcher(),
            scheduler=self.experiment.make_scheduler(),
            journal=self.journal,
            remove_checkpoint=self.run_dir.storage.delete,
        )

    def run(self):
        """Start the search, or go on with it, until its end."""
        unfinished = []
        settings = dict(self.experiment.settings)
        if self.run_dir.has_search():
            self.engine.replay(self.run_dir.events())
            unfinished = self.engine.resume(settings=settings)
        else:
            space = self.experiment.space.to_json()
            self.engine.start(settings=settings, space=space, versions={})
        while trial := (unfinished.pop(0) if unfinished else self.engine.next_up()):
            self._train(trial)
        self.engine.end(SearchStatus.FINISHED, reason=self.engine.stop_reason)
        self.journal.close()
        return self.engine.state

    def _train(self, trial):
        at = self.engine.pauses_at(trial)
        job = job_for(self.experiment, trial, run_dir=self.run_dir.path, checkpoint_at=at)
        job, damaged = sound_start(job)
        assert damaged == {}
        self.engine.attempt_started(trial.id, worker="here:1")
        ending = train(job, report=lambda found: self._report(trial.id, found), may_run_ahead=False)
        if ending is Ending.DIVERGED:
            self.engine.failed(trial.id, cause="not finite", error="weights")

    def _report(self, trial, report):
        if self.left == 0:
            raise Interrupted
        self.left = None if self.left is None else self.left - 1
        checkpoint = report.checkpoint
        if checkpoint is not None:
            checkpoint = replace(checkpoint, path=f"trials/{trial}/{checkpoint.path}")
        decision = self.engine.measured(trial, report.measurement, checkpoint=checkpoint)
        return decision.kind is DecisionKind.CONTINUE


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A population that was never interrupted: its folder and its state."""
    path = tmp_path_factory.mktemp("whole") / "run"
    return path, Driver(path).run()


def test_somebody_was_taken_over_in_the_searches_below(whole):
    _, state = whole
    assert len(lineage(state.trials)) >= 3
    assert all(trial.epochs == 6 for trial in state.trials.values())


def test_what_was_requested_is_what_was_applied_in_every_epoch(whole):
    path, state = whole
    experiment = Driver(path.parent / "other").experiment
    n_compared = 0
    for trial in state.trials.values():
        for measurement in trial.measurements:
            configuration = trial.configuration_at(measurement.epoch)
            arguments = experiment.mutable_arguments(configuration)
            wanted = requested_as({key: configuration[key] for key in arguments})
            assert {key: measurement.applied[key] for key in wanted} == wanted
            n_compared += len(wanted)
    assert n_compared > 6 * 6 * 5


def test_a_trial_has_the_architecture_of_the_weights_that_it_took(whole):
    path, state = whole
    for copied in lineage(state.trials):
        trial, source = state.trials[copied.trial], state.trials[copied.source]
        after = trial.configuration_at(copied.epoch + 1)
        assert after["width"] == source.configuration_at(copied.epoch)["width"]
    for trial in state.trials.values():
        for checkpoint in trial.checkpoints:
            saved = torch.load(path / checkpoint.path)
            wanted = trial.configuration_at(checkpoint.epoch)
            assert saved["hyper_parameters"]["width"] == wanted["width"]
            assert saved["hyper_parameters"]["learning_rate"] == wanted["learning_rate"]


def test_nothing_is_kept_that_nobody_needs(whole):
    path, state = whole
    there = {file.relative_to(path).as_posix() for file in path.glob("trials/*/*.ckpt")}
    assert there == {c.path for trial in state.trials.values() for c in trial.checkpoints}
    assert all(len(trial.checkpoints) == 1 for trial in state.trials.values())


def evidence(state):
    return [
        (t.id, dict(t.configuration), t.status, [(m.epoch, dict(m.values)) for m in t.measurements])
        for t in state.trials.values()
    ]


def test_a_search_that_dies_again_and_again_has_the_same_lineage(whole, tmp_path):
    path = tmp_path / "run"
    for dies_after in (9, 7, 1):  # 9, 16 and 17 of 36 measurements
        with pytest.raises(Interrupted):
            Driver(path, dies_after=dies_after).run()
    state = Driver(path).run()
    assert lineage(state.trials) == lineage(whole[1].trials)
    assert evidence(state) == evidence(whole[1])


def test_the_winner_is_trained_again_with_its_whole_schedule(whole):
    path, state = whole
    results = Results.open(path)
    copied = lineage(state.trials)[-1].trial  # whoever wins, this one has a schedule
    epoch = results.trial(copied).best(results.objective).epoch
    stretches = schedule_of(state.trials, copied, epoch=epoch)
    model = results.refit(trial=copied, executor=LocalExecutor())
    assert model.refit
    saved = torch.load(path / model.path)
    assert saved["epoch"] == epoch - 1
    last = stretches[-1].configuration
    assert saved["hyper_parameters"]["learning_rate"] == last["learning_rate"]
    assert (path / "winner" / "schedule.yaml").exists() == (len(stretches) > 1)
    assert not list(Path(path / "winner").glob("*.before"))


def test_what_leads_is_trained_again_with_its_whole_schedule(whole):
    path, state = whole
    results = Results.open(path)
    copied = results.trial(lineage(state.trials)[-1].trial)
    best = copied.best(results.objective)
    job = replace(job_of(results, copied, epochs=best.epoch), repeat=1)
    assert job.history
    found = repeat([Part(job=job, epochs=best.epoch)])
    assert (found.epoch, found.values.keys()) == (best.epoch, best.values.keys())
    assert found.applied["learning_rate"] == best.applied["learning_rate"]
