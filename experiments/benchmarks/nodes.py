"""Do the nodes of a cluster always have work, also when one goes and one comes?

    python experiments/benchmarks/nodes.py [--trials 24] [--epochs 4] [--seconds 1.0] [--gpus 0]
        [--small]

A Ray of several nodes on this machine, each with one logical CPU, and GPU if wanted, whose trials
sleep: what is measured is who has work, not how fast the cores are, of which all nodes share the
same few. Prints one line of JSON each:

* `idle`: four nodes. For each, the longest time between the end of a trial and the beginning of the
  next one, from its first measurement on and as long as trials wait: where the same process went
  on (2 s are allowed), and where a new one was started (6 s).
* `change`: the same, where one node is removed after a third of the trials and another one added:
  seconds from its joining to its first epoch's beginning (15 are allowed), and what was lost:
  trials that did not end, and epochs that are missing. Epochs that were trained again are counted;
  and what the journal says of how many nodes there were, one after the other.
* `throughput`: epochs per second with 1, 2 and 4 nodes, from the first measurement to the beginning
  of the last trial, and as a share of what as many sleepers could do without any search.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import TrialStatus
from raysearch.tuning.switches import loopback_only

MOST_IDLE_S, MOST_START_S, MOST_JOIN_S = 2.0, 6.0, 15.0
START_WITHIN_S = 600.0

SLEEPER = """\
import json, os, time

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
            time.sleep(config["seconds"])
            note("epoch")
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


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.0, help="of an epoch")
    parser.add_argument("--gpus", type=int, default=0, help="of a node, which no trial looks for")
    parser.add_argument("--what", nargs="+", default=["idle", "change", "throughput"])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--small", action="store_true", help="the least that shows everything")
    given = parser.parse_args()
    if given.small:
        given.trials, given.epochs, given.nodes = 6, 2, [2]
    load = Load(trials=given.trials, epochs=given.epochs, seconds=given.seconds, gpus=given.gpus)
    most = max(given.nodes)
    if "idle" in given.what:
        _idle(load, n=most)
    if "change" in given.what:
        _change(load, n=most)
    for n in given.nodes if "throughput" in given.what else ():
        _throughput(load, n=n)


def _idle(load: Load, *, n: int) -> None:
    with _nodes(n, load=load) as bench:
        bench.search(load).finish()
        gaps = bench.gaps()
    warm = [gap for gap, is_new in gaps if not is_new]
    new = [gap for gap, is_new in gaps if is_new]
    _say(
        what="idle",
        nodes=n,
        gaps=len(gaps),
        longest_s=round(max(warm, default=0.0), 2),
        longest_with_a_new_process_s=round(max(new, default=0.0), 2),
        is_within=max(warm, default=0.0) <= MOST_IDLE_S and max(new, default=0.0) <= MOST_START_S,
    )


def _change(load: Load, *, n: int) -> None:
    with _nodes(n, load=load) as bench:
        search = bench.search(load)
        wanted = load.trials * load.epochs // 3
        search.wait(lambda: sum(note["what"] == "epoch" for note in bench.notes()) >= wanted)
        gone = bench.remove()
        joined_at = time.time()
        new = bench.add()
        state = search.finish()
        begun = [note["at"] for note in bench.notes() if note["node"] == new]
        n_trained = sum(note["what"] == "epoch" for note in bench.notes())
        capacities = [event.capacity for event in search.events() if event.capacity]
    not_ended = [t for t in state.trials.values() if t.status is not TrialStatus.COMPLETED]
    n_measured = sum(len(trial.measurements) for trial in state.trials.values())
    join_s = min(begun) - joined_at if begun else None
    _say(
        what="change",
        nodes=n,
        removed=gone,
        joined_to_training_s=None if join_s is None else round(join_s, 2),
        trials_lost=load.trials - len(state.trials) + len(not_ended),
        epochs_missing=load.trials * load.epochs - n_measured,
        epochs_trained_again=n_trained - n_measured,
        restarts=state.restarts,
        nodes_journalled=[int(has["nodes"]) for has in capacities],
        gpus_journalled=[int(has["gpus"]) for has in capacities],
        is_within=join_s is not None and join_s <= MOST_JOIN_S and not not_ended,
    )


def _throughput(load: Load, *, n: int) -> None:
    with _nodes(n, load=load) as bench:
        bench.search(load).finish()
        notes = bench.notes()
    epochs = sorted(note["at"] for note in notes if note["what"] == "epoch")
    first, last = epochs[0], max(note["at"] for note in notes if note["what"] == "begins")
    done = sum(first < at <= last for at in epochs)
    rate = done / (last - first)
    share = rate / (n / load.seconds)
    _say(what="throughput", nodes=n, epochs_per_s=round(rate, 3), share=round(share, 3))


class Search:
    """A search that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], run_dir: Path) -> None:
        self._process = process
        self._run_dir = run_dir

    def wait(self, condition: Any) -> None:
        """Return when something holds, which the search leads to."""
        end = time.monotonic() + START_WITHIN_S
        while not condition():
            if self._process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"it did not come about: {self._process.communicate()[0]}")
            time.sleep(0.1)

    def events(self) -> list[Any]:
        """Return what was journalled that may say what Ray has."""
        kinds = ev.AttemptStarted | ev.Measured
        return [event for event in RunDir(self._run_dir).events() if isinstance(event, kinds)]

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

    def add(self) -> str:
        """Add a node, and return its name."""
        name = f"node-{len(list(self._folder.glob('*.name')))}"
        (self._folder / f"{name}.name").touch()
        self._nodes[name] = self._cluster.add_node(
            num_cpus=1, num_gpus=self._gpus, env_vars={"BENCH_NODE": name}
        )
        return name

    def remove(self) -> str:
        """Kill the node that was added first, and return its name."""
        name, node = next(iter(self._nodes.items()))
        del self._nodes[name]
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

    def notes(self) -> list[dict[str, Any]]:
        """Return what the nodes noted, in order of time."""
        lines = [
            json.loads(line)
            for path in self._folder.glob("*.jsonl")
            for line in path.read_text().splitlines()
            if line.endswith("}")
        ]
        return sorted(lines, key=lambda note: note["at"])

    def gaps(self) -> list[tuple[float, bool]]:
        """Return the seconds between two trials of a node, and whether the process is another.

        As long as trials wait: up to the beginning of the last one.
        """
        notes = self.notes()
        last = max(note["at"] for note in notes if note["what"] == "begins")
        found = []
        for node in self._nodes:
            mine = [n for n in notes if n["node"] == node and n["what"] != "epoch"]
            for before, after in itertools.pairwise(mine):
                if before["what"] == "ends" and after["at"] <= last:
                    gap = after["at"] - before["at"]
                    found.append((gap, after["pid"] != before["pid"]))
            if mine and mine[-1]["what"] == "ends" and mine[-1]["at"] < last:
                found.append((last - mine[-1]["at"], False))  # it got nothing more
        return found


@contextmanager
def _nodes(n: int, *, load: Load) -> Iterator[Bench]:
    """Start a cluster on loopback, whose head trains nothing."""
    with tempfile.TemporaryDirectory() as name, loopback_only():
        folder = Path(name)
        (folder / "sleeper.py").write_text(SLEEPER)
        root = str(Path(__file__).resolve().parents[2])
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


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
