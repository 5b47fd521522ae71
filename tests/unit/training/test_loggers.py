"""Each training is one run of a tracker, however often it is interrupted, and nothing else is."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
import pytorch_lightning as pl

from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from raysearch.training.job import Fold
from raysearch.training.loggers import FILE, finish_runs, training_name
from raysearch.training.namespace import PYTORCH_LIGHTNING
from raysearch.training.trainers import make_trainer
from tests.nets import Listener, make_job

RUNS: list[tuple[str, str | None, str]] = []
"""Kind, id and name of each run that was begun or gone on with."""


NUMBERS = itertools.count()

LOST: set[str] = set()
"""Ids of runs that MLflow does not have any more."""


class WandbLogger(pl.loggers.CSVLogger):
    """Knows its id when it is made, as Lightning's does."""

    def __init__(self, save_dir: str, name: str, id: str | None = None, version: str | None = None):
        super().__init__(save_dir)
        self._id = id or version
        RUNS.append(("wandb", self._id, name))


class MLFlowLogger(pl.loggers.CSVLogger):
    """Begins a run when it is asked for its id, as Lightning's does."""

    def __init__(self, save_dir: str, run_name: str, run_id: str | None = None):
        super().__init__(save_dir)
        self._run_id, self._run_name = run_id, run_name

    @property
    def run_id(self):
        if self._run_id in LOST:
            raise RuntimeError(f"no run {self._run_id}")
        self._run_id = self._run_id or f"made-{next(NUMBERS)}"
        RUNS.append(("mlflow", self._run_id, self._run_name))
        return self._run_id


@pytest.fixture(autouse=True)
def no_runs():
    RUNS.clear()


def logged(folder, *, trial="0007", **settings):
    directory = folder / "digits-1" / "trials" / trial
    args = {"save_dir": str(folder / "logs")}
    loggers = [
        {"class": f"{__name__}:WandbLogger", "args": {**args, "name": "{run} {trial}"}},
        {"class": f"{__name__}:MLFlowLogger", "args": {**args, "run_name": "{trial}"}},
    ]
    given = {"trainer_arguments": {"logger": loggers}, **settings}
    return replace(make_job(directory, **given), trial=trial, directory=str(directory))


def made(job, **settings):
    RUNS.clear()
    make_trainer(job, namespace=PYTORCH_LIGHTNING, **settings)
    return list(RUNS)


def test_a_training_that_goes_on_goes_on_with_its_runs(tmp_path):
    job = logged(tmp_path)
    first = made(job)
    (_, wandb, name), (_, mlflow, run_name) = first
    assert (name, run_name) == ("digits-1 0007", "0007")
    assert len(wandb) == 8
    assert made(replace(job, resume_from="epoch-0001.ckpt")) == first
    other = made(job)  # which begins anew, as after a loss before its first checkpoint
    assert {id for _, id, _ in other}.isdisjoint({wandb, mlflow})
    assert made(replace(job, resume_from="epoch-0001.ckpt")) == other
    changed = made(replace(job, resume_from="epoch-0001.ckpt", takes_over=True))
    assert {id for _, id, _ in changed}.isdisjoint({id for _, id, _ in other})


def test_a_run_that_its_tracker_has_lost_is_begun_anew(tmp_path, caplog):
    job = logged(tmp_path)
    (wandb, (_, lost, name)) = made(job)
    LOST.add(lost)
    again = made(replace(job, resume_from="epoch-0001.ckpt"))
    assert again[0] == wandb
    assert again[1][1] not in {lost, None}
    assert again[1][2] == name
    assert "MLFlowLogger has no run to go on with" in caplog.text
    assert made(replace(job, resume_from="epoch-0001.ckpt")) == again  # which has the new one


def test_each_fold_each_seed_and_the_refit_has_a_run_of_its_own(tmp_path):
    job = logged(tmp_path)
    folds = [replace(job, fold=Fold(number=n, of=2, seed=0), repeat=n) for n in (0, 1)]
    assert [training_name(fold) for fold in folds] == ["0007-fold-01", "0007-fold-02"]
    assert training_name(replace(job, repeat=2)) == "0007-seed-2"
    assert training_name(replace(job, repeat=1), is_refit=True) == "0007-refit-seed-1"
    before = [made(fold) for fold in folds]
    assert made(job, is_refit=True)[0][2] == "digits-1 0007-refit"
    assert [made(replace(fold, resume_from="last.ckpt")) for fold in folds] == before
    kept = json.loads((tmp_path / "digits-1" / "trials" / "0007" / FILE).read_text())
    assert list(kept["runs"]) == ["0007-fold-01", "0007-fold-02", "0007-refit"]


def test_an_id_of_the_users_is_left_alone_and_a_broken_file_is_none(tmp_path):
    job = logged(tmp_path)
    job.trainer_arguments["logger"][0]["args"]["version"] = "mine-{trial}"
    assert made(job)[0] == ("wandb", "mine-0007", "digits-1 0007")
    (tmp_path / "digits-1" / "trials" / "0007" / FILE).write_text("[")
    assert made(replace(job, resume_from="last.ckpt"))[0][1] == "mine-0007"


def test_what_only_looks_at_a_model_is_no_run(tmp_path):
    job = logged(tmp_path, max_epochs=1)
    listener = Listener()
    train(job, report=listener)
    assert {name for _, _, name in RUNS} == {"digits-1 0007", "0007"}
    RUNS.clear()
    checkpoint = next((tmp_path / "digits-1").rglob("*.ckpt"))
    evaluate(job, checkpoint=str(checkpoint), split="validation")
    assert RUNS == []
    refit(job, epochs=1, path=tmp_path / "refit.ckpt")
    assert {name for _, _, name in RUNS} == {"digits-1 0007-refit", "0007-refit"}


def test_a_run_that_the_next_trial_would_take_up_is_ended(tmp_path):
    class Run:
        exit_code = None

        def finish(self, exit_code):
            self.exit_code = exit_code

    used, unused = (WandbLogger(str(tmp_path), name) for name in ("used", "unused"))
    other = pl.loggers.CSVLogger(tmp_path)
    used._experiment, other._experiment = Run(), Run()
    trainer = pl.Trainer(logger=[used, unused, other], enable_checkpointing=False)
    finish_runs(trainer, has_failed=True)
    assert used._experiment.exit_code == 1
    assert unused._experiment is None
    assert other._experiment.exit_code is None
