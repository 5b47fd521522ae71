"""What is a cell: how does a node's state follow from its own input and its children's states?

Shapes:
    p: (M, G D) what a layer's linear map made of the inputs of M nodes, for the G gates
    states: (M, S D), h first; S is 2 for LSTM, h and c, else 1
    D width

References:
    Semeniuta, Severyn and Barth, "Recurrent Dropout without Memory Loss", COLING 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from torch import Tensor, nn

from raysearch.models.shared.layers import activation
from raysearch.models.tree.levels import Children


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDesign:
    """What the cells of a network have in common."""

    width: int
    """The D of the states."""
    arity: int
    """The N of N-ary cells, at least 1."""
    activation: str
    normalization: str
    dropout: float
    hidden_ratio: int = 4
    """Of gated cells: how many times as large as the state their hidden layer is, at least 1."""


class Cell(Protocol):
    """How states are composed.

    A cell is called once per level with all nodes that have children, and `leaf` once per batch
    with all that have none.
    """

    n_gates: int
    """The G: times the width, this is the size of what a layer's linear map makes of inputs."""
    n_states: int
    """The S."""

    def leaf(self, p: Tensor) -> Tensor:
        """Return the states of nodes without children."""

    def __call__(self, p: Tensor, children: Children) -> Tensor:
        """Return the states of nodes with children."""


class Candidate(nn.Module):
    """What a node would add to its state: normalisation - activation - dropout, (M, D) each.

    Dropout here leaves alone what is carried up from the children, however deep the tree.
    """

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        is_normalized = design.normalization == "layer"
        self.norm = nn.LayerNorm(design.width) if is_normalized else nn.Identity()
        self.activation = activation(design.activation)
        self.dropout = nn.Dropout(design.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return the candidate for its sum of inputs."""
        return cast(Tensor, self.dropout(self.activation(self.norm(x))))
