"""What does a model compute, as a graph without Python? `torch.export` with a free batch size.

The graph is that of the model's forward in eval mode. Its batch size is free, and so is every other
axis that differed between the batches that the model was seen with; all others are as they were.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from raysearch.errors import Unsupported
from raysearch.results.messages import phrase
from raysearch.training.checkpoints import write_whole
from raysearch.training.trained import Call

FEWEST = 2
"""Examples that a model is traced with at least: torch takes an axis of one for a fixed one."""


class Served(nn.Module):
    """A model as a function from tensors to what it predicts, without its training."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the model's forward returns."""
        return self.model(*inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The graph of a model."""

    program: torch.export.ExportedProgram
    input_names: tuple[str, ...]
    input_axes: tuple[tuple[int | str, ...], ...]
    """For each input its axes: a name where any size will do, else the size."""
    dtypes: tuple[str, ...]
    """Of the inputs, as NumPy calls them."""


def trace(model: nn.Module, calls: Sequence[Call]) -> Traced:
    """Return the graph of a model.

    Args:
        model: In eval mode, on the CPU.
        calls: What its forward was given, at least once.

    Raises:
        Unsupported: torch cannot trace it; the message has torch's reason.
    """
    axes = free_axes(calls)
    inputs = tuple(at_least(FEWEST, value) for value in calls[0].inputs)
    free = {"batch": torch.export.Dim("batch", min=1)}
    shapes = tuple(
        {
            i: free.setdefault(axis, torch.export.Dim(axis, min=1))
            for i, axis in enumerate(named)
            if isinstance(axis, str)
        }
        for named in axes
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, about its own inside
            program = torch.export.export(
                Served(model).eval(), inputs, dynamic_shapes={"inputs": shapes}, strict=False
            )
    except Exception as error:  # torch raises dozens of classes, and the user's code its own
        raise Unsupported(f"torch.export cannot trace {type(model).__name__}: {_why(error)}") from (
            error
        )
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names the files of this machine
    return Traced(
        program=program,
        input_names=input_names(model, n=len(inputs)),
        input_axes=axes,
        dtypes=tuple(str(value.dtype).removeprefix("torch.") for value in inputs),
    )


def save_program(traced: Traced, *, path: Path) -> None:
    """Write the graph so that `torch.export.load(path)` opens it; atomically."""
    write_whole(lambda to: _save(traced.program, to), path=path)


def _save(program: torch.export.ExportedProgram, path: Path) -> None:
    with path.open("wb") as file:
        torch.export.save(program, file)


def free_axes(calls: Sequence[Call]) -> tuple[tuple[int | str, ...], ...]:
    """Return for each input its axes: a name where its size is free, else the size.

    Example:
        >>> def call(*shape):
        ...     return Call(inputs=(torch.zeros(shape),), outputs=torch.zeros(1))
        >>> free_axes([call(4, 1, 8), call(3, 1, 9)])
        (('batch', 1, 'input_0_axis_2'),)
    """
    found: list[tuple[int | str, ...]] = []
    for number, value in enumerate(calls[0].inputs):
        shapes = [call.inputs[number].shape for call in calls]
        axes: list[int | str] = ["batch"]
        for axis in range(1, value.ndim):
            sizes = {shape[axis] for shape in shapes}
            axes.append(sizes.pop() if len(sizes) == 1 else f"input_{number}_axis_{axis}")
        found.append(tuple(axes))
    return tuple(found)


def input_names(model: nn.Module, *, n: int) -> tuple[str, ...]:
    """Return names for the inputs: those of the arguments of forward, or of its network's.

    Example:
        >>> input_names(nn.Linear(1, 1), n=1), input_names(Served(nn.ReLU()), n=2)
        (('input',), ('input_0', 'input_1'))
    """
    for owner in (model, getattr(model, "network", None)):
        if not isinstance(owner, nn.Module):
            continue
        parameters = list(inspect.signature(owner.forward).parameters.values())[:n]
        if len(parameters) == n and all(
            p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for p in parameters
        ):
            return tuple(p.name for p in parameters)
    return tuple(f"input_{number}" for number in range(n))


def at_least(n: int, value: Tensor) -> Tensor:
    """Return a batch with at least so many examples: itself, or its examples again and again."""
    if len(value) >= n:
        return value
    return value.repeat(-(-n // len(value)), *[1] * (value.ndim - 1))


def _why(error: Exception) -> str:
    """Return the first line of torch's reason that tells something."""
    return phrase(error)[:300]
