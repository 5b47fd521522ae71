"""Which weights of a checkpoint fit a model, and how does it take them?

Layer by layer: where every tensor of a layer has its name and its shape in the checkpoint, all of
them are copied; otherwise the layer begins anew, so that none is half old. A layer is what `layers`
says: the tensors that belong to one module, by its name in the model.

Nothing is unpickled but tensors, plain values and the classes that the experiment allows.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from raysearch.errors import ConfigurationError, TrialFailed, one_of
from raysearch.imports import load_object, shown
from raysearch.init_from import ALL, BODY, InitFrom, change_of
from raysearch.training.allowed import allowed_only
from raysearch.training.checkpoints import start_fault
from raysearch.training.job import TrainingJob
from raysearch.training.seeding import CLASS, KEY

NETWORK = "network"
"""Where built-in families have the architecture."""

MOST_NAMED = 4
"""Layers and arguments that a text names at most."""

_BUILT_IN = "raysearch.models."

Layers = dict[str, dict[str, Tensor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken from a checkpoint."""

    layers: tuple[str, ...]
    """Their names, in the model's order."""
    left: tuple[str, ...]
    """Of what was wanted, the layers that begin anew, each with the reason."""

    def describe(self, checkpoint: str) -> str:
        """Return what begins anew although it was wanted, empty if nothing does."""
        if not self.left:
            return ""
        wanted = len(self.layers) + len(self.left)
        return (
            f"init_from: {len(self.layers)} of {wanted} layers are taken from {checkpoint}. "
            f"Anew begin: {_listed(self.left, between='; ')}."
        )


def layers(state: Mapping[str, Any]) -> Layers:
    """Return the tensors of a `state_dict` by the module that they belong to.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        >>> {name: list(tensors) for name, tensors in layers(model.state_dict()).items()}
        {'0': ['weight', 'bias'], '2': ['weight', 'bias']}
    """
    found: Layers = {}
    for key, value in state.items():
        if isinstance(value, Tensor):
            layer, _, name = key.rpartition(".")
            found.setdefault(layer, {})[name] = value
    return found


def output_layers(model: nn.Module) -> set[str]:
    """Return the layers that make the outputs.

    Those that the model declares: the layers, and what is inside them, whose names are its
    attribute `output_layers`, a tuple or list. Of a model that declares none, the last layer with
    parameters, in the order in which its constructor makes them.

    Example:
        >>> output_layers(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
        {'2'}
    """
    named = getattr(model, "output_layers", ())
    is_declared = isinstance(named, tuple | list) and all(isinstance(n, str) for n in named)
    declared = {
        layer
        for layer in layers(model.state_dict())
        if is_declared and any(_is_in(layer, name) for name in named)
    }
    with_weights = [name.rpartition(".")[0] for name, _ in model.named_parameters()]
    return declared or set(with_weights[-1:])


def _with_parameters(model: nn.Module) -> set[str]:
    """Return the layers that hold a parameter; others hold buffers alone."""
    named = model.named_parameters(remove_duplicate=False)
    return {name.rpartition(".")[0] for name, _ in named}


def _is_in(layer: str, name: str) -> bool:
    """Return whether a layer is the one of that name, or inside it."""
    return layer == name or layer.startswith(f"{name}.")


def take(model: nn.Module, *, job: TrainingJob, start: InitFrom) -> Taken:
    """Copy weights from a checkpoint into a model.

    Args:
        model: As its constructor has made it.
        job: Whose model it is; says which classes a checkpoint may hold.
        start: Which checkpoint, and which part of it.

    Raises:
        ConfigurationError: The checkpoint is missing, damaged, or of another family; it has no
            weights; the model has no such part; or no layer of it with parameters matches, where
            some layer does not.
        TrialFailed: It is not the file with which the search began; or it holds more than tensors,
            plain values and what the job allows.

    Side effects:
        Changes the model's weights and buffers in place; the file is only read.
    """
    change = change_of(start.checkpoint, sha256=start.sha256)
    if change:
        raise TrialFailed(f"{change}. Put that file back. What was trained is kept.")
    checkpoint = read(start.checkpoint, job=job)
    theirs, mine = layers(_weights(checkpoint, path=start.checkpoint)), layers(model.state_dict())
    taken, left = [], []
    for layer in _wanted(model, list(mine), start=start):
        fault = _mismatch(mine[layer], theirs.get(layer))
        if fault:
            left.append(f"{layer or 'the model itself'} ({fault})")
            continue
        taken.append(layer)
        with torch.no_grad():
            for name, tensor in mine[layer].items():
                tensor.copy_(theirs[layer][name])
    if left and not _with_parameters(model).intersection(taken):
        raise ConfigurationError(_nothing(start, left, checkpoint=checkpoint, job=job))
    return Taken(layers=tuple(taken), left=tuple(left))


def read(path: str, *, job: TrainingJob) -> dict[str, Any]:
    """Return what a checkpoint holds, on the CPU.

    Raises:
        ConfigurationError: It is missing, damaged, or of another family than the job's model.
        TrialFailed: It holds more than tensors, plain values and what the job allows.
    """
    fault = start_fault(Path(path))
    if fault is not None:
        raise ConfigurationError(fault)
    with allowed_only(path, allow=job.allow):
        found = torch.load(path, map_location="cpu", weights_only=True)
    found = found if isinstance(found, dict) else {}
    origin = (found.get(KEY) or {}).get(CLASS) if isinstance(found.get(KEY), dict) else None
    is_built_in = job.kind == "module" and job.model_class.startswith(_BUILT_IN)
    if is_built_in and origin not in (None, job.model_class):
        raise ConfigurationError(
            f"init_from is {path}, a checkpoint of {shown(origin)}, and the model is "
            f"{shown(job.model_class)}. Give a checkpoint of the same family, or let each family "
            "of the section model name its own."
        )
    return found


def _weights(checkpoint: Mapping[str, Any], *, path: str) -> Mapping[str, Any]:
    """Return the weights in a checkpoint of Lightning's, or in one that is nothing else."""
    state = checkpoint.get("state_dict", checkpoint)
    if not isinstance(state, Mapping) or not any(isinstance(v, Tensor) for v in state.values()):
        held = one_of(list(map(str, checkpoint))[:MOST_NAMED]) if checkpoint else "nothing"
        raise ConfigurationError(
            f"init_from is {path}, which holds no weights but {held}. Give a checkpoint of "
            "Lightning's, or a state_dict that torch.save has written."
        )
    return state


def _wanted(model: nn.Module, names: Sequence[str], *, start: InitFrom) -> list[str]:
    """Return the layers of a part.

    Raises:
        ConfigurationError: The model has no layer of that name.
    """
    if start.part == ALL:
        return list(names)
    if start.part == BODY:
        output = output_layers(model)
        return [name for name in names if name not in output]
    inner = getattr(model, NETWORK, None)
    prefix = f"{NETWORK}." if isinstance(inner, nn.Module) else ""
    found: list[str] = []
    for part in start.names:
        full = part if any(_is_in(name, part) for name in names) else prefix + part
        inside = [name for name in names if _is_in(name, full)]
        if not inside:
            known = dict.fromkeys(name.removeprefix(prefix).split(".")[0] for name in names)
            raise ConfigurationError(
                f"init_from.part names {part}, and {type(model).__name__} has no layer of that "
                f"name. It has: {', '.join(filter(None, known))}. Or write all, or body for all "
                "but the output layer."
            )
        found += inside
    return list(dict.fromkeys(found))


def _mismatch(mine: Mapping[str, Tensor], theirs: Mapping[str, Tensor] | None) -> str:
    """Return why a layer cannot be taken, empty if it can."""
    if theirs is None:
        return "not in the checkpoint"
    if mine.keys() != theirs.keys():
        return f"has {', '.join(mine)} here and {', '.join(theirs)} there"
    for name, tensor in mine.items():
        if nn.parameter.is_lazy(tensor):
            return "has no shape before its first batch"
        if tensor.shape != theirs[name].shape:
            return f"{name} is {_shape(tensor)} here and {_shape(theirs[name])} there"
    return ""


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"


def _listed(items: Sequence[str], *, between: str = ", ") -> str:
    more = len(items) - MOST_NAMED
    shown_items = between.join(items[:MOST_NAMED])
    return f"{shown_items}{between}and {more} more" if more > 0 else shown_items


def _nothing(
    start: InitFrom, left: Sequence[str], *, checkpoint: Mapping[str, Any], job: TrainingJob
) -> str:
    """Return that nothing can be taken, and which arguments are the reason, if they are known."""
    text = (
        f"init_from is {start.checkpoint}, and no layer of its part {start.part} fits: "
        f"{_listed(left, between='; ')}."
    )
    differing = _differing(checkpoint, job=job)
    if differing:
        return f"{text} Arguments that differ: {_listed(differing)}. Fix them in space as there."
    return f"{text} Give a checkpoint of the same architecture."


def _differing(checkpoint: Mapping[str, Any], *, job: TrainingJob) -> list[str]:
    """Return what the checkpoint's model was built with that this one is not."""
    theirs = checkpoint.get("hyper_parameters")
    if job.kind != "module" or not isinstance(theirs, Mapping):
        return []
    parameters = inspect.signature(load_object(job.model_class)).parameters
    mine = {name: p.default for name, p in parameters.items()} | dict(job.model_arguments)
    return [
        f"{name} ({theirs[name]} there, {value} here)"
        for name, value in mine.items()
        if name in theirs and value is not None and theirs[name] != value
    ]


def parameters_of(model: nn.Module, old: Collection[str]) -> list[nn.Parameter]:
    """Return the parameters of some layers that learn, and that no other layer shares.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        >>> [tuple(weight.shape) for weight in parameters_of(model, {"0"})]
        [(3, 2), (3,)]
    """
    named = list(model.named_parameters(remove_duplicate=False))
    others = {id(weight) for name, weight in named if name.rpartition(".")[0] not in old}
    mine: Iterable[nn.Parameter] = (w for _, w in named if w.requires_grad and id(w) not in others)
    return list({id(weight): weight for weight in mine}.values())
