"""What would the epochs of some networks cost in a bare loop?

    python -m speed.floor            # reads a JSON list of [width, depth, batch size] from stdin

Searchers choose different networks, and the largest cost thirty times as much as the smallest. So
what an epoch of a search may cost is judged by what the same networks cost here, one after another
in one thread, with the code of `baselines/bare_torch.py`: alone on the machine, and with as many
such processes at once as the search has workers, since two processes that compute slow each other
down. Each network is built anew and trained for as many epochs as a trial, and their mean counts,
as it does in the search. Prints one JSON list of seconds an epoch.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from speed.plan import BASELINES, BENCHMARKS, EPOCHS, ROOT, environment

Network = tuple[int, int, int]
"""Width, depth and batch size, which decide what an epoch costs."""


def networks_of(run_dir: Path) -> Counter[Network]:
    """Return which networks a search of raysearch's trained, and how many trials of each."""
    from raysearch.results import Results

    trials = Results.open(run_dir).state.trials.values()
    keys = ("width", "depth", "data.batch_size")
    return Counter(tuple(int(t.configuration[key]) for key in keys) for t in trials)  # type: ignore[misc]


def bare_s(networks: Mapping[Network, int], *, at_once: int) -> float:
    """Return what all epochs of such trials cost in a bare loop, one after another, in seconds.

    Args:
        networks: Network -> how many trials of it.
        at_once: How many processes time them at the same time; their mean counts.

    Side effects:
        Ends this process if a loop fails.
    """
    kinds = list(networks)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "speed.floor"],
            cwd=ROOT,
            env={**environment(), "PYTHONPATH": str(BENCHMARKS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(at_once)
    ]
    with ThreadPoolExecutor(at_once) as threads:
        told = list(threads.map(lambda p: p.communicate(json.dumps(kinds))[0], processes))
    if any(process.returncode for process in processes):
        sys.exit("the bare loop failed; see above")
    each = [
        sum(n * s for n, s in zip(networks.values(), json.loads(seconds), strict=True))
        for seconds in told
    ]
    return EPOCHS * statistics.mean(each)


def main() -> None:
    """Time each network."""
    sys.path.insert(0, str(BASELINES))
    import digits_workload as work
    import torch

    torch.set_num_threads(1)
    data = work.Digits(32)
    data.setup()
    print(json.dumps([_epoch_s(kind, work=work, data=data) for kind in json.load(sys.stdin)]))


def _epoch_s(kind: Network, *, work: object, data: object) -> float:
    import torch
    from torch.nn import functional as F

    width, depth, batch_size = kind
    images, labels = data.train_set.tensors  # type: ignore[attr-defined]
    val_images, val_labels = data.val_set.tensors  # type: ignore[attr-defined]
    config = {"learning_rate": 0.003, "dropout": 0.1, "batch_size": batch_size}
    model = work.Net(width=width, depth=depth, **config).net  # type: ignore[attr-defined]
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    seconds = []
    for _ in range(EPOCHS):
        begun_s = time.perf_counter()
        model.train()
        for batch in torch.randperm(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(val_images).argmax(1) == val_labels).float().mean().item()
        seconds.append(time.perf_counter() - begun_s)
    return statistics.mean(seconds)


if __name__ == "__main__":
    main()
