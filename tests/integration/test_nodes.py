"""A node that goes away takes no trial with it."""

from __future__ import annotations

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
from tests.integration.processes import epochs, is_there, parent_of, wait_for

pytestmark = pytest.mark.timeout(300)  # three nodes of a Ray, and workers, which import torch


@pytest.fixture
def three_nodes(monkeypatch):
    """A cluster of three nodes on loopback, whose head trains nothing."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # a token would lie in the user's home
    monkeypatch.setenv("RAY_health_check_period_ms", "500")  # a dead node is missed in a second
    monkeypatch.setenv("RAY_health_check_failure_threshold", "2")
    with loopback_only():
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        try:
            cluster.add_node(num_cpus=1)
            cluster.add_node(num_cpus=1)
            yield cluster
        finally:
            cluster.shutdown()


def test_a_node_that_is_lost_costs_no_trial(small, tmp_path, hold, three_nodes):
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "run", small, "--run-dir", run,
         "--address", three_nodes.address, *hold.words(),
         "scheduler=none", "fidelity.max_epochs=8", "budget.trials=3", "checkpoint.every=1",
         "refit=false"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: epochs(run) == 2 * hold.epochs, timeout_s=120, process=process)
        trial, worker, node = _first(run, three_nodes)
        three_nodes.remove_node(node, allow_graceful=False)
        wait_for(lambda: not is_there(worker), timeout_s=30, process=process)
        hold.let_go()
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
        assert [m.epoch for m in each.measurements] == list(range(1, 9))
    assert trials[trial].attempts == 2
    assert results.state.restarts == 1
    first, second = (
        e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted) and e.trial == trial
    )
    assert second.from_epoch == hold.epochs
    assert second.worker != first.worker


def _first(run: Path, cluster: Cluster):
    """Return the trial that began first, the process that trains it, and the node it is on."""
    raylets = {_raylet(node): node for node in cluster.worker_nodes}
    first = next(e for e in RunDir(run).events() if isinstance(e, ev.AttemptStarted))
    worker = int(first.worker.rpartition(":")[2])
    return first.trial, worker, raylets[parent_of(worker)]


def _raylet(node) -> int:
    return next(info.process.pid for info in node.all_processes["raylet"])
