"""The whole way with real training: a winner that plain Lightning opens, and its test result."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from raysearch.errors import RunDirectoryError, TrialFailed
from raysearch.imports import provide
from raysearch.results import LocalExecutor, Results, load_model
from raysearch.training.evaluating import evaluate
from tests.recorded import Recorded

pytestmark = pytest.mark.timeout(120)  # imports torch and Lightning, and trains


def test_the_winner_opens_with_plain_lightning_and_is_tested(tmp_path):
    from raysearch.models.mlp.module import MLP

    search = Recorded(tmp_path / "run", space={"width": 16, "depth": 1, "learning_rate": 0.01})
    search.trial(0.5, 0.6, 0.7)
    search.finish()
    results = Results.open(tmp_path / "run")
    model = results.refit()
    opened = MLP.load_from_checkpoint(tmp_path / "run" / model.path)
    assert opened.hparams["width"] == 16
    assert model.epochs == 3

    outcome = results.test()
    assert outcome.values is not None
    assert all(name.startswith("test/") for name in outcome.values)
    accuracy = outcome.values["test/accuracy"]
    assert accuracy is not None
    assert accuracy > 0.5  # ten classes: 0.1 by chance


def test_further_seeds_give_other_models_and_leave_the_winner_as_it_is(tmp_path):
    fixed = {"width": 16, "depth": 1, "learning_rate": 0.01}
    weights = []
    for seeds in (1, 2):
        search = Recorded(tmp_path / f"run-{seeds}", space=fixed, refit={"seeds": seeds})
        search.trial(0.5, 0.6)
        search.finish()
        results = Results.open(search.run_dir.path)
        assert results.refit().n_models == seeds
        weights.append(load_model(search.run_dir.path).state_dict())
    alone, beside = weights
    assert all(torch.equal(alone[name], beside[name]) for name in alone)
    other = load_model(tmp_path / "run-2", repeat=1).state_dict()
    assert not all(torch.equal(alone[name], other[name]) for name in alone)
    spread = results.test().spread
    assert spread is not None
    first, second = (values["test/loss"] for values in spread.values)
    assert first != second
    assert spread.mean["test/loss"] == pytest.approx((first + second) / 2)
    with pytest.raises(RunDirectoryError, match=r"no model of repeat 2.*run-2 --seeds 3"):
        load_model(tmp_path / "run-2", repeat=2)


def test_what_user_code_raises_becomes_a_reason_with_its_line(tmp_path):
    from tests.nets import Data, make_job

    class Breaks(Data):
        def refit_dataloader(self):
            raise ValueError("no room for all of it")

    provide({"object:Breaks": Breaks})
    job = replace(make_job(tmp_path), data_class="object:Breaks")
    with pytest.raises(TrialFailed) as raised:
        LocalExecutor().refit(job, epochs=1, path=tmp_path / "model.ckpt")
    assert str(raised.value).startswith(
        "the refit of trial 0003 raised ValueError: no room for all of it (tests/unit/results/"
    )


def test_a_copied_checkpoint_is_worth_what_it_was_measured_at(tmp_path):
    """With refit: false, the model is the trial's own, to the last digit."""
    from raysearch.training.fit import train
    from raysearch.training.jobs import job_for

    search = Recorded(tmp_path / "run", refit=False, fidelity={"max_epochs": 1})
    trial = search.engine.next_trial()
    assert trial is not None
    search.engine.attempt_started(trial.id, worker="here:1")
    job = job_for(search.experiment, trial, run_dir=tmp_path / "run")
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    path = f"trials/{trial.id}/{reports[0].checkpoint.path}"
    checkpoint = replace(reports[0].checkpoint, path=path)
    search.engine.measured(trial.id, reports[0].measurement, checkpoint=checkpoint)
    search.finish()

    results = Results.open(tmp_path / "run")
    model = results.refit()
    values = evaluate(job, checkpoint=str(tmp_path / "run" / model.path), split="validation")
    assert values["val/accuracy"] == reports[0].measurement.values["val/accuracy"]
