"""How do the slots of an optimiser follow weights into a network of another shape?

Moments go where their weights go. An output that has copies shares its gradient among them, so
first moments are divided by the number of copies and second ones by its square. What is new begins
with a first moment of zero; inside a tensor that is old in part, whose steps are counted already,
its second moment begins at the mean of the others', since one of zero would let its first steps be
many times too long. Tensors that are all new count their steps from zero.

The slots of a checkpoint have numbers for names; which weight has which number follows from how
`raysearch.models.shared.optimizers` makes its groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from raysearch.models.shared.growing.transfer import Source
from raysearch.models.shared.optimizers import parameter_groups

if TYPE_CHECKING:
    from raysearch.models.shared.module import FamilyModule

_SECOND = ("exp_avg_sq", "max_exp_avg_sq")
"""Slots of squared gradients."""

_FIRST_STEP = {"mu_product": 1.0}
"""What slots of one number begin with, where that is not 0."""


def widened_states(
    states: list[dict[str, Any]],
    *,
    old: FamilyModule,
    new: FamilyModule,
    sources: Mapping[str, Source],
) -> list[dict[str, Any]]:
    """Return the state of the old optimiser as one of the new one's.

    Args:
        states: The "optimizer_states" of a checkpoint.
        old: The module that it is of.
        new: The module that goes on, whose optimiser has another layout.
        sources: Where the new module's tensors come from.

    Returns:
        In the form of "optimizer_states", with the numbers of the old groups (learning rate and so
        on); empty if the optimiser is another one, or not laid out as the families do it.
    """
    if old.settings.optimizer != new.settings.optimizer or len(states) != 1:
        return []
    before, (state,) = _layout(old), states
    after = _layout(new)
    groups = state["param_groups"]
    if [len(group["params"]) for group in groups] != [len(names) for names in before]:
        return []
    numbers = [number for group in groups for number in group["params"]]
    slots = dict(zip((n for names in before for n in names), numbers, strict=True))
    known = {name: state["state"][number] for name, number in slots.items()
             if number in state["state"]}  # fmt: skip
    weights = dict(new.named_parameters())
    old_weights = dict(old.named_parameters())
    if len(after) != len(before) or not _fit(known, old_weights):
        return []
    names = [name for group in after for name in group]
    found = {
        number: _slots(weights[name], sources.get(name), known=known, weights=old_weights)
        for number, name in enumerate(names)
        if known
    }
    laid, first = [], 0
    for group, members in zip(groups, after, strict=True):
        laid.append({**group, "params": list(range(first, first + len(members)))})
        first += len(members)
    return [{"state": found, "param_groups": laid}]


def _layout(module: FamilyModule) -> list[list[str]]:
    """Return the names of the weights in each group of a module's optimiser."""
    names = {weight: name for name, weight in module.named_parameters()}
    groups = parameter_groups(module.network, weight_decay=module.settings.weight_decay)
    return [[names[weight] for weight in group["params"]] for group in groups]


def _fit(known: Mapping[str, Mapping[str, Any]], weights: Mapping[str, nn.Parameter]) -> bool:
    """Return whether each slot is one number, or has the shape of its weight."""
    return all(
        not isinstance(value, Tensor) or value.ndim == 0 or value.shape == weights[name].shape
        for name, slots in known.items()
        for value in slots.values()
    )


def _slots(
    weight: nn.Parameter,
    source: Source | None,
    *,
    known: Mapping[str, Mapping[str, Any]],
    weights: Mapping[str, nn.Parameter],
) -> dict[str, Any]:
    """Return the slots of one weight of the new network."""
    if source is None or source.name not in known:
        example = next(iter(known))
        return {
            key: _begun(key, value, weight=weight, of=weights[example])
            for key, value in known[example].items()
        }
    return {
        key: _moved(key, value, source) if _is_slot(value, weights[source.name]) else _copy(value)
        for key, value in known[source.name].items()
    }


def _is_slot(value: Any, weight: Tensor) -> bool:
    return isinstance(value, Tensor) and value.shape == weight.shape


def _moved(key: str, values: Tensor, source: Source) -> Tensor:
    moved, there = source.of(values)
    copies = source.copies.to(moved).view(-1, *[1] * (moved.ndim - 1))
    if key in _SECOND:
        moved = moved / copies**2
        rest = moved[there].mean() if bool(there.any()) else torch.zeros(())
    else:
        moved, rest = moved / copies, torch.zeros(())
    return torch.where(there, moved, rest.to(moved))


def _begun(key: str, value: Any, *, weight: nn.Parameter, of: Tensor) -> Any:
    """Return what a slot begins with, as another weight's looks."""
    if _is_slot(value, of):
        return torch.zeros_like(weight, requires_grad=False)
    if value is None:
        return None
    first = _FIRST_STEP.get(key, 0.0)
    return torch.full_like(value, first) if isinstance(value, Tensor) else type(value)(first)


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
