"""How long does Keras Tuner's example take, there and here?

    pip install -e ".[benchmark]"
    python experiments/benchmarks/tuners.py [--rounds 3] [--keras-python PYTHON]

Both sides are whole scripts with the same data, layers, epochs, Hyperband and early stopping, each
in a fresh process and an empty folder, in turn; the first round fills the file cache and is not
counted. Keras runs on its torch backend. Prints one JSON line for each run, and one for each side:
the whole script, and the search in it alone, without imports and the training of the best.
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
TIMED = HERE / "tuners" / "timed.py"
SCRIPTS = {
    "keras_tuner": HERE / "tuners" / "keras_side.py",
    "raysearch": HERE.parent / "breast_cancer.py",
}
MODULES = {"keras_tuner": "keras_tuner", "raysearch": "raysearch.tuners"}


def main() -> None:
    """Time both sides in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--keras-python", default=sys.executable, help="the Python that has keras and keras-tuner"
    )
    given = parser.parse_args()
    pythons = {"keras_tuner": given.keras_python, "raysearch": sys.executable}
    wholes: dict[str, list[float]] = {side: [] for side in SCRIPTS}
    searches: dict[str, list[float]] = {side: [] for side in SCRIPTS}
    for number in range(given.rounds + 1):
        for side, script in SCRIPTS.items():
            whole_s, search_s, last = run(pythons[side], script, module=MODULES[side])
            if number:
                wholes[side].append(whole_s)
                searches[side].append(search_s)
            facts = {"round": number, "side": side, "seconds": round(whole_s, 2)}
            facts |= {"search_s": search_s, "n_lines": n_lines(script), "printed": last}
            print(json.dumps(facts), flush=True)
    for what, seconds in {"script": wholes, "search": searches}.items():
        for side, values in seconds.items():
            spread = {"min_s": round(min(values), 2), "max_s": round(max(values), 2)}
            median_s = round(statistics.median(values), 2)
            print(json.dumps({"what": what, "side": side, "median_s": median_s, **spread}))
        medians = {side: statistics.median(values) for side, values in seconds.items()}
        ratio = round(medians["raysearch"] / medians["keras_tuner"], 3)
        print(json.dumps({"what": what, "raysearch_of_keras_tuner": ratio}))


def run(python: str, script: Path, *, module: str) -> tuple[float, float, str]:
    """Return the seconds of a script and of the search in it, and the last line that it printed."""
    with tempfile.TemporaryDirectory() as folder:
        begun_s = time.monotonic()
        done = subprocess.run(
            [python, str(TIMED), str(script), module],
            cwd=folder,
            env={**os.environ, "KERAS_BACKEND": "torch"},
            capture_output=True,
            text=True,
            check=False,
        )
        taken_s = time.monotonic() - begun_s
    if done.returncode:
        raise SystemExit(f"{script.name} failed:\n{done.stderr[-2000:]}")
    *_, last, told = done.stdout.splitlines()
    return taken_s, json.loads(told)["search_s"], last


def n_lines(script: Path) -> int:
    """Return how many lines of code a script has, without blank ones and its docstring."""
    code = script.read_text().split('"""', 2)[2]
    return sum(bool(line.strip()) for line in code.splitlines())


if __name__ == "__main__":
    main()
