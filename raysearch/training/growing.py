"""How does a model begin with what a model of another architecture has learnt?

The family says how its layers go over (its module `growing`): a network that is wider, deeper or
has larger kernels computes the same at first wherever that is possible. What became of each layer
is told, and why the function is another one if it is.

    checkpoint = torch.load(path, weights_only=True)
    inherited = inherit(checkpoint, model=CNN(**wider))
    inherited.is_preserved, inherited.changes

References:
    Chen, Goodfellow and Shlens, "Net2Net", ICLR 2016.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from raysearch.errors import ConfigurationError, one_of
from raysearch.models import families_that_grow, package_of
from raysearch.models.shared.growing import Transfer
from raysearch.training.moments import widened_states
from raysearch.training.old_weights import layers

if TYPE_CHECKING:
    from raysearch.models.shared.module import FamilyModule

MOST_TOLD = 4
"""Reasons why a function is not preserved that are told at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What became of the weights of one model in another one."""

    preserved: tuple[str, ...]
    """Layers with all weights of the old ones."""
    overlapped: tuple[str, ...]
    """Layers with a part of them."""
    new: tuple[str, ...]
    """Layers that begin anew, or so that they change nothing at first."""
    changes: tuple[str, ...] = ()
    """Why the model does not compute, in evaluation, what the old one did; empty if it does."""
    optimizer_states: list[dict[str, Any]] = field(default_factory=list)
    """For the new model's optimiser; empty if its slots begin anew."""

    @property
    def is_preserved(self) -> bool:
        """Whether the model computes what the old one did, in evaluation, up to rounding."""
        return not self.changes

    def to_json(self) -> dict[str, Any]:
        """Return what of it is kept in a journal."""
        return {
            "is_preserved": self.is_preserved,
            "preserved": len(self.preserved),
            "overlapped": len(self.overlapped),
            "new": len(self.new),
            "changes": "; ".join(self.changes[:MOST_TOLD]),
            "moments": bool(self.optimizer_states),
        }


def inherit(checkpoint: Mapping[str, Any], *, model: Any) -> Inherited:
    """Fill a model with the weights of a checkpoint of the same family, whatever its architecture.

    Draws, such as which units are doubled, come from torch's default generator.

    Args:
        checkpoint: One of Lightning's, as it was read, with the old model's arguments in it.
        model: The new model, as its constructor has made it.

    Raises:
        ConfigurationError: The family cannot do it, the checkpoint is of another family, or of
            other data.

    Side effects:
        Changes the model's weights and buffers in place.
    """
    grow = _growth_of(model)
    old = _rebuilt(checkpoint, model=model)
    transfer = Transfer(old, model)
    grow(old, model, transfer)
    made = layers(model.state_dict())
    taken = {**transfer.preserved, **transfer.overlapped}
    return Inherited(
        preserved=tuple(n for n in made if n in transfer.preserved),
        overlapped=tuple(n for n in made if n in transfer.overlapped),
        new=tuple(n for n in made if n not in taken),
        changes=transfer.changes,
        optimizer_states=widened_states(
            list(checkpoint.get("optimizer_states", ())),
            old=old,
            new=model,
            sources=transfer.sources,
        ),
    )


def grown_checkpoint(
    checkpoint: Mapping[str, Any], *, model: Any
) -> tuple[dict[str, Any], Inherited]:
    """Return a checkpoint from which a fit of another architecture goes on where this one was.

    Weights, arguments and slots of the optimiser are the new model's; progress, schedules and the
    numbers of the optimiser's groups stay.

    Args:
        checkpoint: As for `inherit`, with the state of a fit.
        model: The new model; filled as well.

    Raises:
        ConfigurationError: As `inherit`.
    """
    inherited = inherit(checkpoint, model=model)
    grown = {
        **checkpoint,
        "state_dict": {key: value.clone() for key, value in model.state_dict().items()},
        "hyper_parameters": dict(model.hparams),
        "optimizer_states": inherited.optimizer_states,
    }
    return grown, inherited


def _growth_of(model: Any) -> Callable[[Any, Any, Transfer], None]:
    """Return how the family of a model grows.

    Raises:
        ConfigurationError: It cannot.
    """
    kind = type(model)
    package = package_of(f"{kind.__module__}:{kind.__qualname__}")
    if package is None:
        able = one_of(list(families_that_grow()))
        raise ConfigurationError(
            f"{kind.__name__} cannot take over the weights of another architecture. Families that "
            f"can: {able}."
        )
    grow: Callable[[Any, Any, Transfer], None] = importlib.import_module(f"{package}.growing").grow
    return grow


def _rebuilt(checkpoint: Mapping[str, Any], *, model: FamilyModule) -> FamilyModule:
    """Return the model of a checkpoint.

    Raises:
        ConfigurationError: It is of another family, or of other data.
    """
    arguments, known = checkpoint.get("hyper_parameters"), dict(model.hparams)
    if not isinstance(arguments, Mapping) or not arguments or not arguments.keys() <= known.keys():
        raise ConfigurationError(
            f"a checkpoint has no arguments of {type(model).__name__}, so that nothing can be "
            "taken over from it. Give one that a trial of this family has written."
        )
    with torch.random.fork_rng(devices=()):
        old = type(model)(**arguments)
    for name in _OF_DATA:
        before, now = old.hparams.get(name), known.get(name)
        if before != now:
            raise ConfigurationError(
                f"a checkpoint is for data with {name} {before}, and the model for {now}. Give one "
                "that was trained on the same data."
            )
    old.load_state_dict(checkpoint["state_dict"])
    return old


_OF_DATA = ("input_shape", "n_outputs", "task", "cardinalities")
"""Arguments that follow from the data, by which weights are meaningless elsewhere."""
