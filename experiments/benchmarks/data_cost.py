"""What does getting data into a trial cost, in seconds and in memory?

    python experiments/benchmarks/data_cost.py [--sizes 10 200] [--workers 1 2 4] [--small]

The data are windows of a long series, so that a small file becomes prepared arrays of any size. In
each round processes that have their libraries loaded take the data as a trial does, and go through
one epoch without a model. Three ways:

* `read`: each process has the arrays in its own memory.
* `mapped`: as raysearch does it, all share the pages of one file.
* `streamed`: the same, as if the file took more than its share of memory (RAYSEARCH_DATA_MEMORY is
  0): pages that were not read yet are asked for a batch ahead. Begins with nothing of the file in
  memory.

Lines of JSON: seconds to prepare the data, once; then of each round seconds from a trial's start to
its first batch (median and worst of the processes), examples per second of an epoch, and MiB of
memory of each process: what it has alone (`private`), and its share of all (`pss`), above what it
had before. `limit` has a round whose processes may have less memory of their own (RLIMIT_DATA) than
the arrays take: prepared and gone through under that limit, and refused where they are read.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch

from raysearch.data import archive
from raysearch.data.series.module import Data
from raysearch.errors import ConfigurationError

WINDOW = 1024
_FORKS = get_context("fork")
"""Processes begin with their libraries loaded, as raysearch's own workers on one machine do."""
_MIB = 2**20


def main() -> None:
    """Measure each size, way and number of processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 200], help="in MiB")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--limit", type=int, nargs=2, default=[600, 256], help="size, limit: MiB")
    parser.add_argument("--small", action="store_true", help="the least that shows everything")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.small:
        given.sizes, given.workers, given.limit = [10], [2], [100, 48]
    with tempfile.TemporaryDirectory() as folder:
        for size in given.sizes:
            cache = Path(folder) / str(size)
            path = _series(Path(folder), mib=size)
            _prepare(path, cache, mib=size)
            for n in given.workers:
                for way in ("read", "mapped", "streamed"):
                    _round(path, cache, mib=size, way=way, n=n)
        size, limit = given.limit
        path, cache = _series(Path(folder), mib=size), Path(folder) / "limit"
        for way in ("mapped", "read"):  # the first one prepares them
            _round(path, cache, mib=size, way=way, n=1, limit=limit)


def _series(folder: Path, *, mib: int) -> Path:
    """Write a series whose windows take about so many MiB."""
    n_steps = mib * _MIB // (4 * WINDOW) + WINDOW
    path = folder / f"series-{mib}.npz"
    noise = np.random.default_rng(0).normal(size=n_steps).astype(np.float32)
    np.savez(path, inputs=(np.sin(np.arange(n_steps) / 50) + 0.1 * noise)[None, None])
    return path


def _prepare(path: Path, cache: Path, *, mib: int) -> None:
    (found,) = _processes(path, cache, way="mapped", n=1)
    print(json.dumps({"prepared": f"{mib} MiB", "seconds": round(found["first_batch_s"], 3)}))


def _round(path: Path, cache: Path, *, mib: int, way: str, n: int, limit: int = 0) -> None:
    if way == "streamed":
        _forget(cache)
    found = _processes(path, cache, way=way, n=n, limit=limit)
    line: dict[str, object] = {"size": f"{mib} MiB", "way": way, "workers": n}
    if limit:
        line["limit"] = f"{limit} MiB"
    if refused := [one["refused"] for one in found if "refused" in one]:
        print(json.dumps({**line, "refused": refused[0]}), flush=True)
        return
    first = [one["first_batch_s"] for one in found]
    line |= {
        "first batch s": round(statistics.median(first), 4),
        "worst": round(max(first), 4),
        "examples/s": round(statistics.median(one["examples_per_s"] for one in found)),
        "private MiB": round(statistics.median(one["private"] for one in found), 1),
        "pss MiB": round(statistics.median(one["pss"] for one in found), 1),
    }
    print(json.dumps(line), flush=True)


def _forget(cache: Path) -> None:
    """Let the system give up the pages of the prepared files."""
    for path in (cache / "data").glob("*.npz"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _processes(path: Path, cache: Path, *, way: str, n: int, limit: int = 0) -> list[dict]:
    """Let processes take the data at once, and return what each says."""
    told = {"path": str(path), "cache": str(cache), "way": way, "limit": limit}
    ends = []
    for _ in range(n):
        mine, theirs = _FORKS.Pipe()
        process = _FORKS.Process(target=_work, args=(told, theirs), daemon=True)
        process.start()
        ends.append((mine, process))
    found: list[dict] = []
    for _ in range(3):  # ready; through with an epoch; measured, while all are there
        found = [mine.recv() for mine, _ in ends]
        for mine, _ in ends:
            mine.send("go on")
    for _, process in ends:
        process.join()
    return found


def _work(told: dict, end: Connection) -> None:
    os.environ["RAYSEARCH_CACHE_DIR"] = told["cache"]
    os.environ["RAYSEARCH_DATA_MEMORY"] = "0" if told["way"] == "streamed" else "0.5"
    if told["way"] == "read":
        archive.MAPPED_FROM = sys.maxsize
    if told["limit"]:
        limit = _of_process("VmData", "/proc/self/status") + told["limit"] * _MIB
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    _wait(end, {})
    before = {name: _memory(name) for name in ("private", "pss")}
    begun = time.perf_counter()
    said: dict[str, object] = {}
    try:
        data = Data(batch_size=256, path=told["path"], window=WINDOW, horizon=1)
        data.prepare_data()
        batches = iter(data.train_dataloader())
        n = len(next(batches)[0])
        said["first_batch_s"] = time.perf_counter() - begun
        begun = time.perf_counter()
        n = sum(len(inputs) for inputs, _ in batches)
        said["examples_per_s"] = n / (time.perf_counter() - begun)
    except (MemoryError, ConfigurationError) as error:
        said["refused"] = f"{type(error).__name__}: {str(error)[:120]}"
    _wait(end, {})
    said |= {name: (_memory(name) - value) / _MIB for name, value in before.items()}
    _wait(end, said)


def _wait(end: Connection, said: dict) -> None:
    end.send(said)
    end.recv()


def _memory(kind: str) -> int:
    """Return bytes that the process has alone, or its share of all that it uses."""
    path = "/proc/self/smaps_rollup"
    if kind == "pss":
        return _of_process("Pss", path)
    return _of_process("Private_Clean", path) + _of_process("Private_Dirty", path)


def _of_process(name: str, path: str) -> int:
    for line in Path(path).read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{path} has no {name}.")


if __name__ == "__main__":
    main()
