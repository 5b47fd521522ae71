"""How long do 24 trials of 4 epochs take here, and with what a user would otherwise pick?

    python experiments/benchmarks/side_by_side.py [--rounds 3] [--skip SIDE ...]

The sides run in turn on the same machine, so that only their ratio within a round counts: raysearch
with its command line, the Ray Tune tutorial for Lightning, the same with `reuse_actors`, and Optuna
with Lightning in one process. Prints one JSON line for each run, and one with the ratios of each
round. The baselines lie unchanged in `baselines/`; they need `pip install optuna`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINES = HERE / "baselines"
TRIALS, EPOCHS = 24, 4


def raysearch() -> list[str]:
    """Return the command of raysearch, in a new run directory."""
    run_dir = Path(tempfile.mkdtemp()) / "run"
    experiment = HERE / "side_by_side.yaml"
    return ["-m", "raysearch", "run", str(experiment), "--run-dir", str(run_dir), "--json"]


SIDES: dict[str, Callable[[], list[str]]] = {
    "raysearch": raysearch,
    "tutorial": lambda: [
        str(BASELINES / "ray_tune_lightning.py"), str(TRIALS), "--epochs", str(EPOCHS)
    ],
    "tutorial with reuse_actors": lambda: [
        str(BASELINES / "ray_tune_lightning.py"), str(TRIALS), "--epochs", str(EPOCHS),
        "--reuse-actors",
    ],
    "optuna": lambda: [str(BASELINES / "optuna_lightning.py"), str(TRIALS), str(EPOCHS)],
}  # fmt: skip


def timed(side: str) -> dict[str, object]:
    """Run a side as a process of its own, and return what it took and did."""
    begun_s = time.monotonic()
    process = subprocess.run(
        [sys.executable, *SIDES[side]()], capture_output=True, text=True, check=False
    )
    total_s = round(time.monotonic() - begun_s, 2)
    if process.returncode:
        sys.exit(f"{side} ended with {process.returncode}:\n{process.stderr[-2000:]}")
    printed = json.loads(process.stdout[process.stdout.index("{") :])
    epochs = printed["totals"]["epochs"] if side == "raysearch" else printed["epochs"]
    if epochs != TRIALS * EPOCHS:
        sys.exit(f"{side} trained {epochs} epochs, not {TRIALS * EPOCHS}")
    return {"side": side, "total_s": total_s, "epochs": epochs}


def main() -> None:
    """Run all sides in turn, round by round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[], choices=list(SIDES))
    arguments = parser.parse_args()
    for number in range(1, arguments.rounds + 1):
        totals: dict[str, float] = {}
        for side in SIDES:
            if side in arguments.skip:
                continue
            run = timed(side)
            totals[side] = float(str(run["total_s"]))
            print(json.dumps({"round": number, **run}), flush=True)
        ours = totals.get("raysearch")
        if ours is not None:
            ratios = {s: round(ours / t, 3) for s, t in totals.items() if s != "raysearch"}
            print(json.dumps({"round": number, "raysearch / side": ratios}), flush=True)


if __name__ == "__main__":
    main()
