"""What does a multilayer perceptron compute?

Each hidden layer is linear - normalisation - activation - dropout, and a linear layer follows the
last. Residual connections lead around every linear layer between two hidden layers, from before the
normalisation in front of it: the sum they run along has no activation on it ("pre-activation"). A
network with a single hidden layer has nothing to lead around, and is the same with and without.

Shapes:
    x: (B, ...) float32
    returns: (B, K) float32
    B batch, F numbers in one example, W width of the hidden layers, K outputs

References:
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016 (pre-activation).
    Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021 (such
    networks as strong baselines on tables).
    Srivastava et al., "Dropout", JMLR 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from raysearch.models.supervised.layers import (
    activation,
    initialize,
    shrink_branches,
    vector_norm,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MLPDesign:
    """An architecture; the same names and meanings as in the constructor of `MLP`."""

    input_shape: list[int]
    n_outputs: int
    depth: int
    width: int
    connections: str
    normalization: str
    activation: str
    dropout: float


class Nonlinearity(nn.Sequential):
    """Normalisation - activation - dropout: (B, W) to (B, W)."""

    def __init__(self, design: MLPDesign) -> None:
        super().__init__(
            vector_norm(design.normalization, design.width),
            activation(design.activation),
            nn.Dropout(design.dropout),
        )


class Residual(nn.Module):
    """A branch with a shortcut around it: (B, W) to (B, W)."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        """Return the branch's output added to its input."""
        return cast(Tensor, x + self.branch(x))


class MLPNetwork(nn.Module):
    """A multilayer perceptron from examples of any shape to K outputs."""

    def __init__(self, design: MLPDesign) -> None:
        super().__init__()
        self.input = _linear(math.prod(design.input_shape), design=design)
        between = [
            nn.Sequential(Nonlinearity(design), _linear(design.width, design=design))
            for _ in range(design.depth - 1)
        ]
        is_residual = design.connections == "residual"
        self.hidden = nn.Sequential(*(map(Residual, between) if is_residual else between))
        self.last = Nonlinearity(design)
        self.output = nn.Linear(design.width, design.n_outputs)
        initialize(self, output=self.output)
        if is_residual:
            shrink_branches(between)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (B, K) for a batch (B, ...)."""
        # (B, ...) -> (B, F)
        x = x.flatten(1)
        # (B, F) -> (B, W)
        x = self.last(self.hidden(self.input(x)))
        # (B, W) -> (B, K)
        return cast(Tensor, self.output(x))


def _linear(n_inputs: int, *, design: MLPDesign) -> nn.Linear:
    """Return a layer (B, `n_inputs`) to (B, W); a normalisation brings a shift of its own."""
    return nn.Linear(n_inputs, design.width, bias=design.normalization == "none")
