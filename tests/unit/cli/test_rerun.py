"""`trial RUN ID --rerun`: the same training again, in this process, beside what was recorded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from raysearch.cli.rerun import Beside
from raysearch.training.job import Report
from raysearch.training.jobs import job_for
from raysearch.trial import Measurement
from tests.recorded import Recorded

pytestmark = pytest.mark.timeout(120)  # imports torch and Lightning, and trains

OWN = """\
import signal

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    def __init__(self, width=4, at="nothing"):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, width)

    def training_step(self, batch, _):
        if self.hparams.at == "breakpoint" and self.current_epoch == 0 and self.global_step == 0:
            breakpoint()
        if self.hparams.at == "signal" and self.current_epoch == 1:
            signal.raise_signal(signal.SIGINT)
        if self.hparams.at == "breakpoint" and self.current_epoch == 1:
            secret = 41 + len(batch)
            raise ValueError(f"no such width: {self.hparams.width}")
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch, _):
        self.log("val_loss", self.layer(batch[0]).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Data(pl.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), batch_size=8)

    val_dataloader = train_dataloader
"""


def recorded(folder, monkeypatch, *, at):
    """A search in runs/mine-1 with a module of one's own, and one trial of it."""
    monkeypatch.syspath_prepend(str(folder))
    (folder / "mine.py").write_text(OWN)
    search = Recorded(
        folder / "runs" / "mine-1",
        data="mine:Data",
        model={"class": "mine:Net", "args": {"at": at}},
        space={"width": {"int": [4, 8]}},
        objective={"metric": "val_loss", "direction": "minimize"},
        fidelity={"max_epochs": 2},
    )
    search.trial(0.5, 0.25)
    return search.finish()


def snapshot(path):
    return {file: file.stat().st_mtime_ns for file in path.rglob("*")}


def test_a_trial_that_trains_alike_is_said_to(cli, folder):
    from raysearch.training.fit import train

    search = Recorded(folder / "runs" / "small-1", fidelity={"max_epochs": 2})
    trial = search.engine.next_trial()
    search.engine.attempt_started(trial.id, worker="here:1")
    job = job_for(search.experiment, trial, run_dir=folder / "elsewhere")
    for report in reports_of(train, job):
        search.engine.measured(trial.id, report.measurement, checkpoint=None)
    search.finish()
    before = snapshot(search.run_dir.path)
    outcome = cli("trial small-1 0 --rerun")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert "Nothing in the run directory is changed." in lines[0]
    value = search.engine.state.trials["0000"].measurements[0].values["val/accuracy"]
    assert lines[2].startswith(f"epoch 1: val/accuracy {value:.4g} (was {value:.4g}), ")
    assert lines[3].startswith("epoch 2: ")
    assert lines[-1] == "The same as recorded, in 2 epochs."
    assert snapshot(search.run_dir.path) == before


def reports_of(train, job):
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    return [replace(report, checkpoint=None) for report in reports]


def test_a_difference_is_said_with_the_first_epoch_and_metric(cli, search):
    outcome = cli("trial small-1 1 --rerun --epochs 1")
    assert outcome.status == 0
    lines = [line for line in outcome.out.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 1
    assert "(was 0.7)" in lines[0]
    assert "It differs from what was recorded, first at epoch 1, " in outcome.out


def test_breakpoints_and_the_debugger_have_the_terminal(folder, monkeypatch):
    """In a process of its own, as at the shell: a breakpoint, then an exception."""
    search = recorded(folder, monkeypatch, at="breakpoint")
    done = subprocess.run(
        [sys.executable, "-m", "raysearch", "trial", "mine-1", "0", "--rerun", "--pdb"],
        cwd=folder,
        input="p self.hparams.width * 1000\nc\np secret\nq\n",
        env={name: value for name, value in os.environ.items() if name != "PYTHONBREAKPOINT"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    width = search.engine.state.trials["0000"].configuration["width"]
    assert f"(Pdb) {1000 * width}" in done.stdout
    assert re.search(r"epoch 1: val_loss \S+ \(was 0\.5\), ", done.stdout)
    assert "(Pdb) 42" in done.stdout
    assert "Traceback (most recent call last):" in done.stderr
    assert "in training_step" in done.stderr
    assert "ValueError: no such width: " in done.stderr


def test_ctrl_c_ends_it(cli, folder, monkeypatch):
    recorded(folder, monkeypatch, at="signal")
    outcome = cli("trial mine-1 0 --rerun")
    assert outcome.status == 130
    assert "epoch 1: val_loss " in outcome.out
    assert outcome.err.endswith("Interrupted.\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--rerun --json", "--json and --rerun exclude each other"),
        ("--epochs 3", "--epochs goes with --rerun"),
        ("--pdb", "--pdb goes with --rerun"),
    ],
)
def test_options_that_do_nothing_together_are_refused(cli, search, options, message):
    outcome = cli(f"trial small-1 1 {options}")
    assert outcome.status == 2
    assert message in outcome.err


def test_it_stops_at_the_first_measurement_from_the_last_epoch_wanted_on(search):
    """Where validation runs in every second epoch, the third is not measured."""
    beside = Beside(search.engine.state.trials["0001"], objective="x", unit="epoch", epochs=3)
    goes_on = [beside.report(measured(epoch)) for epoch in (2, 4)]
    assert goes_on == [True, False]


def measured(epoch):
    return Report(measurement=Measurement(epoch=epoch, step=epoch, values={"x": 1.0}, seconds=1.0))
