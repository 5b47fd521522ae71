"""Tuners to a trained model: the example as a script, the models of a search, what stops one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.results import Results
from raysearch.run_dir import events as ev
from raysearch.trial import DecisionKind, SearchStatus
from raysearch.tuners import Objective, RandomSearch

pytestmark = pytest.mark.timeout(240)  # real workers, which import torch and Lightning

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "experiments" / "breast_cancer.py"
THEIRS = ROOT / "experiments" / "benchmarks" / "tuners" / "keras_side.py"


def code_lines(script):
    code = script.read_text().split('"""', 2)[2]
    return [line for line in code.splitlines() if line.strip()]


def test_the_example_needs_no_more_lines_than_keras_tuners():
    assert len(code_lines(OURS)) <= len(code_lines(THEIRS))


def test_the_example(tmp_path):
    done = subprocess.run(
        [sys.executable, str(OURS)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, accuracy = done.stdout.splitlines()[-2:]
    assert said.startswith("units ")
    assert float(accuracy) > 0.9

    (folder,) = (tmp_path / "runs").iterdir()
    results = Results.open(folder)
    trials = results.state.trials
    assert results.status is SearchStatus.FINISHED
    assert len(trials) == 22  # Keras Tuner's 12 + 6 + 4; its promotions are trials of their own
    assert results.winner is not None
    best = results.winner.configuration
    assert said == f"units {best['units']}, layers {best['num_layers']}, dropout {best['dropout']}"
    assert 32 <= best["units"] <= 512
    assert best["units"] % 32 == 0

    events = list(results.run_dir.events())
    promoted = {
        event.trial
        for event in events
        if isinstance(event, ev.Decided) and event.kind == DecisionKind.PAUSE
    } & {
        event.trial
        for event in events
        if isinstance(event, ev.AttemptStarted) and event.attempt > 1
    }
    assert promoted
    for name in promoted:  # Keras Tuner goes back to the weights of the best epoch
        trial = trials[name]
        assert [m.epoch for m in trial.measurements] == list(range(1, trial.epochs + 1))
        last = [e for e in events if isinstance(e, ev.AttemptStarted) and e.trial == name][-1]
        assert last.from_epoch in (2, 4)
    assert list((folder / "tensorboard").rglob("events.out.tfevents.*"))


def test_the_models_of_a_search(ray_address, tmp_path):
    torch.manual_seed(0)
    x = torch.randn(160, 4)
    y = (x.sum(dim=1) > 0).long()
    given = {
        "objective": "val_accuracy",
        "max_trials": 3,
        "loss": "cross_entropy",
        "optimizer": lambda parameters, hp: torch.optim.Adam(
            parameters, lr=hp.Float("lr", 1e-3, 1e-1, sampling="log")
        ),
        "metrics": ["accuracy"],
        "directory": tmp_path,
        "project_name": "mine",
        "address": ray_address,
    }

    def build(hp):
        units = hp.Int("units", 8, 16, step=8)
        return nn.Sequential(nn.Linear(4, units), nn.ReLU(), nn.Linear(units, 2))

    tuner = RandomSearch(build, **given)
    tuner.search((x[:120], y[:120]), (x[120:], y[120:]), epochs=2, progress=False)

    again = RandomSearch(build, **given)  # as in another process
    models = again.get_best_models(num_models=2)
    ranking = again.results.ranking()
    for model, trial in zip(models, ranking, strict=False):
        accuracy = float((model(x[120:]).argmax(1) == y[120:]).float().mean())
        assert accuracy == pytest.approx(trial.value(again.results.objective))
        assert not model.training
        assert model.network[0].out_features == trial.configuration["units"]
    assert len(models) == 2
    assert {"units", "lr"} == set(again.get_best_hyperparameters()[0].values)


class Silent(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.training_step(batch, batch_idx))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_an_objective_that_a_module_never_logs(ray_address, tmp_path):
    x, y = torch.randn(16, 4), torch.zeros(16, dtype=torch.int64)

    def build(hp):
        hp.Boolean("flag")
        return Silent()

    tuner = RandomSearch(
        build, Objective("val_f", "max"), directory=tmp_path / "runs", address=ray_address
    )
    with pytest.raises(ConfigurationError, match=r"objective.metric is val_f, which.*did not log"):
        tuner.search((x, y), (x, y), epochs=2, progress=False)
    assert not list((tmp_path / "runs").glob("*"))
