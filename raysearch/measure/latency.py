"""How long does a forward pass take?

On one thread of a CPU that thread's own time counts: as long as the pass takes on a core of its
own, also where trials train beside it. Elsewhere it is the time that passes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

WARM_UP = 3
"""Passes before those that are timed: in the first, kernels are chosen and memory is taken."""

ENOUGH_S = 0.5
"""Seconds after which no further pass is timed, once there are `FEWEST`."""

FEWEST = 5
"""Passes that are timed in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Times of one forward pass."""

    median_ms: float
    p95_ms: float
    """What 19 of 20 passes keep to (nearest rank)."""
    n_runs: int


def latency(
    run: Callable[[], object], *, runs: int = 50, threads: int = 1, device: str = "cpu"
) -> Latency:
    """Return how long a call takes, with gradients off.

    Args:
        run: One forward pass; the model is in evaluation mode.
        runs: Passes that are timed at most, at least 1.
        threads: Threads that torch may use in an operation meanwhile, at least 1.
        device: Where it runs; on "cuda" each pass is waited for.

    Example:
        >>> layer = torch.nn.Linear(8, 2).eval()
        >>> found = latency(lambda: layer(torch.zeros(1, 8)), runs=9)
        >>> 0 < found.median_ms <= found.p95_ms, found.n_runs
        (True, 9)
    """
    times: list[float] = []
    clock = time.thread_time if device == "cpu" and threads == 1 else time.perf_counter
    with _threads(threads), torch.inference_mode():
        for _ in range(WARM_UP):
            run()
        _wait(device)
        until = time.perf_counter() + ENOUGH_S
        while len(times) < runs and (len(times) < FEWEST or time.perf_counter() < until):
            began = clock()
            run()
            _wait(device)
            times.append(1e3 * (clock() - began))
    times.sort()
    return Latency(
        median_ms=0.5 * (times[(len(times) - 1) // 2] + times[len(times) // 2]),
        p95_ms=times[math.ceil(0.95 * len(times)) - 1],
        n_runs=len(times),
    )


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
