"""How long does an ONNX file take beside another one? Measured in turn, so that both meet the same.

On a machine that others use, a median of one minute and a median of the next differ by more than
two models do. So each run of one is followed by a run of the other, and what disturbs one disturbs
both. With a single thread it is that thread's own time that counts, which stands still while others
have the processor; on a machine that is idle, the two are the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from raysearch.compression.tracing import at_least
from raysearch.training.served import OnnxForward
from raysearch.training.trained import Call

WARM_UPS = 10
"""Runs before any is timed."""


def latencies_ms(
    files: Mapping[str, Path], *, call: Call, batch_size: int, runs: int, threads: int = 1
) -> dict[str, float]:
    """Return the median time of a batch for each file, in milliseconds.

    Args:
        files: Name -> ONNX file; all take the same inputs.
        call: Examples, of which batches are made by repeating them or leaving some out.
        batch_size: Examples in a batch, at least 1.
        runs: How often each is timed, at least 1.
        threads: That an operation may use.
    """
    arrays = [array_of(value, n=batch_size) for value in call.inputs]
    forwards = {name: OnnxForward(path, threads=threads) for name, path in files.items()}
    return medians_ms(
        {name: forward.run for name, forward in forwards.items()},
        arrays=arrays,
        runs=runs,
        clock=time.thread_time if threads == 1 else time.perf_counter,
    )


def medians_ms(
    calls: Mapping[str, Any],
    *,
    arrays: Sequence[Any],
    runs: int,
    clock: Callable[[], float] = time.thread_time,
) -> dict[str, float]:
    """Return the median time of each of several functions, called in turn, in milliseconds."""
    for _ in range(min(WARM_UPS, runs)):
        for run in calls.values():
            run(arrays)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, run in calls.items():
            begun = clock()
            run(arrays)
            times[name].append(clock() - begun)
    return {name: 1000 * statistics.median(each) for name, each in times.items()}


def array_of(value: torch.Tensor, *, n: int) -> Any:
    """Return a NumPy batch of exactly so many examples."""
    return at_least(n, value)[:n].contiguous().numpy()
