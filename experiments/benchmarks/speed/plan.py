"""What do all sides train, and how is raysearch told to?"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BENCHMARKS = Path(__file__).resolve().parents[1]
BASELINES = BENCHMARKS / "baselines"
EXPERIMENT = BENCHMARKS / "speed.yaml"
EPOCHS = 4
"""Epochs of each trial."""
WORKERS = 2
LOOPS = ("auto", "lean", "trainer")


def raysearch_run(run_dir: Path, *settings: str) -> list[str]:
    """Return the command that runs the experiment; to be started at the root of the repository."""
    command = ["-m", "raysearch", "run", EXPERIMENT.relative_to(ROOT).as_posix(), *settings]
    return [sys.executable, *command, "--run-dir", str(run_dir), "--json"]


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return the variables of a process, with a temporary folder of its own if one is given."""
    found = dict(os.environ)
    return found if folder is None else {**found, "TMPDIR": str(folder)}


def temporary() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed at the end of a `with`; its name is short, for sockets."""
    return tempfile.TemporaryDirectory(prefix="speed-", ignore_cleanup_errors=True)


def show(line: Mapping[str, object]) -> None:
    """Print one line of JSON."""
    print(json.dumps(line), flush=True)


def show_medians(rounds: Iterable[Mapping[str, float]], *, of: str) -> None:
    """Print the median of each figure over the rounds, and the lowest and highest."""
    values: dict[str, list[float]] = {}
    for figures in rounds:
        for name, value in figures.items():
            values.setdefault(name, []).append(value)
    spans = {
        name: {"median": rounded(statistics.median(v)), "min": min(v), "max": max(v)}
        for name, v in values.items()
    }
    show({"over": max(map(len, values.values()), default=0), of: spans})


def rounded(value: float) -> float:
    """Return a figure with as many digits as mean something.

    Example:
        >>> rounded(123.456789), rounded(0.0123456)
        (123.457, 0.01235)
    """
    return round(value, 3) if abs(value) >= 1 else float(f"{value:.4g}")
