"""What `submit` and `cluster` refuse before anything is sent, and what `cluster` prints."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
AT = "--address http://127.0.0.1:1"
STORED = f"{AT} --storage s3://lab/runs"


@pytest.fixture
def described(folder):
    shutil.copy(ROOT / "cluster.yaml", folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("submit", "--address is missing"),
        (f"submit {AT}", "submit needs an EXPERIMENT file"),
        (f"submit small.yaml {AT}", "--storage is missing: where is the search to be kept?"),
        (f"submit small.yaml {AT} --storage runs", "--storage runs would lie in the job's own"),
        (f"submit small.yaml {STORED}", "http://127.0.0.1:1: no job server of Ray answers there"),
        (f"submit small.yaml budget.trails=3 {STORED}", "Did you mean trials?"),
        (f"submit --resume runs/x {AT}", "--resume runs/x is relative to this folder"),
        (f"submit small.yaml --resume /nfs/x {AT}", "nothing to do with small.yaml"),
        (f"submit small.yaml --follow job {AT}", "--follow takes a job alone"),
        (f"check small.yaml {AT}", "no job server of Ray answers there"),
        ("check small.yaml --quick --address 127.0.0.1:1", "no Ray cluster answers there"),
        ("run small.yaml --address http://127.0.0.1:1", "submit EXPERIMENT --address"),
    ],
)
def test_wrong_use_is_said_before_anything_is_sent(cli, experiment, line, message):
    outcome = cli(line)
    assert (outcome.status, outcome.out.startswith("sent")) == (2, False)
    assert message in outcome.err


def test_an_empty_address_is_an_unset_variable(cli, experiment):
    from raysearch.cli.main import main

    assert main(["run", "small.yaml", "--address", ""]) == 2
    assert main(["submit", "small.yaml", "--address", ""]) == 2


def test_a_file_from_elsewhere_is_refused(cli, experiment, folder, monkeypatch):
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    outcome = cli(f"submit ../small.yaml {STORED}")
    assert outcome.status == 2
    assert "../small.yaml is not below the current folder" in outcome.err


def test_the_file_is_printed_with_its_comments_and_the_storage(cli, described, folder):
    outcome = cli("cluster --storage s3://lab/runs")
    before = (folder / "cluster.yaml").read_text()
    changed = [
        (mine, theirs)
        for mine, theirs in zip(before.splitlines(), outcome.out.splitlines(), strict=True)
        if mine != theirs
    ]
    assert [theirs for _, theirs in changed] == ["  storage: s3://lab/runs"]
    assert cli("cluster").out == before


@pytest.mark.parametrize("kind", ["kuberay", "slurm"])
def test_a_search_of_its_own_is_printed_for_each(cli, described, experiment, kind):
    outcome = cli(f"cluster small.yaml budget.trials=3 --kind {kind} --storage s3://lab/runs")
    assert (outcome.status, outcome.err) == (0, "")
    assert "small.yaml budget.trials=3 --run-dir s3://lab/runs/small-" in outcome.out
    if kind == "kuberay":
        assert len(list(yaml.safe_load_all(outcome.out))) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cluster --kind slurm --storage /nfs", "so it needs an EXPERIMENT file"),
        ("cluster small.yaml --kind kuberay", "cluster.yaml names no storage yet: give --storage"),
        ("cluster --file other.yaml", "other.yaml cannot be read: No such file"),
        ("cluster --kind kubray", "invalid choice"),
    ],
)
def test_what_cannot_be_printed_is_said(cli, described, experiment, line, message):
    outcome = cli(line)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
