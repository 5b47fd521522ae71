"""How long does the main job take, and how well does its winner do on the test split?

    python experiments/benchmarks/main_job.py [--seeds 0 1 2]

Runs `python -m raysearch run experiments/digits.yaml` as a user does, once per seed. Prints one
line of JSON per run: whole-process seconds, test accuracy, winner, and the default's validation.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXPERIMENT = Path(__file__).resolve().parents[1] / "digits.yaml"


def main() -> None:
    """Run the main job once per seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    for seed in parser.parse_args().seeds:
        run_dir = Path(tempfile.mkdtemp()) / "run"
        command = ["run", str(EXPERIMENT), f"seed={seed}", "--run-dir", str(run_dir), "--json"]
        begun_s = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "raysearch", *command],
            capture_output=True,
            text=True,
            check=True,
        )
        total_s = time.monotonic() - begun_s
        document = json.loads(process.stdout)
        winner = document["winner"]
        best = next(t for t in document["trials"] if t["id"] == winner["trial"])
        default = document["trials"][0]
        line = {
            "seed": seed,
            "total_s": round(total_s, 1),
            "test/accuracy": round(winner["test"]["test/accuracy"], 4),
            "winner": winner["trial"],
            "model": best["configuration"]["model"],
            "winner val/accuracy": round(best["values"]["val/accuracy"], 4),
            "default val/accuracy": round(default["values"]["val/accuracy"], 4),
            **document["totals"],
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
