"""What does it cost to keep a search in an object store instead of a folder?

    python experiments/benchmarks/storage.py [--pairs 5] [--trials 24] [EXPERIMENT] [KEY=VALUE ...]

Runs the same search with `--storage` in a temporary folder and in moto's S3 server on loopback, in
pairs, each first in turn, and prints one JSON line per run and one at the end: seconds of the
search, from its first trial to its last, the ratio of medians and that of each pair. The server has
the same cores as the search, so what it takes counts as well; a real store answers later and takes
none. Needs the extras `cloud` and `test`.
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

from raysearch.engine import fold
from raysearch.run_dir import RunDir

SERVER = """
import sys, boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="bench")
print(port, flush=True)
sys.stdin.read()
"""

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def main() -> None:
    """Run the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", nargs="?", default="experiments/digits.yaml")
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--trials", type=int, default=24)
    given = parser.parse_args()
    words = [f"budget.trials={given.trials}", *given.overrides]
    os.environ.update(CREDENTIALS)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdin and server.stdout
    try:
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        with tempfile.TemporaryDirectory() as folder:
            os.environ["RAYSEARCH_CACHE_DIR"] = str(Path(folder) / "cache")
            _compare(given.experiment, words, pairs=given.pairs, folder=folder)
    finally:
        server.stdin.close()
        server.wait(timeout=30)


def _compare(experiment: str, words: list[str], *, pairs: int, folder: str) -> None:
    places = {"folder": folder, "s3": "s3://bench/runs"}
    seconds: dict[str, list[float]] = {name: [] for name in places}
    for pair in range(pairs):
        for name in list(places)[:: 1 if pair % 2 else -1]:
            run = f"{places[name]}/{name}-{pair}"
            begun_s = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "raysearch", "run", experiment, "--run-dir", run, *words],
                capture_output=True,
                check=True,
            )
            state = fold(RunDir(run).events())
            seconds[name].append(state.seconds)
            line = {"storage": name, "pair": pair, "search_s": round(state.seconds, 2)}
            line |= {"whole_s": round(time.monotonic() - begun_s, 2), "epochs": state.epochs}
            print(json.dumps(line), flush=True)
    ratios = [s3 / local for s3, local in zip(seconds["s3"], seconds["folder"], strict=True)]
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        json.dumps(
            {
                "pairs": pairs,
                "median_s": {name: round(value, 2) for name, value in medians.items()},
                "ratio_of_medians": round(medians["s3"] / medians["folder"], 3),
                "ratios": [round(ratio, 3) for ratio in ratios],
            }
        )
    )


if __name__ == "__main__":
    main()
