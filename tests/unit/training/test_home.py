"""A worker on another machine has paths of its own for a run directory in an object store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from raysearch.init_from import InitFrom
from raysearch.training.home import Home, here, home_of, settled
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective

FOLDER = "/home/driver/.cache/raysearch/runs/1f/digits-1"
HOME = Home(address="s3://lab/digits-1", folder=FOLDER, host="the-driver's")


@pytest.fixture
def job():
    first = TrainingJob(
        trial="0007",
        model_class="nets:Net",
        model_arguments={},
        data_class="nets:Data",
        data_arguments={},
        objective=Objective(metric="val/loss", direction="minimize"),
        max_epochs=9,
        seed=0,
        directory=f"{FOLDER}/trials/0007",
        init_from=InitFrom(checkpoint=f"{FOLDER}/trials/0003/epoch-0004.ckpt", parent="0003"),
        home=HOME,
    )
    resume = f"{FOLDER}/trials/0007/epoch-0002.ckpt"
    return replace(first, resume_from=resume, otherwise=first)


def test_paths_are_those_of_this_machine(job, tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    found = settled(job)
    root = Path(found.directory).parents[1]
    assert root.is_relative_to(tmp_path)
    assert root.is_dir()
    assert found.directory == f"{root}/trials/0007"
    assert found.resume_from == f"{root}/trials/0007/epoch-0002.ckpt"
    assert found.init_from.checkpoint == f"{root}/trials/0003/epoch-0004.ckpt"
    assert found.otherwise.directory == found.directory
    assert found.otherwise.resume_from is None


def test_files_of_the_users_own_keep_their_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    assert here("/data/pretrained.ckpt", home=HOME) == "/data/pretrained.ckpt"
    assert here(f"{FOLDER}/winner/next.ckpt", home=HOME).endswith("/winner/next.ckpt")


def test_folders_and_the_drivers_own_machine_need_nothing(job, tmp_path):
    assert home_of(tmp_path / "runs" / "digits-1") is None
    assert settled(replace(job, home=None)) == replace(job, home=None)
