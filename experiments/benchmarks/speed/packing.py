"""Do trials on fractions of a core make better use of the cores?"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from speed import THREADS
from speed.plan import ROOT, raysearch_run, rounded, show, show_medians, temporary
from speed.trials import epochs_per_s, trials_of

PACKED = {"2 on a core each": (1.0, 2), "4 on half a core each": (0.5, 4)}
"""Cores of a trial, and trials at once."""

RATE = "epochs per s"
"""While all workers train; what starting them takes is in the total."""

CALLBACK = "{class: experiments.benchmarks.speed.threads:SayThreads}"


def packing(*, rounds: int, trials: int, loop: str) -> None:
    """Run the plan both ways in turn, and print their epochs a second."""
    told = []
    for number in range(1, rounds + 1):
        found = {}
        for name, (cpus, parallel) in PACKED.items():
            found[name] = _run(trials=trials, loop=loop, cpus=cpus, parallel=parallel)
            show({"round": number, "packing": name, **found[name]})
        told.append(_ratios(*found.values()))
        show({"round": number, "figures": told[-1]})
    show_medians(told, of="figures")


def _ratios(whole: dict[str, Any], half: dict[str, Any]) -> dict[str, float]:
    """Return the packed run's figures as multiples of the other's."""
    if not whole[RATE] or not half[RATE]:
        sys.exit("there were too few trials for all workers to train at once: give more, --trials")
    return {
        f"{name}, half a core / a core": rounded(half[name] / whole[name])
        for name in (RATE, "total_s")
    }


def _run(*, trials: int, loop: str, cpus: float, parallel: int) -> dict[str, Any]:
    with temporary() as name:
        run_dir = Path(name) / "run"
        settings = (
            f"budget.trials={trials}",
            f"loop={loop}",
            f"resources.cpus={cpus}",
            f"parallel={parallel}",
            f"trainer.callbacks=[{CALLBACK}]",
        )
        begun_s = time.monotonic()
        process = subprocess.run(
            raysearch_run(run_dir, *settings), cwd=ROOT, capture_output=True, text=True, check=False
        )
        total_s = time.monotonic() - begun_s
        if process.returncode:
            sys.exit(f"{settings} ended with {process.returncode}:\n{process.stderr[-2000:]}")
        trained = trials_of(run_dir)
        return {
            "trials": len(trained),
            RATE: epochs_per_s(trained),
            "total_s": rounded(total_s),
            "threads of each worker": _threads(run_dir),
        }


def _threads(run_dir: Path) -> list[int]:
    """Return with how many threads each process trained; more than one figure if they varied."""
    logs = [log.read_text() for log in run_dir.glob("trials/*/log.txt")]
    lines = {line for log in logs for line in log.splitlines() if line.startswith(THREADS)}
    return [int(line.removeprefix(THREADS).split()[0]) for line in sorted(lines)]
