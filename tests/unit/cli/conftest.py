"""Every test may run the command line in an empty folder, in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from raysearch.cli.main import main
from tests.recorded import Recorded


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(folder, capsys):
    """Run a command line."""

    def run(line: str) -> Outcome:
        capsys.readouterr()
        status = main(line.split())
        captured = capsys.readouterr()
        return Outcome(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def search(folder):
    """A finished search in runs/small-1: 0001 won, 0002 failed, 0003 was not finite."""
    search = Recorded(folder / "runs" / "small-1")
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.fail(0.4, error="ValueError: width is 0 (nets.py, line 31)\nTraceback: more of it")
    search.trial(None)
    return search.finish()


@pytest.fixture
def experiment(folder):
    """A small experiment file, small.yaml."""
    path = folder / "small.yaml"
    path.write_text(
        "data: digits\n"
        "model: [cnn, mlp]\n"
        "space:\n"
        "  mlp.depth: {int: [1, 12]}\n"
        "  cnn.dropout: {float: [0.1, 0.2]}\n"
        "objective: val/accuracy\n"
        "scheduler: {name: asha, min_epochs: 2, reduction_factor: 2}\n"
        "fidelity: {max_epochs: 9}\n"
        "budget: {trials: 8, minutes: 1.5}\n"
    )
    return path
