"""What does a method that changes the network know, and what does it say of it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from raysearch.compression.subject import Subject
from raysearch.errors import Unsupported
from raysearch.training.trained import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A trained model that is to be changed."""

    subject: Subject
    model: Any
    """A LightningModule in eval mode on the CPU, to be changed in place or replaced."""
    calls: list[Call]
    """What its forward was given, at least once."""
    keep: float
    """Share of the parameters that is to be left, above 0 and at most 1."""
    student: str = "same"
    """Which network is taught, where one is; see `recipe.STUDENTS`."""
    blocks: int = 0
    """How many blocks are to be taken out, where some are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of it."""

    model: Any
    """The LightningModule to be trained and exported."""
    left: str = ""
    """What was left as it was, and why, as a phrase; empty if nothing was."""
    rate: float = 0.3
    """Share of the trial's learning rate to train with."""
    after_step: Callable[[], None] | None = None
    """Called after each step of training, such as to keep what is zero at zero."""
    finish: Callable[[], None] | None = None
    """Called after training."""
    lesson: bool = False
    """Whether it knows nothing yet, and has to learn from the model that it was made of; what kept
    its weights learns from it where it can."""


def n_parameters(model: nn.Module) -> int:
    """Return how many numbers a model learns; those that share a place count once."""
    return sum(parameter.numel() for parameter in model.parameters())


def output_modules(model: nn.Module, call: Call) -> list[nn.Module]:
    """Return the layers that make the outputs, whose size must stay.

    Those that the model names as its `output_layers`; else every linear or convolutional layer
    whose outputs are as many as those of the model.

    Raises:
        Unsupported: None can be found.
    """
    modules = dict(model.named_modules())
    named = [modules[name] for name in getattr(model, "output_layers", ()) if name in modules]
    if named:
        return [layer for owner in named for layer in owner.modules() if has_weights(layer)]
    outputs = call.outputs if isinstance(call.outputs, torch.Tensor) else None
    if outputs is None or outputs.ndim < 2:
        raise Unsupported(
            f"{type(model).__name__} does not say which layers make its outputs. Declare them as "
            "output_layers, a tuple of their names"
        )
    found = [m for m in modules.values() if has_weights(m) and width_of(m) == outputs.shape[1]]
    if not found:
        raise Unsupported(
            f"no layer of {type(model).__name__} has as many outputs as the model. Declare "
            "output_layers, a tuple of names"
        )
    return found


def has_weights(layer: nn.Module) -> bool:
    """Return whether it is a linear or convolutional layer."""
    return isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)


def width_of(layer: Any) -> int:
    """Return the outputs of a linear layer, or the channels of a convolution."""
    return int(layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels)


def computes_as_before(model: nn.Module, call: Call) -> None:
    """Raise if a changed model no longer takes the inputs, or gives outputs of other shapes.

    Raises:
        Unsupported: It does not.
    """
    try:
        with torch.no_grad():
            outputs = model(*call.inputs)
    except Exception as error:  # whatever a network raises whose parts no longer fit
        raise Unsupported(f"the parts of {type(model).__name__} no longer fit: {error}") from error
    before = torch.utils._pytree.tree_leaves(call.outputs)
    after = torch.utils._pytree.tree_leaves(outputs)
    if [leaf.shape for leaf in before] != [leaf.shape for leaf in after]:
        raise Unsupported(f"the outputs of {type(model).__name__} would have another shape")
