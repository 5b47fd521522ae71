"""What does the driver of a large search have to do, and is a simulation right about real ones?

    python experiments/benchmarks/simulated.py driver [--workers 8000] [--trials 100000]
    python experiments/benchmarks/simulated.py real [--rounds 2]

`driver` simulates a search by `random` and `asha` with as many workers, of epochs of 60 to 240
seconds, and measures what the engine really takes for each decision and each suggestion, and how
busy the workers are. `real` trains 12 digits networks one after the other, without a scheduler;
foretells from their epochs how long a search of 40 with two workers and `asha` will take; and runs
that one. Prints lines of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from raysearch.engine import Plan, fold
from raysearch.experiment import load
from raysearch.preflight.forecast import Fleet, forecast
from raysearch.run_dir import RunDir
from raysearch.schedulers.asha import ASHA
from raysearch.searchers.random import Random
from raysearch.simulation import Conditions, CurveSettings, ParametricCurves, simulate
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Objective

SPACE = Space(
    {
        "depth": Int(1, 8),
        "width": Int(8, 1024, log=True),
        "learning_rate": Float(1e-5, 1e-1, log=True),
        "weight_decay": Float(1e-6, 1e-1, log=True),
        "activation": Choice(["relu", "gelu", "tanh"]),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.0, 0.99, when={"optimizer": ["sgd"]}),
    }
)
ACCURACY = Objective(metric="val/accuracy", direction="maximize")

EXPERIMENT = """\
seed: 0
data: digits
model: cnn
space: {cnn.width: {choice: [8, 16]}, cnn.stages: 2, cnn.blocks_per_stage: 1, cnn.block: plain}
objective: val/accuracy
searcher: random
fidelity: {max_epochs: 9}
resources: {cpus: 1}
refit: false
"""


def main() -> None:
    """Measure one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("driver", "real"))
    parser.add_argument("--workers", type=int, default=8000)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.what == "driver":
        show(driver(n_workers=arguments.workers, n_trials=arguments.trials))
        return
    for seed in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            show(real(Path(folder), seed=seed))


def driver(*, n_workers: int, n_trials: int) -> dict[str, Any]:
    """Return what a large search takes of its driver."""
    began = time.process_time()
    found = simulate(
        Plan(objective=ACCURACY, max_epochs=27, max_trials=n_trials),
        space=SPACE,
        searcher=Random(SPACE, objective=ACCURACY),
        scheduler=ASHA(objective=ACCURACY, max_epochs=27),
        curves=ParametricCurves(
            SPACE,
            objective=ACCURACY,
            settings=CurveSettings(fastest_seconds=60.0, slowest_seconds=240.0),
        ),
        n_workers=n_workers,
        conditions=Conditions(start_seconds=5.0, decision_seconds=0.002),
    )
    return {
        "what": "driver",
        "workers": n_workers,
        "trials": n_trials,
        "epochs": found.state.epochs,
        "decision_ms": found.driver.decision_ms,
        "suggestion_ms": found.driver.suggestion_ms,
        "engine_share": found.driver.work_seconds / found.state.seconds,
        "busy_share": found.usage.busy_share,
        "hours": found.state.seconds / 3600,
        "untried_hours": found.usage.untried_until / 3600,
        "cpu_seconds": time.process_time() - began,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def real(folder: Path, *, seed: int) -> dict[str, Any]:
    """Return how long a search took, and how long it should have taken."""
    file = folder / "search.yaml"
    file.write_text(EXPERIMENT)
    few = [f"seed={seed}", "budget.trials=12", "parallel=1", "scheduler=none"]
    many = [f"seed={seed + 100}", "budget.trials=40", "parallel=2", "scheduler=asha"]
    record = run(file, few, to=folder / "few")
    foretold = forecast(
        load(str(file), overrides=many), fleet=Fleet(nodes=1, cpus=2), record=record
    ).simulation.state
    found = fold(run(file, many, to=folder / "many").events())
    return {
        "what": "real",
        "seed": seed,
        "foretold_s": foretold.seconds,
        "real_s": found.seconds,
        "ratio": foretold.seconds / found.seconds,
        "foretold_epochs": foretold.epochs,
        "real_epochs": found.epochs,
    }


def run(file: Path, overrides: list[str], *, to: Path) -> RunDir:
    """Run a search, and return its run directory."""
    command = [sys.executable, "-m", "raysearch", "run", str(file), *overrides]
    subprocess.run([*command, "--run-dir", str(to)], check=True, capture_output=True)
    return RunDir(to)


def show(line: dict[str, Any]) -> None:
    """Print a line of JSON."""
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
