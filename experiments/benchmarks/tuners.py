"""How long does Keras Tuner's example take, there and here?

    pip install -e ".[benchmark]"
    python experiments/benchmarks/tuners.py [--rounds 3] [--keras-python PYTHON]

Both sides are whole scripts with the same data, layers, epochs, Hyperband and early stopping, each
in a fresh process and an empty folder, in turn; the first round fills the file cache and is not
counted. Keras runs on its torch backend. Prints one JSON line for each run, and one for each side.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = {
    "keras_tuner": HERE / "tuners" / "keras_side.py",
    "raysearch": HERE.parent / "breast_cancer.py",
}


def main() -> None:
    """Time both sides in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--keras-python", default=sys.executable, help="the Python that has keras and keras-tuner"
    )
    given = parser.parse_args()
    pythons = {"keras_tuner": given.keras_python, "raysearch": sys.executable}
    seconds: dict[str, list[float]] = {side: [] for side in SCRIPTS}
    for number in range(given.rounds + 1):
        for side, script in SCRIPTS.items():
            taken_s, last = run(pythons[side], script)
            if number:
                seconds[side].append(taken_s)
            facts = {"round": number, "side": side, "seconds": round(taken_s, 2)}
            print(json.dumps({**facts, "n_lines": n_lines(script), "printed": last}), flush=True)
    for side, values in seconds.items():
        median_s = round(statistics.median(values), 2)
        spread = {"min_s": round(min(values), 2), "max_s": round(max(values), 2)}
        print(json.dumps({"side": side, "median_s": median_s, **spread}))
    ratio = statistics.median(seconds["raysearch"]) / statistics.median(seconds["keras_tuner"])
    print(json.dumps({"raysearch_of_keras_tuner": round(ratio, 3)}))


def run(python: str, script: Path) -> tuple[float, list[str]]:
    """Return how long a script took, in seconds, and the last lines that it printed."""
    with tempfile.TemporaryDirectory() as folder:
        begun_s = time.monotonic()
        done = subprocess.run(
            [python, str(script)],
            cwd=folder,
            env={**os.environ, "KERAS_BACKEND": "torch"},
            capture_output=True,
            text=True,
            check=False,
        )
        taken_s = time.monotonic() - begun_s
    if done.returncode:
        raise SystemExit(f"{script.name} failed:\n{done.stderr[-2000:]}")
    return taken_s, done.stdout.splitlines()[-2:]


def n_lines(script: Path) -> int:
    """Return how many lines of code a script has, without blank ones and its docstring."""
    code = script.read_text().split('"""', 2)[2]
    return sum(bool(line.strip()) for line in code.splitlines())


if __name__ == "__main__":
    main()
