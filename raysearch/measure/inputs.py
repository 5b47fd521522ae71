"""How is a model called on a batch, and what is a batch of another size?

A batch of built-in data is a tuple of inputs, perhaps their lengths, and targets. Batches and
modules of the user's own take any form, so the ways to call a module are tried in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from raysearch.errors import Unsupported

Call = Callable[[nn.Module], Any]
"""Runs one forward pass of a module on inputs that are given already."""


def resized(batch: Any, *, n: int) -> Any:
    """Return a batch of n examples: the first ones, over and over if there are fewer.

    Args:
        batch: Tensors, or tuples, lists and mappings of them, with examples along the first axis.
        n: Examples, at least 1.

    Example:
        >>> [tuple(part.shape) for part in resized((torch.zeros(4, 3), torch.zeros(4)), n=6)]
        [(6, 3), (6,)]
    """
    size = _size(batch)
    if size is None:
        return batch
    chosen = torch.arange(n) % size
    return _mapped(batch, lambda x: x[chosen.to(x.device)] if x.ndim and len(x) == size else x)


def moved(batch: Any, device: str) -> Any:
    """Return a batch on a device."""
    return _mapped(batch, lambda x: x.to(device))


def call_of(model: nn.Module, batch: Any) -> Call:
    """Return how to run one forward pass of a module on a batch.

    The module's `example_input_array` is taken if it has one. Else `forward` is tried with all
    parts of the batch but the last, the targets, with the first alone, with all of them, and with
    the batch as it is; and last `predict_step` and `validation_step` of a LightningModule, the
    second of which computes metrics as well.

    Raises:
        Unsupported: None of that runs.
    """
    faults: list[str] = []
    for name, call in _ways(model, batch):
        try:
            with torch.no_grad():
                call(model)
        except Exception as error:  # noqa: BLE001  whatever a module raises, another way may run
            faults.append(f"{name} raised {type(error).__name__}: {str(error).splitlines()[:1]}")
        else:
            return call
    raise Unsupported(
        f"no forward pass of {type(model).__name__} could be run on a batch ({'; '.join(faults)}). "
        "Set its example_input_array to the arguments of forward"
    )


def _ways(model: nn.Module, batch: Any) -> list[tuple[str, Call]]:
    example = getattr(model, "example_input_array", None)
    if example is not None:
        size = _size(batch) or 1
        shaped = resized(example, n=size)
        return [("forward(*example_input_array)", _calling(shaped))]
    ways: list[tuple[str, Call]] = []
    if isinstance(batch, list | tuple) and batch:
        if len(batch) > 2:
            ways.append(("forward(*batch[:-1])", _calling(tuple(batch[:-1]))))
        ways.append(("forward(batch[0])", _calling(batch[0])))
        ways.append(("forward(*batch)", _calling(tuple(batch))))
    if isinstance(batch, Mapping):
        ways.append(("forward(**batch)", lambda module: module(**batch)))
    ways.append(("forward(batch)", lambda module: module(batch)))
    if hasattr(model, "predict_step"):
        ways.append(("predict_step(batch)", lambda module: _predicted(module, batch)))
    if hasattr(model, "validation_step"):
        ways.append(("validation_step(batch)", lambda module: _validated(module, batch)))
    return ways


def _predicted(module: Any, batch: Any) -> Any:
    return module.predict_step(batch, 0)


def _validated(module: Any, batch: Any) -> Any:
    """Run a validation step, which may log where nobody listens."""
    with _silent(module):
        return module.validation_step(batch, 0)


@contextmanager
def _silent(module: Any) -> Iterator[None]:
    names = ("log", "log_dict")
    for name in names:
        object.__setattr__(module, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name in names:
            object.__delattr__(module, name)


def _calling(inputs: Any) -> Call:
    if isinstance(inputs, tuple):
        return lambda module: module(*inputs)
    return lambda module: module(inputs)


def _size(batch: Any) -> int | None:
    """Return how many examples a batch has; None where no tensor tells."""
    if isinstance(batch, Tensor):
        return len(batch) if batch.ndim else None
    parts: Sequence[Any] = ()
    if isinstance(batch, Mapping):
        parts = list(batch.values())
    elif isinstance(batch, list | tuple):
        parts = batch
    return next((size for part in parts if (size := _size(part)) is not None), None)


def _mapped(batch: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {key: _mapped(value, change) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_mapped(value, change) for value in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(_mapped(value, change) for value in batch)
    return batch
