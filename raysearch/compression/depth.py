"""Which blocks does a network not need? Some whose outputs have the shape of their inputs.

Such a block can be taken out, and its inputs go on as they are. Of the blocks that do a fair
share of the work, the one goes whose loss changes the outputs least for what it saves; then the
next one is looked for in what is left. Afterwards channels are pruned, so that both together leave
`keep` of the parameters. Narrow networks become faster so: a processor computes eight or sixteen
channels at once, and gains nothing where fewer are left.

References:
    Veit, Wilber and Belongie, "Residual Networks Behave Like Ensembles of Relatively Shallow
    Networks", NeurIPS 2016 (blocks that are left out of a trained network).
    Chen and Zhao, "Shallowing Deep Networks: Layer-wise Pruning Based on Feature Representations",
    TPAMI 2019.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from raysearch.compression.change import (
    Changed,
    Given,
    computes_as_before,
    has_weights,
    n_parameters,
    output_modules,
    width_of,
)
from raysearch.compression.channels import prune_channels
from raysearch.errors import Unsupported
from raysearch.training.trained import Call

LEAST, MOST = 0.05, 0.9
"""Share of the work of a network that a block does which can be taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a network whose outputs have the shape of its inputs."""

    name: str
    """Dotted, as in `named_modules`."""
    share: float
    """Of the multiplications of the network, from 0 to 1."""


def take_out_blocks(given: Given) -> Changed:
    """Take the blocks out that are needed least, and channels with them.

    Raises:
        ConfigurationError: torch-pruning is not installed, and channels have to go.
        Unsupported: There is no such block, or none whose loss the rest bears.
    """
    model, call = given.model, given.calls[0]
    before = n_parameters(model)
    gone: list[str] = []
    for _ in range(given.blocks):
        least = _least_needed(model, blocks_of(model, call), call=call)
        if least is None:
            break
        gone.append(least.name)
        _put(model, gone[-1], nn.Identity())
    if not gone:
        raise Unsupported(
            f"{given.subject.name} has no block whose outputs have the shape of its inputs"
        )
    computes_as_before(model.eval(), call)
    without, keep = f"without {', '.join(gone)}", given.keep * before / n_parameters(model)
    if keep >= 1:
        return Changed(model=model, left=f"the rest, {without}")
    try:
        pruned = prune_channels(replace(given, model=copy.deepcopy(model), keep=keep))
    except Unsupported as error:  # the copy may be half pruned
        return Changed(model=model, left=f"the channels, {without}, since {error}")
    return replace(pruned, left=f"{pruned.left}; {without}" if pruned.left else without)


def blocks_of(model: nn.Module, call: Call) -> list[Block]:
    """Return the parts that could be taken out, in the order of the network.

    They are called once, with one tensor, return one of its shape, have weights, do a fair share of
    the work, and make no outputs.
    """
    kept = set(output_modules(model, call))
    seen: dict[str, list[tuple[Any, Any]]] = {}
    work: dict[str, float] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(
            layer: nn.Module, args: tuple[Any, ...], named: dict[str, Any], outputs: Any
        ) -> None:
            seen.setdefault(name, []).append(((*args, *named), outputs))
            if has_weights(layer):
                work[name] = work.get(name, 0.0) + multiplications(layer, outputs)

        return hook

    named = [(name, module) for name, module in model.named_modules() if name]
    handles = [module.register_forward_hook(note(name), with_kwargs=True) for name, module in named]
    try:
        with torch.no_grad():
            model(*call.inputs)
    finally:
        for handle in handles:
            handle.remove()
    total = sum(work.values())
    found = []
    for name, module in named:
        inside = sum(done for layer, done in work.items() if f"{layer}.".startswith(f"{name}."))
        share = inside / total if total else 0.0
        if LEAST <= share <= MOST and not kept & set(module.modules()) and _same(seen.get(name)):
            found.append(Block(name=name, share=share))
    return found


def _same(calls: list[tuple[Any, Any]] | None) -> bool:
    """Return whether there was one call, with one tensor, for one of its shape."""
    if calls is None or len(calls) != 1:
        return False
    args, outputs = calls[0]
    is_tensors = len(args) == 1 and isinstance(args[0], Tensor) and isinstance(outputs, Tensor)
    return is_tensors and args[0].shape == outputs.shape


def multiplications(layer: Any, outputs: Tensor) -> float:
    """Return how many multiplications a linear layer or convolution takes for its outputs.

    Example:
        >>> layer = nn.Conv2d(4, 8, 3, padding=1)
        >>> multiplications(layer, layer(torch.zeros(1, 4, 5, 5)))
        7200.0
    """
    return float(layer.weight.numel() * (outputs.numel() // width_of(layer)))


def _least_needed(model: nn.Module, blocks: list[Block], *, call: Call) -> Block | None:
    """Return the block whose loss changes the outputs least for the work that it saves.

    None if there is none that the network computes without.
    """

    def damage(block: Block) -> float:
        try:
            with _without(model, block.name), torch.no_grad():
                outputs = torch.utils._pytree.tree_leaves(model(*call.inputs))
        except Exception:  # noqa: BLE001  whatever the model does that needs the block
            return math.inf
        apart = [
            float((now - then).float().square().mean())
            for now, then in zip(outputs, _leaves(call), strict=True)
        ]
        return sum(apart) / block.share

    damages = [damage(block) for block in blocks]
    least = min(damages, default=math.inf)
    return blocks[damages.index(least)] if math.isfinite(least) else None


def _leaves(call: Call) -> list[Tensor]:
    return list(torch.utils._pytree.tree_leaves(call.outputs))


@contextmanager
def _without(model: nn.Module, name: str) -> Iterator[None]:
    module = model.get_submodule(name)
    _put(model, name, nn.Identity())
    try:
        yield
    finally:
        _put(model, name, module)


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    owner, _, last = name.rpartition(".")
    setattr(model.get_submodule(owner), last, module)
