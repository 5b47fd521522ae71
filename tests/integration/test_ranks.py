"""A search whose trials are each trained by two processes, also where one of them is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.training.jobs import model_job
from raysearch.training.run import refit
from tests.integration.processes import is_there

pytestmark = pytest.mark.timeout(450)  # real processes, which import torch

NETS = '''\
"""Written as the documentation of Lightning writes it, but that it can die or run out of memory."""

import os
import signal
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).parent


class Net(pl.LightningModule):
    def __init__(self, width=4, most=1000):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))

    def on_fit_start(self):
        with (HERE / "pids").open("a") as file:
            file.write(f"{os.getpid()} {self.global_rank} {self.trainer.world_size}\\n")

    def training_step(self, batch, _):
        x, y = batch
        if len(x) > self.hparams.most:
            raise torch.OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
                "79.15 GiB of which 1.25 GiB is free."
            )
        if self.current_epoch == 1 and self.global_rank == 1 and not (HERE / "killed").exists():
            (HERE / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trainer.world_size == 2 and self.global_rank == 1 and self.hparams.width == 13:
            raise ValueError("thirteen")
        return nn.functional.cross_entropy(self.net(x), y)

    def validation_step(self, batch, _):
        x, y = batch
        self.log("val_loss", nn.functional.cross_entropy(self.net(x), y))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


class Clouds(pl.LightningDataModule):
    def __init__(self, batch_size=32):
        super().__init__()
        self.batch_size = batch_size
        y = torch.arange(116) % 3
        x = torch.randn(116, 4, generator=torch.Generator().manual_seed(0)) + y[:, None]
        self.train, self.val = TensorDataset(x[:96], y[:96]), TensorDataset(x[96:], y[96:])

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=9)
'''

FILE = """\
model: nets:Net
data: {class: nets:Clouds, args: {batch_size: 32}}
space: {width: {int: [2, 16]}}
objective: {metric: val_loss, direction: minimize}
searcher: random
scheduler: {name: asha, min_epochs: 1, reduction_factor: 2}
fidelity: {max_epochs: 3}
points: [{width: 13}, {width: 16}]
constraints: {params: "<= 130"}
budget: {trials: 5}
parallel: 1
resources: {cpus: 1, workers: 2}
select: {top: 2, seeds: 1}
refit: {seeds: 2}
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "nets.py").write_text(NETS)
    (tmp_path / "two.yaml").write_text(FILE)
    return tmp_path


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


def test_two_processes_train_each_trial_and_one_that_is_killed_costs_an_attempt(
    folder, raysearch, monkeypatch
):
    ran = raysearch("run", "two.yaml", "--run-dir", "run", "--json", timeout_s=400)
    assert ran.status == 0, ran.err
    found = ran.document
    trials = {trial["id"]: trial for trial in found["trials"]}
    assert [trials[f"{n:04d}"]["status"] for n in range(3)] == ["completed", "failed", "rejected"]
    assert trials["0001"]["cause"] == "exception"
    assert {trials[id]["status"] for id in ("0003", "0004")} <= {"completed", "stopped", "rejected"}
    assert {id: trial["attempts"] for id, trial in trials.items()} == {
        "0000": 2,
        "0001": 1,
        "0002": 1,
        "0003": 1,
        "0004": 1,
    }
    events = list(RunDir(folder / "run").events())
    lost = [e for e in events if isinstance(e, ev.AttemptEnded) and e.trial == "0000"]
    assert [e.cause for e in lost] == ["worker lost"]
    (failed,) = (e for e in events if isinstance(e, ev.TrialEnded) and e.trial == "0001")
    assert failed.error.startswith("rank 1 of 2: ValueError: thirteen (nets.py, line")
    lines = [line.split() for line in (folder / "pids").read_text().splitlines()]
    alone = ("0", "1")  # as the default configuration is tried before the search begins
    assert {(rank, of) for _, rank, of in lines} - {alone} == {("0", "2"), ("1", "2")}
    assert not any(is_there(int(pid)) for pid, _, _ in lines)

    assert len([e for e in events if isinstance(e, ev.Measured) and e.repeat]) == 2
    after = [(rank, of) for _, rank, of in lines[-8:]]  # two leaders again, and two refits
    assert sorted(after) == [*4 * [("0", "2")], *4 * [("1", "2")]]
    monkeypatch.syspath_prepend(str(folder))
    results = Results.open(folder / "run")
    assert results.winner is not None
    model = results.model_of(results.winner)
    assert model is not None
    line = {"trials": results.state.trials, "epochs": model.epochs}
    job = model_job(results.experiment, results.winner, run_dir=folder / "run", **line)
    refit(job, epochs=model.epochs, path=folder / "alone.ckpt")  # in this process
    alone, together = map(weights_of, (folder / "alone.ckpt", folder / "run" / model.path))
    assert alone.keys() == together.keys()
    assert all(torch.allclose(alone[name], together[name], atol=1e-4) for name in alone)


def test_where_memory_runs_out_batches_are_halved(folder, raysearch):
    ran = raysearch(
        "run",
        "two.yaml",
        "--run-dir",
        "run",
        "--json",
        "resources.workers=1",
        "select=false",
        "refit=false",
        "failures.on_oom=halve_batch",
        "model={class: 'nets:Net', args: {most: 8}}",
        "budget.trials=1",
        timeout_s=400,
    )
    assert ran.status == 0, ran.err
    (trial,) = ran.document["trials"]
    assert (trial["status"], trial["attempts"], trial["epochs"]) == ("completed", 3, 3)
    events = list(RunDir(folder / "run").events())
    errors = [e.error for e in events if isinstance(e, ev.AttemptEnded)]
    assert [error.partition(" (")[0] for error in errors] == [
        f"OutOfMemoryError: 2.00 GiB asked for, 1.25 GiB of 79.15 GiB free, at batch size {size}"
        for size in (32, 16)
    ]
    started = [e for e in events if isinstance(e, ev.AttemptStarted)]
    assert started[2].reason == (
        "memory ran out, so batches are 1/4 as large, and 4 of them make a step"
    )
    assert len({e.worker for e in started}) == 3  # each in a new process
    steps = {e.step for e in events if isinstance(e, ev.Measured)}
    assert steps == {3, 6, 9}  # as of 96 examples in batches of 32
