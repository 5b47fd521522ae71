"""Where does the time of a run go, phase by phase?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speed.plan import BENCHMARKS, ROOT, environment, rounded, show, show_medians, temporary
from speed.trials import figures, trials_of

IMPORTS = {
    "driver": ("raysearch", "raysearch.search", "ray", "ray.tune", "hyperopt"),
    "worker": ("torch", "pytorch_lightning", "sklearn.datasets", "raysearch.training.fit"),
}
"""In the order in which a process needs them; each takes only what those before left."""

IMPORT = """
import importlib, json, sys, time
seconds = {}
for name in sys.argv[1:]:
    begun_s = time.perf_counter()
    importlib.import_module(name)
    seconds[name] = round(time.perf_counter() - begun_s, 3)
print(json.dumps(seconds))
"""

WORKER_EPOCHS = 12
"""Epochs of which all but the first are counted, for the parts of a training step."""

IN_DRIVER = (
    "ray.init", "preflight", "journal", "TensorBoard", "plain view", "suggest",
    "searcher's imports", "winner", "test", "ray.shutdown",
)  # fmt: skip


def phases(*, rounds: int, trials: int, loops: Sequence[str]) -> None:
    """Take each round apart, and print one line for each view on it."""
    told = []
    for number in range(1, rounds + 1):
        for process, names in IMPORTS.items():
            imported = json.loads(_output("-c", IMPORT, *names))
            show({"round": number, "imports of": process, "s": imported})
        for loop in loops:
            told.append(_search(number, trials=trials, loop=loop))
        for loop in ("lean", "trainer"):
            found = json.loads(_output("-m", "speed.worker", loop, str(WORKER_EPOCHS)))
            show({"round": number, "training": found})
    show_medians(told, of="figures")


def _search(number: int, *, trials: int, loop: str) -> dict[str, float]:
    """Run a search, print what it spent where, and return the figures that are worth a median."""
    with temporary() as folder:
        run_dir = Path(folder) / "run"
        settings = [f"budget.trials={trials}", f"loop={loop}"]
        begun_at = str(time.time())
        found = json.loads(_output("-m", "speed.driver", begun_at, str(run_dir), *settings))
        trained = trials_of(run_dir)
    wall_s = found["wall_s"]
    at = {
        "first attempt_started": min(trial.started_at for trial in trained),
        "first measured": min(trial.measured[0].at for trial in trained),
        "last trial ended": max(trial.ended_at for trial in trained),
    }
    timeline = {**found["timeline_s"], **{k: v - float(begun_at) for k, v in at.items()}}
    head = {"round": number, "loop": loop, "trials": trials}
    ordered = sorted(timeline.items(), key=lambda mark: mark[1])
    show({**head, "wall_s": rounded(wall_s), "at, s": {k: rounded(v) for k, v in ordered}})
    show({**head, "in the driver": _spent(found)})
    of_trials = figures(trained)
    shares = _shares(of_trials, wall_s=wall_s)
    show({**head, "trials": of_trials, "share of the workers' wall": shares})
    show({**head, "processor, s": found["processor_s"]})
    names = ("ray.init", "preflight", "journal", "TensorBoard")
    seconds = {f"{loop}, {name}, s": rounded(found["seconds"].get(name, 0.0)) for name in names}
    marks = {f"{loop}, {k}, at s": rounded(v) for k, v in timeline.items() if k in at}
    medians = {f"{loop}, {k}": v for k, v in of_trials.items() if k.endswith(", s")}
    return {**seconds, **marks, **medians, f"{loop}, wall, s": rounded(wall_s)}


def _spent(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return seconds, calls and share of the wall of each part of the driver."""
    return {
        name: {
            "s": rounded(found["seconds"][name]),
            "calls": found["calls"][name],
            "ms per call": rounded(1000 * found["seconds"][name] / found["calls"][name]),
            "share": rounded(found["seconds"][name] / found["wall_s"]),
        }
        for name in IN_DRIVER
        if name in found["seconds"]
    }


def _shares(of_trials: dict[str, float], *, wall_s: float) -> dict[str, float]:
    """Return which share of the workers' time, from start to end of the run, each part has."""
    whole_s = wall_s * of_trials["workers"]
    return {
        name.removesuffix(", s in all"): rounded(value / whole_s)
        for name, value in of_trials.items()
        if name.endswith(", s in all")
    }


def _output(*words: str) -> str:
    """Return the last line that a Python process prints at the root of the repository.

    Side effects:
        Ends this process if that one fails.
    """
    path = os.pathsep.join([str(BENCHMARKS), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**environment(), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        sys.exit(f"{words[:2]} ended with {process.returncode}:\n{process.stderr[-2000:]}")
    return process.stdout.splitlines()[-1]
