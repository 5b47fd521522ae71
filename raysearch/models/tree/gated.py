"""What does a node make of its children's states with a hidden layer between?

The gated recursive cell of Ordered Memory: gates and candidate are read off a hidden layer, so that
one composition computes any function of its children and not only sums under a logistic function;
what the gates let through is normalised. With x a node's input, h its children's states, k a child,
s the logistic function and a the activation:

    N-ary       c, u, f_1, ..., f_N = V a(W x + sum_l U_l h_l)
    child-sum   c, u = V a(W x + U sum_l h_l);  f_k = V' a(W x + U h_k)
    both        h = LN(s(c) u + sum_k s(f_k) h_k)

The published cell has two children and no input; a node's own symbol is the first of its children
where trees are folded. Here child-sum is to N-ary as Tai et al. have it for the LSTM. Dropout is
that of `Candidate`, of u, where the published cell has it before each of its linear maps.

Shapes:
    p: (M, R D) what a layer's linear map made of the inputs of M nodes
    states: (M, D)
    D width, R D size of the hidden layer

References:
    Shen et al., "Ordered Memory", NeurIPS 2019 (the gated recursive cell).
    Chowdhury and Caragea, "Modeling Hierarchical Structures with Continuous Recursive Neural
    Networks", ICML 2021 (the same cell on ListOps).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from raysearch.models.shared.layers import activation, vector_norm
from raysearch.models.tree.cell import CellDesign
from raysearch.models.tree.levels import Children


class _Gated(nn.Module):
    """What both kinds share: the hidden layer and what is read off it."""

    n_states = 1

    def __init__(self, design: CellDesign, *, n_places: int, n_read: int) -> None:
        super().__init__()
        self.n_gates = design.hidden_ratio
        self.width = design.width
        n_hidden = design.hidden_ratio * design.width
        self.places = nn.Linear(n_places * design.width, n_hidden, bias=False)
        self.hidden_norm = vector_norm(design.normalization, n_hidden)
        self.activation = activation(design.activation)
        self.read = nn.Linear(n_hidden, n_read * design.width)
        self.dropout = nn.Dropout(design.dropout)
        self.norm = nn.LayerNorm(design.width)

    def hidden(self, p: Tensor) -> Tensor:
        """Return the hidden layer (M, R D) for the sums of what it reads."""
        return cast(Tensor, self.activation(self.hidden_norm(p)))

    def added(self, read: Tensor) -> Tensor:
        """Return what is new in a state, (M, D), of c and u side by side, (M, 2 D)."""
        c, u = read.chunk(2, dim=1)
        return cast(Tensor, c.sigmoid() * self.dropout(u))


class NaryGated(_Gated):
    """The cell of Shen et al. with N places and an input."""

    def __init__(self, design: CellDesign) -> None:
        super().__init__(design, n_places=design.arity, n_read=2 + design.arity)
        self.arity = design.arity

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D): nothing is kept."""
        return cast(Tensor, self.norm(self.added(self.read(self.hidden(p))[:, : 2 * self.width])))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, R D)."""
        # (C, D) -> (M, N, D)
        h = children.placed(children.states, n_places=self.arity)
        # (M, N D) -> (M, R D) -> (M, (2 + N) D)
        read = self.read(self.hidden(p + self.places(h.flatten(1))))
        # (M, N D) -> (M, N, D) -> (M, D)
        kept = read[:, 2 * self.width :].sigmoid().unflatten(1, (self.arity, self.width)) * h
        return cast(Tensor, self.norm(self.added(read[:, : 2 * self.width]) + kept.sum(1)))


class ChildSumGated(_Gated):
    """The same for children in no order."""

    def __init__(self, design: CellDesign) -> None:
        super().__init__(design, n_places=1, n_read=2)
        self.keep = nn.Linear(design.hidden_ratio * design.width, design.width)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D): nothing is kept."""
        return cast(Tensor, self.norm(self.added(self.read(self.hidden(p)))))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, R D)."""
        # (C, D) -> (C, R D) -> (M, R D)
        q = self.places(children.states)
        read = self.read(self.hidden(p + children.summed(q)))
        # (M, R D) -> (C, R D) -> (C, D) -> (M, D)
        f = self.keep(self.hidden(p.index_select(0, children.parents) + q)).sigmoid()
        kept = children.summed(f * children.states)
        return cast(Tensor, self.norm(self.added(read) + kept))
