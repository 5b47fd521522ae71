"""What is a trained model made of, layer by layer, and what does it get wrong?

The model of a checkpoint is shown the validation examples of its trial: those that it was chosen
by, and not trained on. The test split stays closed. Which layers there are, in which order they are
called, and what comes out of them is seen with the first batch; what it predicts, with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from raysearch.errors import Unsupported
from raysearch.training.allowed import allowed_only
from raysearch.training.building import Parts, build
from raysearch.training.isolation import isolated
from raysearch.training.job import TrainingJob

MOST_EXAMPLES = 20_000
"""Validation examples that are looked at."""
MOST_CLASSES = 50
"""Classes up to which predictions are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of a network that has no parts of its own."""

    name: str
    """As in the `state_dict`: "network.blocks.0.conv"."""
    kind: str
    """Its class."""
    detail: str
    """What its class says of it, such as "16, 32, kernel_size=(3, 3)"."""
    n_parameters: int
    output_shape: tuple[int, ...] | None
    """Of one example; None where it is no tensor, or the layer was not called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a model predicts for validation examples, beside what is right."""

    task: Literal["classification", "regression"]
    truth: tuple[float, ...]
    """Classes, or target values, flattened."""
    predicted: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What was seen of a model."""

    layers: tuple[Layer, ...]
    """In the order in which they are called first; in that of their definition where that could
    not be seen."""
    predictions: Predictions | None
    reason: str = ""
    """Why there are no predictions, a phrase for a person."""


def inspect(job: TrainingJob, *, checkpoint: str) -> Inspected:
    """Return what the model of a checkpoint is made of, and what it predicts.

    Args:
        job: Says which model and data.
        checkpoint: Path of a checkpoint that the job's model wrote.

    Raises:
        TrialFailed: The checkpoint holds more than tensors, plain values and what the job allows.
            Whatever building the model raises passes through.
    """
    with isolated(threads=job.threads), torch.no_grad():
        parts = build(job)
        with allowed_only(checkpoint, allow=job.allow):
            stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
        model = parts.model
        model.load_state_dict(stored["state_dict"])
        model.eval()
        called: dict[str, tuple[int, ...] | None] = {}
        try:
            with _watched(model, called):
                predictions, reason = _predict(model, _batches(parts)), ""
        except Unsupported as error:
            predictions, reason = None, str(error)
        except Exception as error:  # noqa: BLE001 - whatever the user's forward or data raise
            predictions, reason = None, f"it raised {type(error).__name__}: {error}"
        return Inspected(layers=_layers(model, called), predictions=predictions, reason=reason)


def _leaves(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts without parts; those that measure are none of the network."""
    for name, module in model.named_modules():
        if name and not any(True for _ in module.children()) and not _measures(module):
            yield name, module


def _measures(module: nn.Module) -> bool:
    return type(module).__module__.partition(".")[0] == "torchmetrics"


@contextmanager
def _watched(model: nn.Module, called: dict[str, tuple[int, ...] | None]) -> Iterator[None]:
    """Note which layers are called, and the shape of what comes out, without the batch."""

    def watch(name: str) -> Any:
        def seen(module: nn.Module, inputs: Any, output: Any) -> None:
            shape = tuple(output.shape[1:]) if isinstance(output, Tensor) else None
            called.setdefault(name, shape)

        return seen

    handles = [module.register_forward_hook(watch(name)) for name, module in _leaves(model)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _layers(model: nn.Module, called: dict[str, tuple[int, ...] | None]) -> tuple[Layer, ...]:
    by_name = dict(_leaves(model))
    names: Iterable[str] = called or by_name
    return tuple(
        Layer(
            name=name,
            kind=type(by_name[name]).__name__,
            detail=by_name[name].extra_repr(),
            n_parameters=sum(p.numel() for p in by_name[name].parameters()),
            output_shape=called.get(name),
        )
        for name in names
    )


def _batches(parts: Parts) -> Iterator[Any]:
    data = parts.data
    if not parts.namespace.overrides(data, "val_dataloader"):
        raise Unsupported("the data module has no val_dataloader")
    data.prepare_data()
    data.setup("validate")
    loaders = data.val_dataloader()
    yield from loaders[0] if isinstance(loaders, list | tuple) else loaders


def _predict(model: Any, batches: Iterable[Any]) -> Predictions:
    """Return the predictions of batches (inputs, ..., targets).

    Raises:
        Unsupported: The batches or the outputs are neither those of a classification nor those of
            a regression.
    """
    truth: list[float] = []
    predicted: list[float] = []
    task: Literal["classification", "regression"] | None = None
    for batch in batches:
        if not isinstance(batch, list | tuple) or not isinstance(batch[-1], Tensor):
            raise Unsupported("a batch is no tuple of inputs and targets")
        *inputs, targets = batch
        outputs = model(*inputs)
        if not isinstance(outputs, Tensor):
            raise Unsupported("what the model returns is no tensor")
        task = task_of(outputs, targets)
        if task == "classification" and outputs.shape[1] > MOST_CLASSES:
            raise Unsupported(f"{outputs.shape[1]} classes are too many to be drawn")
        guesses = outputs.argmax(1) if task == "classification" else outputs
        truth += targets.reshape(-1).tolist()
        predicted += guesses.reshape(-1).tolist()
        if len(truth) >= MOST_EXAMPLES:
            break
    if task is None:
        raise Unsupported("there are no validation examples")
    return Predictions(task=task, truth=tuple(truth), predicted=tuple(predicted))


def task_of(outputs: Tensor, targets: Tensor) -> Literal["classification", "regression"]:
    """Return what kind of question such outputs answer.

    Raises:
        Unsupported: Neither.

    Shapes:
        outputs: (B, K) or (B, T)
        targets: (B,) of whole numbers for classes; (B,) or (B, T) of floats
        B batch, K classes, T target values
    """
    is_whole = not targets.is_floating_point() and targets.dtype is not torch.bool
    if is_whole and targets.ndim == 1 and _is_table(outputs, n=len(targets)):
        return "classification"
    if targets.is_floating_point() and outputs.numel() == targets.numel():
        return "regression"
    raise Unsupported(
        f"outputs {_shape(outputs)} and targets {_shape(targets)} are neither of classes nor of "
        "numbers"
    )


def _is_table(outputs: Tensor, *, n: int) -> bool:
    return outputs.ndim == 2 and outputs.shape[0] == n and outputs.shape[1] > 1


def _shape(tensor: Tensor) -> Sequence[int]:
    return tuple(tensor.shape)
