"""How is a trained model opened again with its data, and what is it given when it predicts?

A model predicts by its `forward`. With what that is called, only the model's own steps know: so
they are run on a few batches, and each call is kept with what came of it. That works for any
LightningModule whose validation step goes through `forward`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from raysearch.errors import Unsupported
from raysearch.training.allowed import allowed_only
from raysearch.training.building import Parts, build
from raysearch.training.job import TrainingJob
from raysearch.training.loggers import unlogged
from raysearch.training.trainers import make_trainer

Source = Literal["train", "validation"]
"""From which split batches are taken; the test split stays closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a model's forward."""

    inputs: tuple[Tensor, ...]
    """The positional arguments; the first axis of each is the batch."""
    outputs: Any
    """What it returned: a tensor, or tensors in a tuple, list or dict."""

    @property
    def n_examples(self) -> int:
        """Examples in the batch."""
        return len(self.inputs[0])


def open_trained(job: TrainingJob, checkpoint: str | Path) -> Parts:
    """Return model and data of a job, the model with the weights of a checkpoint, in eval mode.

    Args:
        job: Says which model and data.
        checkpoint: Path of a checkpoint that the job's model wrote.

    Raises:
        TrialFailed: The checkpoint holds more than tensors, plain values and what the job allows.
            What the constructors raise passes through.

    Side effects:
        Seeds the global generators; call it inside `isolated`.
    """
    parts = build(job)
    with allowed_only(str(checkpoint), allow=job.allow):
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    parts.model.load_state_dict(stored["state_dict"])
    parts.model.eval()
    return parts


def recorded_calls(parts: Parts, *, job: TrainingJob, source: Source, n_batches: int) -> list[Call]:
    """Return what a model's forward is given, and returns, in the first batches of a split.

    Args:
        parts: The model, in eval mode, with its data.
        job: What they were built of.
        source: The split; of training data the batches come as they are trained on.
        n_batches: Batches at most, at least 1.

    Raises:
        Unsupported: There is no validation step or no such data; or the step does not go through
            forward; or forward is given or returns something other than tensors.
    """
    model, data, name = parts.model, parts.data, type(parts.model).__name__
    if not parts.namespace.overrides(model, "validation_step"):
        raise Unsupported(f"{name} has no validation_step, which shows how it predicts")
    if not parts.namespace.overrides(data, "val_dataloader"):
        raise Unsupported("the data module has no val_dataloader, from which examples are taken")
    seen: list[tuple[tuple[Any, ...], dict[str, Any], Any]] = []
    handle = model.register_forward_hook(
        lambda module, args, kwargs, out: seen.append((args, kwargs, out)), with_kwargs=True
    )
    of_validation = data.val_dataloader
    if source == "train":
        data.val_dataloader = data.train_dataloader
    try:
        trainer = make_trainer(
            replace(unlogged(job), loop="trainer"),
            namespace=parts.namespace,
            limit_val_batches=n_batches,
        )
        trainer.validate(model, datamodule=data, verbose=False)
    finally:
        handle.remove()
        data.val_dataloader = of_validation
    model.eval()
    if not seen:
        raise Unsupported(
            f"the validation_step of {name} does not call its forward, so nobody can tell how it "
            "predicts"
        )
    return [_call(model, args, kwargs, outputs) for args, kwargs, outputs in seen]


def _call(model: nn.Module, args: Sequence[Any], kwargs: dict[str, Any], outputs: Any) -> Call:
    name = f"forward of {type(model).__name__}"
    bound = inspect.signature(model.forward).bind(*args, **kwargs)
    if bound.kwargs:
        raise Unsupported(f"{name} takes {', '.join(bound.kwargs)} by keyword only")
    others = [type(value).__name__ for value in bound.args if not isinstance(value, Tensor)]
    if others or not bound.args:
        raise Unsupported(f"{name} is given {others[0] if others else 'nothing'}, not a tensor")
    if any(value.ndim == 0 or len(value) != len(bound.args[0]) for value in bound.args):
        raise Unsupported(f"{name} is given tensors of different lengths, so none is a batch")
    leaves = pytree.tree_leaves(outputs)
    if not leaves or not all(isinstance(leaf, Tensor) for leaf in leaves):
        raise Unsupported(f"{name} returns something other than tensors")
    # copies, since what is made in inference mode cannot be traced
    return Call(
        inputs=tuple(value.detach().to("cpu", copy=True) for value in bound.args),
        outputs=pytree.tree_map(lambda value: value.detach().to("cpu", copy=True), outputs),
    )
