"""What the README says that users of other systems write now is what they can write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning.callbacks import EarlyStopping
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import raysearch as rs
from raysearch import tuners
from raysearch.experiment import load
from raysearch.results import Results
from tests.experiments.documents import README, code, table

ROWS = [[code(cell) for cell in cells] for cells in table(README, "You wrote")]
"""The code in both cells of each row."""

NETS = """\
import pytorch_lightning as pl

class Net(pl.LightningModule):
    def __init__(self, inputs=4, hidden=32):
        super().__init__()

class MyData(pl.LightningDataModule):
    def __init__(self, batch_size=32):
        super().__init__()
"""

CLI = """\
model: {class_path: migrated.Net, init_args: {inputs: 8}}
data: {class_path: migrated.MyData}
"""


def row(mark: str) -> tuple[list[str], list[str]]:
    """Return what users wrote and write, in the row where they wrote something of this kind."""
    ((theirs, ours),) = [cells for cells in ROWS if any(mark in text for text in cells[0])]
    return theirs, ours


def evaluated(text: str, **names: Any) -> Any:
    return eval(text, {"rs": rs, **vars_of_tuners(), **names})


def vars_of_tuners() -> dict[str, Any]:
    return {name: getattr(tuners, name) for name in tuners.__all__}


def build(hp):
    units = hp.Int("units", 8, 64, step=8)
    rate = hp.Choice("dropout", [0.0, 0.5])
    return nn.Sequential(nn.Linear(8, units), nn.Dropout(rate), nn.Linear(units, 2))


def train(config, report):
    report({"score": config["lr"]})


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tuner():
    """Return a tuner that is made by their words, and with what is said to be given as well."""
    (theirs,), ours = row("Hyperband(")
    assert ours[-3:] == ["loss=", "optimizer=", "metrics="]
    more = {"loss": "cross_entropy", "optimizer": "adam", "metrics": ["accuracy"]}
    return evaluated(theirs.replace(")", ", **more)"), build=build, more=more)


def test_a_tuner_is_made_with_the_same_words(tuner):
    assert isinstance(tuner, tuners.Hyperband)
    assert set(tuner.space.keys) == {"units", "dropout"}


def test_a_search_is_asked_for_with_the_same_words(tuner):
    (_, _, search, models, size), (loaders,) = row("hp.Int")
    x = np.random.default_rng(0).normal(size=(40, 8)).astype("float32")
    y = (x.sum(axis=1) > 0).astype(int)
    names = {"tuner": tuner, "x": x, "y": y, "stop": EarlyStopping("val_loss")}
    text = search.replace(".search", ".as_search").replace("[...]", "[stop]")
    assert evaluated(text, **names).experiment.fidelity.max_epochs == 10
    loader = DataLoader(TensorDataset(torch.from_numpy(x), torch.from_numpy(y)))
    asked = evaluated(f"tuner.as_{loaders}", tuner=tuner, train_loader=loader, val_loader=loader)
    assert asked.experiment.fidelity.max_epochs == 10
    assert callable(evaluated(f"tuner.{models.removesuffix('()')}", tuner=tuner))
    more = {**evaluated(f"dict({size})"), "loss": "cross_entropy", "max_trials": 2}
    small = tuners.RandomSearch(build, "val_loss", **more).as_search(
        x, y, epochs=1, validation_split=0.2
    )
    assert small.experiment.aims.measures


def test_domains_have_the_bounds_that_are_said():
    theirs, ours = row("tune.loguniform")
    rate, number, choice = map(evaluated, ours)
    assert (theirs[0], rate) == ("tune.loguniform(1e-4, 1e-1)", rs.Float(1e-4, 1e-1, log=True))
    assert (theirs[1], number) == ("randint(1, 10)", rs.Int(1, 9))  # which leaves 10 out
    assert choice is rs.Choice


def test_a_function_of_ray_tune_is_searched():
    _, (search, _, report) = row("ASHAScheduler")
    text = search.replace("objective=...", "objective=score").removesuffix(".run()")
    text = text.replace("{...}", "space")
    score = rs.Objective(metric="score", direction="maximize")
    found = evaluated(text, train=train, score=score, space={"lr": rs.Float(0, 1)}).experiment
    assert (found.fidelity.max_epochs, found.budget.trials) == (27, 64)
    told: list[Any] = []
    train({"lr": 0.5}, told.append)
    assert report == "report({...})"
    assert told == [{"score": 0.5}]


def test_a_parameter_of_optuna_is_asked_for():
    theirs, (asks, _, _) = row("suggest_float")
    hp = tuners.HyperParameters()
    assert evaluated(asks, hp=hp) == hp.get("lr") == 1e-4
    assert [entry.domain for entry in hp.space] == [rs.Float(1e-4, 1e-1, log=True, default=1e-4)]
    assert asks.removeprefix("hp.Float") == theirs[0].removeprefix("trial.suggest_float")


def test_budgets_and_results_of_optuna_have_these_names():
    _, (budget, points, best) = row("enqueue_trial")
    found = evaluated(budget)
    assert (found.trials, found.minutes) == (64, 10)
    point = {points: [{"lr": 0.25}]}
    search = rs.Search(
        {"function": train},
        objective=rs.Objective(metric="score", direction="maximize"),
        fidelity=rs.Fidelity(max_epochs=2),
        space={"lr": rs.Float(0, 1)},
        **point,
    )
    assert [dict(each) for each in search.experiment.points] == [{"lr": 0.25}]
    results, winner, configuration = best.split(".")
    assert (results, configuration) == ("results", "configuration")
    assert hasattr(Results, winner)


def test_the_file_of_a_lightning_cli_is_taken(tmp_path, monkeypatch):
    _, (*lines, epochs, section) = row("fit --config")
    assert (epochs, section) == ("max_epochs", "fidelity")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "migrated.py").write_text(NETS)
    (tmp_path / "config.yaml").write_text(CLI)
    rest = ["objective: val_loss", f"{section}: {{{epochs}: 9}}"]
    (tmp_path / "mine.yaml").write_text("\n".join([*lines, *rest]))
    found = load("mine.yaml")
    assert found.bind({"hidden": 64}).model_arguments == {"inputs": 8, "hidden": 64}
    assert found.fidelity.max_epochs == 9
