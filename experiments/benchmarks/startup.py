"""How fast does the command line answer what needs neither torch nor Ray?

    python experiments/benchmarks/startup.py [--rounds 7]

Prints one JSON line per command: minimum, median and maximum of whole-process seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WRONG = "data: digits\nmodel: cnn\nobjective: val/acuracy\nscheduler: {name: asha, min_epoch: 1}\n"


def main() -> None:
    """Time each command in turn, round by round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    wrong = Path(tempfile.mkdtemp()) / "wrong.yaml"
    wrong.write_text(WRONG)
    commands = {
        "--help": ["--help"],
        "check, wrong names": ["check", str(wrong)],
        "check, digits.yaml": ["check", "experiments/digits.yaml"],
        "list families": ["list", "families"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, arguments in commands.items():
            begun_s = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "raysearch", *arguments], capture_output=True, check=False
            )
            seconds[name].append(time.monotonic() - begun_s)
    for name, values in seconds.items():
        counted = values[1:]  # the first one fills the file cache
        figures = {
            "min_s": round(min(counted), 3),
            "median_s": round(statistics.median(counted), 3),
            "max_s": round(max(counted), 3),
        }
        print(json.dumps({"command": name, "rounds": rounds, **figures}))


if __name__ == "__main__":
    main()
