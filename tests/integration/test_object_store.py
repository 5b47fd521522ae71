"""A search in an object store through the command line: killed, and gone on with elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from raysearch.results import load_model
from raysearch.run_dir import RunDir
from raysearch.run_dir.remote import mirrors
from tests.integration.processes import epochs, folder_of, kill, wait_for
from tests.integration.test_kills import driver
from tests.object_store import BUCKET, in_environment, running_store

pytestmark = pytest.mark.timeout(300)  # two Rays and their workers, which import torch

RUN = f"s3://{BUCKET}/lab/small-1"
OVERRIDES = (
    "scheduler=none", "fidelity.max_epochs=12", "budget.trials=2", "checkpoint.every=1",
    "parallel=1",
)  # fmt: skip


@pytest.fixture
def store():
    with running_store() as store, in_environment(store.environment):
        yield store


def test_a_killed_driver_is_followed_from_another_machine(
    small, tmp_path, store, monkeypatch, hold
):
    def be_on(name):
        """Be on a machine that has seen nothing of the search."""
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / name / "cache"))
        monkeypatch.setattr(mirrors, "_mirrors", {})
        (tmp_path / name).mkdir()
        return tmp_path / name

    def answer(*words):
        done = subprocess.run(
            [sys.executable, "-m", "raysearch", *words],
            cwd=reader, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    with driver(be_on("first"), "run", small, "--run-dir", RUN, *hold.words(), *OVERRIDES) as first:
        wait_for(lambda: epochs(RUN) == hold.epochs, timeout_s=120, process=first)
        scratch = folder_of(first.pid)
        kill(first.pid)
        first.wait()
    hold.let_go()

    with driver(be_on("second"), "resume", RUN) as second:
        out, _ = second.communicate(timeout=240)
    assert second.returncode == 0, out
    assert f'raysearch.load_model("{RUN}")' in out
    assert str(tmp_path) not in out
    assert scratch is None or not scratch.exists()

    reader = be_on("third")
    document = json.loads(answer("results", RUN, "--json"))
    assert document["run_dir"] == RUN
    assert document["status"] == "finished"
    assert document["totals"]["trials"] == 2
    assert epochs(RUN) == 2 * 12
    assert 0 < document["winner"]["test"]["test/accuracy"] <= 1
    assert [t["status"] for t in document["trials"]] == ["completed"] * 2
    assert RUN in answer("trial", RUN, "0")
    assert "small-1" in answer("list", "runs", "--storage", f"s3://{BUCKET}/lab")

    keys = list(RunDir(RUN).storage.keys(""))
    assert {"experiment.yaml", "winner/model.ckpt", "winner/metrics.json"} <= set(keys)
    assert any(key.startswith("tensorboard/0001/") for key in keys)
    assert not {"lease.json", "stop"} & set(keys)
    assert load_model(RUN).training is False
    assert not (tmp_path / "first" / "runs").exists()
