"""A Ray of several nodes on this machine, and a search on it whose trials sleep and take notes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from nodes.notes import Note
from raysearch.errors import RunDirectoryError
from raysearch.results import Results
from raysearch.run_dir import RunDir

WITHIN_S = 600.0
"""How long something may take to come about that the search leads to, in seconds."""

SLEEPER = """\
import json, os, time

import torch  # as whatever trains has done; else the first checkpoint would load it

NOTES, NODE = os.environ["BENCH_NOTES"], os.environ["BENCH_NODE"]


def note(what):
    line = json.dumps({"what": what, "node": NODE, "pid": os.getpid(), "at": time.time()})
    with open(f"{NOTES}/{NODE}.jsonl", "a") as file:
        file.write(line + "\\n")


def train(config, report):
    begun = (report.load() or {"epoch": 0})["epoch"]
    note("begins")
    try:
        for epoch in range(begun + 1, int(config["epochs"]) + 1):
            note("works")
            time.sleep(config["seconds"])
            note("rests")
            report({"score": config["x"]}, checkpoint={"epoch": epoch})
    finally:
        note("ends")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is trained."""

    trials: int
    epochs: int
    seconds: float
    """Of an epoch."""
    gpus: int = 0
    """Logical ones, of a trial and of a node."""

    def settings(self) -> dict[str, Any]:
        """Return the experiment; JSON is YAML."""
        return {
            "name": "sleepers",
            "model": {"function": "sleeper:train"},
            "space": {
                "x": {"float": [0.0, 1.0]},
                "epochs": self.epochs,
                "seconds": self.seconds,
            },
            "objective": {"metric": "score", "direction": "maximize"},
            "searcher": "random",
            "scheduler": "none",
            "fidelity": {"max_epochs": self.epochs},
            "budget": {"trials": self.trials},
            "resources": {"cpus": 1, "gpus": self.gpus},
        }


class Search:
    """A search that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], run_dir: Path) -> None:
        self._process = process
        self._run_dir = run_dir

    def wait(self, condition: Callable[[], bool]) -> None:
        """Return when something holds, which the search leads to, or when it has ended."""
        end = time.monotonic() + WITHIN_S
        while self._process.poll() is None and not condition():
            if time.monotonic() > end:
                raise SystemExit(f"it did not come about within {WITHIN_S:g} s")
            time.sleep(0.1)

    def n_nodes(self) -> list[int]:
        """Return how many nodes Ray had, one after the other, as it was journalled."""
        try:
            events = list(RunDir(self._run_dir).events())
        except RunDirectoryError:  # it has not begun
            return []
        told = (getattr(event, "capacity", None) for event in events)
        return [int(capacity["nodes"]) for capacity in told if capacity]

    def finish(self) -> Any:
        """Return the state once the search has ended."""
        out, _ = self._process.communicate()
        if self._process.returncode:
            raise SystemExit(out)
        return Results.open(self._run_dir).state


class Bench:
    """A cluster, whose nodes note what they do."""

    def __init__(self, cluster: Cluster, folder: Path, *, gpus: int) -> None:
        self._cluster = cluster
        self._folder = folder
        self._gpus = gpus
        self._nodes: dict[str, Any] = {}
        self.removed_at: dict[str, float] = {}
        """When a node was removed, by its name, in Unix time."""

    def add(self) -> str:
        """Add a node, and return its name."""
        name = f"node-{len(self._nodes) + len(self.removed_at)}"
        self._nodes[name] = self._cluster.add_node(
            num_cpus=1, num_gpus=self._gpus, env_vars={"BENCH_NODE": name}
        )
        return name

    def remove(self) -> str:
        """Kill the node that was added first, and return its name."""
        name, node = next(iter(self._nodes.items()))
        del self._nodes[name]
        self.removed_at[name] = time.time()
        self._cluster.remove_node(node, allow_graceful=False)
        return name

    def search(self, load: Load) -> Search:
        """Begin a search."""
        experiment, run_dir = self._folder / "sleepers.yaml", self._folder / "run"
        experiment.write_text(json.dumps(load.settings()))
        command = ["run", str(experiment), "--run-dir", str(run_dir)]
        process = subprocess.Popen(
            [sys.executable, "-m", "raysearch", *command, "--address", self._cluster.address],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Search(process, run_dir)

    def notes(self) -> list[Note]:
        """Return what the nodes noted, in order of time."""
        lines: list[Note] = [
            json.loads(line)
            for path in self._folder.glob("*.jsonl")
            for line in path.read_text().splitlines()
            if line.endswith("}")
        ]
        return sorted(lines, key=lambda note: note["at"])


@contextmanager
def cluster_of(n: int, *, load: Load) -> Iterator[Bench]:
    """Start a cluster on loopback, whose head trains nothing."""
    from raysearch.tuning.switches import loopback_only

    with tempfile.TemporaryDirectory() as name, loopback_only():
        folder = Path(name)
        (folder / "sleeper.py").write_text(SLEEPER)
        root = str(Path(__file__).resolve().parents[3])
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), root])
        os.environ["BENCH_NOTES"] = str(folder)
        os.environ["BENCH_NODE"] = "head"
        os.environ["RAY_AUTH_MODE"] = "disabled"  # a token would lie in the user's home
        os.environ["RAY_health_check_period_ms"] = "500"  # noqa: SIM112  Ray's own name
        os.environ["RAY_health_check_failure_threshold"] = "4"  # noqa: SIM112  as above
        head = {"num_cpus": 0, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            bench = Bench(cluster, folder, gpus=load.gpus)
            for _ in range(n):
                bench.add()
            yield bench
        finally:
            cluster.shutdown()
