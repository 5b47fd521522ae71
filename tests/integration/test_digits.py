"""The README's main job, made small, and its promise that a search can be repeated."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from raysearch.engine import fold
from raysearch.run_dir import RunDir
from tests.experiments.documents import README, ROOT, blocks

pytestmark = pytest.mark.timeout(180)  # real workers, which import torch for each search

FEW = ("budget.trials=4", "fidelity.max_epochs=2")
MLP = ("model=mlp", "space={width: {int: [16, 32], default: 32}}")
LEARNING = "searcher={name: hyperopt, n_startup: 2}"  # the last trials are suggested from the first


def test_the_main_job_made_small_ends_with_a_tested_winner(raysearch, ray_address, tmp_path):
    outcome = raysearch(
        "run", ROOT / "experiments" / "digits.yaml", "budget.trials=3", "fidelity.max_epochs=3",
        "refit.seeds=2",
        "--run-dir", "run", "--address", ray_address, "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    document = outcome.document
    assert document["status"] == "finished"
    assert [trial["id"] for trial in document["trials"]] == ["0000", "0001", "0002"]
    assert document["trials"][0]["epochs"] == 3
    winner = document["winner"]
    best = max(trial["values"]["val/accuracy"] for trial in document["trials"])
    assert winner["values"]["val/accuracy"] == best
    assert winner["refit"]["epochs"] >= 1
    assert winner["checkpoint"] == "winner/model.ckpt"
    assert 0.5 < winner["test"]["test/accuracy"] <= 1.0
    assert (tmp_path / "run/winner/seeds/1.ckpt").is_file()
    assert "refit 2 of 2" in outcome.err
    seeds = winner["test_seeds"]
    assert (seeds["n"], seeds["values"][0]) == (2, winner["test"])
    assert seeds["values"][1] != seeds["values"][0]
    assert 0.5 < seeds["mean"]["test/accuracy"] <= 1.0


def trials(run_dir):
    """Return what happened to each trial, without when and how fast."""
    state = fold(RunDir(run_dir).events())
    return [
        {
            "id": trial.id,
            "configuration": trial.configuration,
            "origin": trial.origin,
            "epochs": [(m.epoch, m.step, m.values, m.applied) for m in trial.measurements],
            "status": trial.status,
            "reason": trial.reason,
        }
        for trial in state.trials.values()
    ]


def test_a_search_with_one_worker_can_be_repeated(raysearch, ray_address, small, tmp_path):
    words = ("run", small, *MLP, *FEW, LEARNING, "parallel=1", "--address", ray_address, "--json")
    first = raysearch(*words, "--run-dir", "first")
    second = raysearch(*words, "--run-dir", "second")
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert trials(tmp_path / "first") == trials(tmp_path / "second")
    assert first.document["winner"] == second.document["winner"]
    assert first.document["winner"]["test"]
    kinds = {trial["origin"]["kind"] for trial in trials(tmp_path / "first")}
    assert "tpe" in kinds  # what depends on earlier trials was compared, too


def test_the_examples_in_python_run(tmp_path, ray_address):
    """The README's blocks as they stand, but for the size of the search and the Ray it uses.

    The one that predicts with a table is run where there is a table, in test_own.
    """
    opened, _, searched, tuned = blocks(README, "python")
    asked = 'overrides=["budget.trials=8"]'
    fewer = f'overrides=["budget.trials=1", "fidelity.max_epochs=2"], address="{ray_address}"'
    assert asked in searched
    renamed = 'search.run_dir.path.rename("runs/digits-20261123-170912")\n'
    smaller = searched.replace(asked, fewer)
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    process = subprocess.run(
        [sys.executable, "-c", "\n".join([smaller, renamed, opened, tuned])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "test/accuracy" in process.stdout.splitlines()[-1]
