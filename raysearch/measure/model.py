"""What does one model cost?

The model is left as it was: its mode, its gradients, its device and the random state of torch.

References:
    torch.utils.flop_counter counts the products of matrices, convolutions and attention, two
    operations for a multiplication with its addition; what is done element by element is left out.
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from raysearch.measure.inputs import Call, call_of, moved, resized
from raysearch.measure.latency import latency
from raysearch.measure.memory import inference_bytes, training_bytes
from raysearch.measure.names import How

_TIMES = ("latency_ms", "latency_p95_ms")


def measure_model(
    model: nn.Module, batch: Any, *, names: Iterable[str], how: How | None = None
) -> dict[str, float]:
    """Return measures of a model, by name.

    Args:
        model: Any module; of a LightningModule what `forward` does.
        batch: One batch of any size, as its data give it; cut or repeated to the size asked for.
        names: Which ones: keys of `raysearch.measure.MEASURES`.
        how: Under which conditions; None for one example and one thread on the CPU.

    Raises:
        Unsupported: No forward pass of the model can be run on the batch.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
        >>> measure_model(net, (torch.zeros(3, 8), torch.zeros(3)), names=["params", "flops"])
        {'params': 46.0, 'flops': 80.0}
    """
    how, wanted = how or How(), list(names)
    if not wanted:
        return {}
    state, mode = torch.get_rng_state(), model.training
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    try:
        model.to(how.device).eval()
        return _measured(model, moved(batch, how.device), wanted, how)
    finally:
        model.to(device).train(mode)
        torch.set_rng_state(state)


def _measured(model: nn.Module, batch: Any, wanted: list[str], how: How) -> dict[str, float]:
    batch = resized(batch, n=how.batch_size)
    call = call_of(model, batch)  # which also gives lazy layers their shapes
    run = partial(call, model)
    found: dict[str, float] = {}
    if any(name in wanted for name in _TIMES):
        times = latency(run, runs=how.runs, threads=how.threads, device=how.device)
        found |= {"latency_ms": times.median_ms, "latency_p95_ms": times.p95_ms}
    if "params" in wanted:
        found["params"] = float(count_parameters(model))
    if "flops" in wanted:
        found["flops"] = float(flops(model, call_of(model, resized(batch, n=1))))
    if "size_mb" in wanted:
        found["size_mb"] = state_bytes(model) / 1e6
    if "memory_mb" in wanted:
        found["memory_mb"] = inference_bytes(model, run, device=how.device) / 1e6
    if "memory_train_mb" in wanted:
        found["memory_train_mb"] = _training_mb(model, call, how)
    return {name: found[name] for name in wanted}


def count_parameters(model: nn.Module) -> int:
    """Return how many parameters a model has, those shared by layers counted once."""
    return sum(parameter.numel() for parameter in model.parameters())


def flops(model: nn.Module, call: Call) -> int:
    """Return the floating-point operations of one forward pass.

    Without oneDNN, whose recurrent layers are one operation that the counter does not know.
    """
    with torch.no_grad(), _without_onednn(), FlopCounterMode(display=False) as counter:
        call(model)
    return int(counter.get_total_flops())


@contextmanager
def _without_onednn() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def state_bytes(model: nn.Module) -> int:
    """Return how long the file is that holds the model's parameters and buffers."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file.tell()


def _training_mb(model: nn.Module, call: Call, how: How) -> float:
    """Return the peak in training; buffers that training changes are put back."""
    before = {name: copy.deepcopy(buffer) for name, buffer in model.named_buffers()}
    model.train()
    try:
        return training_bytes(model, partial(call, model), device=how.device) / 1e6
    finally:
        model.eval()
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(before[name])
