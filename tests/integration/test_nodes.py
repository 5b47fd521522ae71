"""A node that goes away takes no trial with it, and each node prepares data for itself, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus, TrialStatus
from raysearch.tuning.switches import loopback_only
from tests.integration.conftest import ROOT
from tests.integration.processes import epochs, wait_for

NODES = ("left", "right")
"""The nodes that train, each with a folder of that name for its cache."""

MINE = """\
import os, time
from pathlib import Path
import numpy as np
from raysearch.data.cache import cached_arrays
from tests import nets

NODE = Path(os.environ["RAYSEARCH_CACHE_DIR"])


def note(what):
    with (NODE / "calls.txt").open("a") as file:
        file.write(f"{what}\\n")


def build():
    note("build")
    return {"rows": np.ones(300_000)}


class Data(nets.Data):
    def prepare_data(self):
        note("prepare")

    def setup(self, stage):
        note("setup")
        assert cached_arrays("rows", arguments={}, build=build)["rows"].sum() == 300_000
        super().setup(stage)


class Net(nets.Net):
    def on_train_epoch_start(self):
        super().on_train_epoch_start()
        if self.current_epoch == 1:  # until both nodes are here
            (NODE.parent / "met" / NODE.name).touch()
            end = time.monotonic() + 120
            while len(list((NODE.parent / "met").iterdir())) < 2 and time.monotonic() < end:
                time.sleep(0.05)
"""

KEPT = """\
name: kept
model: mine:Net
data: mine:Data
space:
  learning_rate: {float: [0.01, 0.1], log: true}
objective: {metric: val/loss, direction: minimize}
searcher: random
scheduler: none
fidelity: {max_epochs: 2}
budget: {trials: 4}
resources: {cpus: 1}
refit: false
"""

pytestmark = pytest.mark.timeout(300)  # three nodes of a Ray, and workers, which import torch


@pytest.fixture
def three_nodes(monkeypatch, tmp_path):
    """A cluster of three nodes on loopback, whose head trains nothing.

    The other two have caches of their own, as if they had no file system in common.
    """
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # a token would lie in the user's home
    monkeypatch.setenv("RAY_health_check_period_ms", "500")  # a dead node is missed in a second
    monkeypatch.setenv("RAY_health_check_failure_threshold", "2")
    with loopback_only():
        head = {"num_cpus": 0, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for name in NODES:
                cluster.add_node(num_cpus=1, env_vars={"RAYSEARCH_CACHE_DIR": str(tmp_path / name)})
            yield cluster
        finally:
            cluster.shutdown()


def test_a_node_that_is_lost_costs_no_trial(small, tmp_path, three_nodes):
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "run", small, "--run-dir", run,
         "--address", three_nodes.address, "model=mlp", "space={depth: {int: [1, 2]}}",
         "scheduler=none", "fidelity.max_epochs=40", "budget.trials=3", "checkpoint.every=1",
         "refit=false"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: epochs(run) >= 5, timeout_s=120, process=process)
        trial, node = _in_training(run, three_nodes)
        three_nodes.remove_node(node, allow_graceful=False)
        out, _ = process.communicate(timeout=150)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert process.returncode == 0, out
    assert "raylet" not in out
    results = Results.open(run)
    assert results.status is SearchStatus.FINISHED
    trials = results.state.trials
    assert [t.status for t in trials.values()] == [TrialStatus.COMPLETED] * 3
    for each in trials.values():
        assert [m.epoch for m in each.measurements] == list(range(1, 41))
    assert trials[trial].attempts == 2
    assert results.state.restarts == 1
    first, second = (
        e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted) and e.trial == trial
    )
    assert second.from_epoch > 0
    assert second.worker != first.worker


def test_each_node_prepares_data_once_for_all_its_trials(tmp_path, three_nodes):
    for name in (*NODES, "driver", "met"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "kept.yaml").write_text(KEPT)
    process = subprocess.run(
        [sys.executable, "-m", "raysearch", "run", "kept.yaml", "--run-dir", "run",
         "--address", three_nodes.address],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "RAYSEARCH_CACHE_DIR": str(tmp_path / "driver")},
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    trials = Results.open(tmp_path / "run").state.trials
    assert [t.status for t in trials.values()] == [TrialStatus.COMPLETED] * 4
    calls = [(tmp_path / name / "calls.txt").read_text().split() for name in NODES]
    for of_node in calls:
        assert of_node.count("prepare") == of_node.count("build") == 1
    assert sum(of_node.count("setup") for of_node in calls) >= 4


def _in_training(run: Path, cluster: Cluster):
    """Return a trial that has a checkpoint and is far from its end, and the node it is on."""
    raylets = {_raylet(node): node for node in cluster.worker_nodes}
    state = Results.open(run).state
    started = {e.trial: e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted)}
    trial = max(state.live, key=lambda name: bool(state.trials[name].checkpoints))
    worker = int(started[trial].worker.rpartition(":")[2])
    return trial, raylets[_parent(worker)]


def _raylet(node) -> int:
    return next(info.process.pid for info in node.all_processes["raylet"])


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
