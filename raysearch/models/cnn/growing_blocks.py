"""How does a block of convolutions take over the weights of another one, or hand on its input?

A block that is added to a chain gives what it is given: with a shortcut around it, its branch is
silent at first; without one its convolutions hand on each channel. Both want an activation behind
them that changes nothing of what an activation gave, which of all is ReLU alone; a block without an
activation at its end, in a chain of ReLUs, hands on x as relu(x) - relu(-x).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from raysearch.models.cnn.blocks import Convolution, Dense, Shortcut
from raysearch.models.cnn.design import CNNDesign
from raysearch.models.shared.growing.identities import carry, hand_on, silence
from raysearch.models.shared.growing.spreads import (
    Spread,
    kept,
    widened,
    widened_in_groups,
)
from raysearch.models.shared.growing.transfer import Linear, Transfer


class Blocks:
    """Fills blocks of one network out of those of another one.

    Args:
        old: How the network was built that was trained.
        new: How the other one was.
        transfer: Fills the layers.
    """

    def __init__(self, old: CNNDesign, new: CNNDesign, transfer: Transfer) -> None:
        self.old, self.new, self.transfer = old, new, transfer
        self._spreads: dict[tuple[int, int], Spread] = {}

    def spread(self, n_old: int, n_new: int) -> Spread:
        """Return where channels are; the same for the same numbers, as shortcuts need it."""
        if (n_old, n_new) not in self._spreads:
            self._spreads[n_old, n_new] = self._drawn(n_old, n_new)
        return self._spreads[n_old, n_new]

    def _drawn(self, n_old: int, n_new: int) -> Spread:
        if self.new.normalization != "group":
            return widened(n_old, n_new)
        groups = math.gcd(8, n_old), math.gcd(8, n_new)
        return widened_in_groups(n_old, n_new, old_groups=groups[0], new_groups=groups[1])

    def widened(self, old: Convolution, new: Convolution) -> Spread:
        """Return where the channels are that a convolution gives."""
        return self.spread(channels_of(old), channels_of(new))

    def convolution(
        self, old: Convolution, new: Convolution, *, inputs: Spread, outputs: Spread
    ) -> None:
        """Fill a convolution over all channels with the normalisation behind it."""
        self.transfer.linear(layer_of(old), layer_of(new), inputs=inputs, outputs=outputs)
        self.transfer.norm(old[1], new[1], channels=outputs)

    def depthwise(self, old: Convolution, new: Convolution, *, channels: Spread) -> None:
        """Fill a convolution of each channel on its own with the normalisation behind it."""
        self.transfer.depthwise(layer_of(old), layer_of(new), channels=channels)
        self.transfer.norm(old[1], new[1], channels=channels)

    def block(self, old: nn.Module, new: nn.Module, *, inputs: Spread, outputs: Spread) -> None:
        """Fill a block that both networks have."""
        self._shortcut(old, new, inputs=inputs, outputs=outputs)
        if self.old.block != self.new.block:
            self.transfer.differs(f"block is {self.new.block} instead of {self.old.block}")
            return
        pairs = list(zip(_convolutions(old), _convolutions(new), strict=True))
        kind = self.new.block
        if kind in ("plain", "basic"):
            for one, other in pairs:
                self.convolution(one, other, inputs=inputs, outputs=outputs)
                inputs = outputs
            return
        if kind == "inverted_bottleneck":
            (wide, new_wide), *pairs = pairs
            between = self.widened(wide, new_wide)
            self.convolution(wide, new_wide, inputs=inputs, outputs=between)
            inputs = between
        (each, new_each), (across, new_across) = pairs
        self.depthwise(each, new_each, channels=inputs)
        self.convolution(across, new_across, inputs=inputs, outputs=outputs)

    def _shortcut(self, old: nn.Module, new: nn.Module, *, inputs: Spread, outputs: Spread) -> None:
        if not isinstance(old, Shortcut) or not isinstance(new, Shortcut):
            return  # one of the networks has none, which is said for all blocks together
        before, after = old.shortcut, new.shortcut
        if isinstance(after, Convolution):
            if isinstance(before, Convolution):
                self.convolution(before, after, inputs=inputs, outputs=outputs)
            else:
                self.hand_on(after, inputs=inputs, outputs=outputs)
        elif isinstance(before, Convolution):
            self.transfer.differs("a convolution in a shortcut is left out")
        elif not inputs.is_like(outputs):
            self.transfer.differs("a shortcut leads to other channels")

    def added(self, block: nn.Module, *, inputs: Spread, outputs: Spread) -> None:
        """Let a block hand on what it is given, in a chain that is as long as another one."""
        is_exact = self.new.activation == "relu"
        if isinstance(block, Shortcut):
            last = _convolutions(block)[-1]
            silence(layer_of(last), last[1])
            is_exact |= isinstance(block.activation, nn.Identity)
            if isinstance(block.shortcut, Convolution):
                self.hand_on(block.shortcut, inputs=inputs, outputs=outputs)
            else:
                is_exact &= inputs.is_like(outputs)
        elif self.new.block == "inverted_bottleneck":
            is_exact &= self._hand_on_signed(block, inputs=inputs, outputs=outputs)
        else:
            for convolution in _convolutions(block):
                target = outputs
                if self.new.block == "depthwise_separable" and _is_first(convolution, block):
                    target = inputs
                self.hand_on(convolution, inputs=inputs, outputs=target)
                inputs = target
        if not is_exact:
            self.transfer.differs(
                f"a block is added, and {self.new.block} blocks with {self.new.connections} "
                f"connections and {self.new.activation} cannot hand on what they are given"
            )

    def hand_on(self, convolution: Convolution, *, inputs: Spread, outputs: Spread) -> None:
        """Let a convolution with its normalisation hand on what it is given."""
        carry(layer_of(convolution), inputs=inputs, outputs=outputs)
        if not hand_on(convolution[1]):
            self.transfer.differs("a convolution is added with a normalisation over channels")

    @torch.no_grad()
    def _hand_on_signed(self, block: nn.Module, *, inputs: Spread, outputs: Spread) -> bool:
        """Let an inverted bottleneck hand on x as relu(x) - relu(-x); return whether it can."""
        if self.new.expansion < 2:
            return False
        wide, each, across = _convolutions(block)
        n = inputs.n_new
        first, last = layer_of(wide), layer_of(across)
        carry(layer_of(each), inputs=kept(channels_of(wide)), outputs=kept(channels_of(wide)))
        eye = torch.eye(n).view(n, n, *[1] * (first.weight.ndim - 2))
        first.weight[: 2 * n] = torch.cat([eye, -eye]).to(first.weight)
        if first.bias is not None:
            first.bias[: 2 * n] = 0.0
        held = Spread(
            torch.cat([inputs.origin, torch.full((channels_of(wide) - n,), -1)]),
            n_old=inputs.n_old,
        )
        carry(last, inputs=held, outputs=outputs)
        old = outputs.is_old
        last.weight[old, n : 2 * n] = -last.weight[old, :n]
        return all([hand_on(wide[1]), hand_on(each[1]), hand_on(across[1])])


def layer_of(convolution: Convolution) -> Linear:
    """Return the convolution without its normalisation."""
    layer = convolution[0]
    if not isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        raise TypeError(f"{type(layer).__name__} is no convolution")
    return layer


def channels_of(part: nn.Module) -> int:
    """Return how many channels a convolution, or the last one of a block, gives."""
    last = part if isinstance(part, Convolution) else _convolutions(part)[-1]
    n_channels: int = layer_of(last).weight.shape[0]
    return n_channels


def block_in(part: nn.Module) -> nn.Module:
    """Return the block whose output is put behind its input."""
    if not isinstance(part, Dense):
        raise TypeError(f"{type(part).__name__} is no dense block")
    return part.block


def _convolutions(block: nn.Module) -> list[Convolution]:
    """Return the convolutions of a block's branch, in order."""
    branch = block.get_submodule("branch")
    return [module for module in branch.modules() if isinstance(module, Convolution)]


def _is_first(convolution: Convolution, block: nn.Module) -> bool:
    return convolution is _convolutions(block)[0]
