"""A model and data of one's own, from the file and from Python, to a winner that is used."""

from __future__ import annotations

import json
import subprocess
import sys

import lightning.pytorch as lightning
import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import raysearch as rs
from raysearch.errors import ConfigurationError
from raysearch.experiment import Fidelity
from raysearch.results import Results
from raysearch.trial import TrialStatus
from tests.dirty_table import write_dirty_table
from tests.experiments.documents import README, blocks, files

pytestmark = pytest.mark.timeout(240)  # real workers, which import torch and both Lightnings

NETS = '''\
"""Written as the documentation of Lightning writes it; nothing here knows of raysearch."""

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, random_split


class LitClassifier(L.LightningModule):
    def __init__(self, hidden=16, lr=1e-2):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 3))
        self.lr = lr

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", nn.functional.cross_entropy(self(x), y))
        self.log("val_acc", (self(x).argmax(1) == y).float().mean())

    def test_step(self, batch, batch_idx):
        x, y = batch
        self.log("test_acc", (self(x).argmax(1) == y).float().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)


class CloudData(L.LightningDataModule):
    def __init__(self, n=300, batch_size=32):
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        y = torch.arange(self.hparams.n) % 3
        x = torch.randn(len(y), 4, generator=generator) + y[:, None]
        sizes = [len(y) * 6 // 10, len(y) * 2 // 10, len(y) * 2 // 10]
        self.splits = random_split(TensorDataset(x, y), sizes, generator=generator)

    def train_dataloader(self):
        return DataLoader(self.splits[0], batch_size=self.hparams.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.splits[1], batch_size=64)

    def test_dataloader(self):
        return DataLoader(self.splits[2], batch_size=64)


class Stream(IterableDataset):
    def __iter__(self):
        while True:
            y = int(torch.randint(3, ()))
            yield torch.randn(4) + y, y


class StreamData(CloudData):
    def train_dataloader(self):
        return DataLoader(Stream(), batch_size=self.hparams.batch_size)
'''

FILE = """\
data: {class: mine.nets:CloudData, args: {n: 300}}
model: mine.nets:LitClassifier
space:
  hidden: {int: [4, 32], log: true}
  lr: {float: [1.0e-3, 1.0e-1], log: true}
  data.batch_size: {choice: [16, 32]}
points: [{hidden: 32}]
objective: val_acc
scheduler: none
fidelity: {max_epochs: 8}
budget: {trials: 3}
trainer:
  gradient_clip_val: 1.0
  callbacks: [{class: EarlyStopping, args: {monitor: val_loss, patience: 1, min_delta: 1.0}}]
"""


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "nets.py").write_text(NETS)
    (tmp_path / "mine.yaml").write_text(FILE)
    return tmp_path


def test_a_package_is_searched_through_the_command_line(package, raysearch, ray_address):
    outcome = raysearch("run", "mine.yaml", "--run-dir", "run", "--address", ray_address, "--json")
    assert outcome.status == 0, outcome.err
    document = outcome.document
    trials = document["trials"]
    assert trials[0]["configuration"] == {"hidden": 16, "lr": 0.01, "data.batch_size": 32}
    assert trials[1]["configuration"]["hidden"] == 32  # the point
    assert {trial["status"] for trial in trials} == {"completed"}
    assert all(trial["epochs"] < 8 for trial in trials)  # early stopping, which is no failure
    assert "ended early" in trials[0]["reason"]
    winner = document["winner"]
    assert winner["refit"]["epochs"] >= 1  # both splits are parts of the same tensors
    assert winner["test"]["test_acc"] > 0.5

    code = (  # in a process that knows nothing of raysearch
        "import torch; from mine.nets import LitClassifier\n"
        "model = LitClassifier.load_from_checkpoint('run/winner/model.ckpt', weights_only=True)\n"
        "print(model(torch.zeros(5, 4)).shape[1], model.net[0].out_features)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, capture_output=True, text=True, check=True
    )
    best = next(t for t in trials if t["id"] == winner["trial"])
    assert done.stdout.split() == ["3", str(best["configuration"]["hidden"])]


def test_what_cannot_be_trained_is_found_before_the_search_begins(package, raysearch, ray_address):
    outcome = raysearch(
        "run", "mine.yaml", "objective=val_accuracy", "--run-dir", "run", "--address", ray_address
    )
    assert outcome.status == 2
    assert "val_accuracy" in outcome.err
    assert "val_acc" in outcome.err.replace("val_accuracy", "")
    assert "Nothing was started." in outcome.err
    assert not (package / "run").exists()


def test_steps_are_counted_on_data_without_an_end(package, raysearch, ray_address):
    outcome = raysearch(
        "run", "mine.yaml", "data=mine.nets:StreamData", "trainer={limit_val_batches: 2}",
        "fidelity={max_steps: 60, every_steps: 20}", "budget.trials=2", "points=[]",
        "--run-dir", "run", "--address", ray_address, "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    results = Results.open(package / "run")
    steps = [[m.step for m in trial.measurements] for trial in results.state.trials.values()]
    assert steps == [[20, 40, 60], [20, 40, 60]]
    winner = outcome.document["winner"]
    assert winner["refit"] is None
    assert "a Stream" in winner["refit_reason"]


class ManualNet(pl.LightningModule):
    """Two optimisers that the module steps itself, of the other Lightning."""

    def __init__(self, width=8, rate=0.05):
        super().__init__()
        self.automatic_optimization = False
        self.body, self.head = nn.Linear(4, width), nn.Linear(width, 3)
        self.rate = rate

    def training_step(self, batch, _):
        loss = self._loss(batch)
        for optimizer in self.optimizers():
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in self.optimizers():
            optimizer.step()

    def validation_step(self, batch, _):
        self.log("val_loss", self._loss(batch))

    def _loss(self, batch):
        return nn.functional.cross_entropy(self.head(torch.relu(self.body(batch[0]))), batch[1])

    def configure_optimizers(self):
        parts = (self.body, self.head)
        return [torch.optim.SGD(part.parameters(), lr=self.rate) for part in parts]


def clouds(n):
    generator = torch.Generator().manual_seed(n)
    y = torch.arange(n) % 3
    return TensorDataset(torch.randn(n, 4, generator=generator) + y[:, None], y)


def test_objects_without_an_import_path_are_searched_and_resumed(tmp_path, ray_address, raysearch):
    class LocalData(lightning.LightningDataModule):  # of the other Lightning than the model
        def train_dataloader(self):
            return DataLoader(clouds(120), batch_size=30, shuffle=True)

        def val_dataloader(self):
            return DataLoader(clouds(60), batch_size=60)

    class LocalNet(ManualNet):
        pass

    data = LocalData()
    search = rs.Search(
        model=LocalNet,
        data=data,
        space={"width": rs.Int(4, 16), "rate": rs.Float(1e-3, 1e-1, log=True)},
        objective=rs.Objective(metric="val_loss", direction="minimize"),
        scheduler="none",
        fidelity=Fidelity(max_epochs=2),
        budget=rs.Budget(trials=2),
        run_dir=tmp_path / "run",
        address=ray_address,
    )
    results = search.run()
    assert [t.status for t in results.state.trials.values()] == [TrialStatus.COMPLETED] * 2
    assert results.default.configuration == {"width": 8, "rate": 0.05}

    refused = raysearch("resume", tmp_path / "run", "budget.trials=3")
    assert refused.status == 2
    assert "LocalNet" in refused.err
    assert "raysearch.Search.resume(RUN, model=..., data=..." in refused.err
    with pytest.raises(ConfigurationError, match="LocalData"):
        rs.Search.resume(tmp_path / "run", model=LocalNet)

    again = rs.Search.resume(
        tmp_path / "run",
        overrides=["budget.trials=3"],
        address=ray_address,
        model=LocalNet,
        data=data,
    )
    results = again.run_to_end()
    assert len(results.state.trials) == 3
    assert results.test_outcome.values is None
    assert "test" in results.test_outcome.reason
    frame = results.to_dataframe()
    assert len(frame) == 3
    assert results.model_of(results.winner) is not None


def test_a_function_trains_by_itself(tmp_path, ray_address):
    def train(config, report):
        for epoch in range(3):
            report({"score": -((config["x"] - 0.3) ** 2) + epoch}, checkpoint={"x": config["x"]})

    search = rs.Search(
        train,
        space={"x": rs.Float(0.0, 1.0)},
        objective=rs.Objective(metric="score", direction="maximize"),
        scheduler="none",
        fidelity={"max_epochs": 3},
        budget=rs.Budget(trials=20, patience=5),
        run_dir=tmp_path / "run",
        address=ray_address,
    )
    results = search.run_to_end()
    trials = results.state.trials.values()
    assert {t.status for t in trials} == {TrialStatus.COMPLETED}
    assert len(trials) >= 6
    assert results.winner.value(results.objective) <= 2.0
    kept = torch.load(tmp_path / "run" / "winner" / "model.ckpt", weights_only=True)
    assert kept["x"] == results.winner.configuration["x"]
    assert json.loads((tmp_path / "run" / "winner" / "metrics.json").read_text())["test"] is None


def test_the_section_of_the_readme_works_as_it_stands(tmp_path, raysearch, ray_address):
    """All but for the size of the search, and the Ray that it uses."""
    for name, text in files(README).items():
        (tmp_path / name).write_text(text)
    checked = raysearch("check", "mine.yaml")
    assert checked.status == 0, checked.err
    assert "hidden" in checked.out
    assert "val_acc" in checked.out
    function = raysearch("check", "job.yaml")
    assert function.status == 0, function.err
    assert "learning_rate" in function.out
    smaller = ("budget.trials=3", "fidelity.max_epochs=3", "--address", ray_address, "--json")
    outcome = raysearch("run", "mine.yaml", "--run-dir", "run", *smaller)
    assert outcome.status == 0, outcome.err
    assert outcome.document["winner"]["test"]["test_acc"] > 0.4
    script = (tmp_path / "search.py").read_text()
    asked = "budget=rs.Budget(trials=12),"
    assert asked in script
    fewer = f'budget=rs.Budget(trials=2), scheduler="none", address="{ray_address}",'
    (tmp_path / "search.py").write_text(script.replace(asked, fewer))
    done = subprocess.run(
        [sys.executable, "search.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "config.hidden" in done.stdout
    assert "test_acc" in done.stdout.splitlines()[-1]


def test_a_dirty_table_becomes_a_tested_winner_that_predicts(tmp_path, raysearch, ray_address):
    write_dirty_table(tmp_path / "customers.csv")
    text = files(README)["table.yaml"].replace("target: left", "target: churn")
    (tmp_path / "table.yaml").write_text(text)
    outcome = raysearch(
        "run", "table.yaml", "budget.trials=3", "fidelity.max_epochs=5",
        "--run-dir", "runs/table-20261123-170912", "--address", ray_address, "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    winner = outcome.document["winner"]
    assert winner["values"]["val/auroc"] > 0.6
    assert winner["test"]["test/auroc"] > 0.6

    write_dirty_table(tmp_path / "new_customers.csv", n_rows=5, seed=1)
    _, predicts, *_ = blocks(README, "python")
    done = subprocess.run(
        [sys.executable, "-c", predicts], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("yes") + done.stdout.count("no") >= 5
