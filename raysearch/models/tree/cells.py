"""Which cells can a network have, and what do those of Tree-LSTM, Tree-GRU and plain recursion do?

Six cells are here and two in `gated`: four kinds, each for children in no order (child-sum) and
for children with places (N-ary). With x a node's input, h and c its children's states, k a child, s
the logistic function and a the candidate's activation, each W with a bias:

    LSTM, child-sum   H = sum_k h_k;  i, o = s(W x + U H);  u = a(W x + U H)
                      f_k = s(W x + U h_k);  c = i u + sum_k f_k c_k;  h = o tanh(c)
    LSTM, N-ary       the same, each gate of W x + sum_l U_l h_l, f_k with matrices of its own
    GRU, child-sum    z = s(W x + U H);  r_k = s(W x + U h_k)
                      u = a(W x + U sum_k r_k h_k);  h = z H + (1 - z) u
    GRU, N-ary        r_k = s(W x + sum_l U_kl h_l);  u = a(W x + sum_k U_k r_k h_k)
                      h = w_0 u + sum_k w_k h_k, w the softmax over the children there are and u
                      of W x + sum_l U_l h_l
    recursive         h = a(W x + U H), or a(W x + sum_k U_k h_k)
    gated             see `gated`

N-ary cells have N places. A child beyond the last one goes into the last place, where states add
up, so that a node may have any number of children. A place without child holds zeros.

Shapes:
    p: (M, G D) what a layer's linear map made of the inputs of M nodes, for the G gates
    states: (M, S D), h first; S is 2 for LSTM, h and c, else 1
    D width

References:
    Tai, Socher and Manning, "Improved Semantic Representations From Tree-Structured Long
    Short-Term Memory Networks", ACL 2015 (both LSTM cells).
    Zhou, Liu and Pan, "Modelling Sentence Pairs with Tree-structured Attentive Encoder", COLING
    2016 (child-sum GRU).
    Cho et al., "On the Properties of Neural Machine Translation: Encoder-Decoder Approaches", SSST
    2014, section 2.2 (the N-ary GRU's softmax over the children and what is new).
    Socher et al., "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank",
    EMNLP 2013, section 4.1 (recursive).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.models.tree.cell import Candidate, CellDesign
from raysearch.models.tree.gated import ChildSumGated, NaryGated
from raysearch.models.tree.levels import Children


def _output(c: Tensor, o: Tensor) -> Tensor:
    """Return the states (M, 2 D) of an LSTM for cells and output gates before their logistic."""
    return torch.cat([o.sigmoid() * c.tanh(), c], dim=1)


class ChildSumLSTM(nn.Module):
    """Tai et al., equations 2 to 8. Gates: i, o, u, f."""

    n_gates, n_states = 4, 2

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        width = design.width
        self.sums = nn.Linear(width, 3 * width, bias=False)
        self.forget = nn.Linear(width, width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, 2 D): there is nothing to forget."""
        i, o, u, _ = p.chunk(4, dim=1)
        return _output(i.sigmoid() * self.candidate(u), o)

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, 2 D) for inputs (M, 4 D)."""
        width = p.shape[1] // 4
        # (C, 2 D) -> (C, D) twice
        h, c = children.states.chunk(2, dim=1)
        # (C, D) -> (M, D) -> (M, 3 D)
        i, o, u = (p[:, : 3 * width] + self.sums(children.summed(h))).chunk(3, dim=1)
        # (M, D) -> (C, D)
        f = (p[:, 3 * width :].index_select(0, children.parents) + self.forget(h)).sigmoid()
        # (C, D) -> (M, D)
        return _output(i.sigmoid() * self.candidate(u) + children.summed(f * c), o)


class NaryLSTM(nn.Module):
    """Tai et al., equations 9 to 14. Gates: i, o, u, and f, to which each place adds its own."""

    n_gates, n_states = 4, 2

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        self.arity, width = design.arity, design.width
        self.places = nn.Linear(self.arity * width, (3 + self.arity) * width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, 2 D): there is nothing to forget."""
        i, o, u, _ = p.chunk(4, dim=1)
        return _output(i.sigmoid() * self.candidate(u), o)

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, 2 D) for inputs (M, 4 D)."""
        width = p.shape[1] // 4
        # (C, 2 D) -> (M, N, D) twice
        h, c = children.placed(children.states, n_places=self.arity).chunk(2, dim=2)
        # (M, N D) -> (M, (3 + N) D)
        gates = self.places(h.flatten(1))
        i, o, u = (p[:, : 3 * width] + gates[:, : 3 * width]).chunk(3, dim=1)
        f = (p[:, None, 3 * width :] + gates[:, 3 * width :].unflatten(1, (-1, width))).sigmoid()
        # (M, N, D) -> (M, D)
        return _output(i.sigmoid() * self.candidate(u) + (f * c).sum(1), o)


class ChildSumGRU(nn.Module):
    """Zhou et al., equations 7 to 11. Gates: z, u, r."""

    n_gates, n_states = 3, 1

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        width = design.width
        self.sums = nn.Linear(width, width, bias=False)
        self.reset = nn.Linear(width, width, bias=False)
        self.new = nn.Linear(width, width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D): the sum of no children is zero."""
        z, u, _ = p.chunk(3, dim=1)
        return cast(Tensor, (1 - z.sigmoid()) * self.candidate(u))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, 3 D)."""
        h = children.states
        z, u, r = p.chunk(3, dim=1)
        # (C, D) -> (M, D)
        total = children.summed(h)
        z = (z + self.sums(total)).sigmoid()
        # (M, D) -> (C, D)
        r = (r.index_select(0, children.parents) + self.reset(h)).sigmoid()
        # (C, D) -> (M, D)
        u = self.candidate(u + self.new(children.summed(r * h)))
        # not torch.lerp: under autocast the three may be of several types
        return cast(Tensor, u + z * (total - u))


class NaryGRU(nn.Module):
    """A GRU with places; see the module. Gates: z, u, r, to which each place adds its own."""

    n_gates, n_states = 3, 1

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        self.arity, width = design.arity, design.width
        self.places = nn.Linear(self.arity * width, (2 * self.arity + 1) * width, bias=False)
        self.new = nn.Linear(self.arity * width, width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D): without children all of the weight is on what is new."""
        _, u, _ = p.chunk(3, dim=1)
        return cast(Tensor, self.candidate(u))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, 3 D)."""
        n, width = self.arity, p.shape[1] // 3
        z, u, r = p[:, None].chunk(3, dim=2)
        ones = children.states.new_ones(len(children.states), 1)
        # (C, D) -> (M, N, D), (C, 1) -> (M, N, 1)
        h = children.placed(children.states, n_places=n)
        is_absent = children.placed(ones, n_places=n) == 0
        # (M, N D) -> (M, 2 N + 1, D)
        gates = self.places(h.flatten(1)).unflatten(1, (-1, width))
        r = (r + gates[:, :n]).sigmoid()
        # (M, N D) -> (M, D)
        u = self.candidate(u.squeeze(1) + self.new((r * h).flatten(1)))
        # weights of the children there are, and of what is new, (M, N + 1, D)
        kept = gates[:, n : 2 * n].masked_fill(is_absent, -torch.inf)
        w = torch.cat([kept, z + gates[:, 2 * n :]], dim=1).softmax(1)
        return (w * torch.cat([h, u[:, None]], dim=1)).sum(1)


class ChildSumRecursive(nn.Module):
    """A single layer over the input and the sum of the children."""

    n_gates, n_states = 1, 1

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        self.sums = nn.Linear(design.width, design.width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D)."""
        return cast(Tensor, self.candidate(p))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, D)."""
        return cast(Tensor, self.candidate(p + self.sums(children.summed(children.states))))


class NaryRecursive(nn.Module):
    """A single layer over the input and the children side by side."""

    n_gates, n_states = 1, 1

    def __init__(self, design: CellDesign) -> None:
        super().__init__()
        self.arity = design.arity
        self.places = nn.Linear(design.arity * design.width, design.width, bias=False)
        self.candidate = Candidate(design)

    def leaf(self, p: Tensor) -> Tensor:
        """Return (M, D)."""
        return cast(Tensor, self.candidate(p))

    def forward(self, p: Tensor, children: Children) -> Tensor:
        """Return (M, D) for inputs (M, D)."""
        placed = children.placed(children.states, n_places=self.arity)
        return cast(Tensor, self.candidate(p + self.places(placed.flatten(1))))


CHILD_SUM: Mapping[str, type[nn.Module]] = MappingProxyType(
    {
        "gated": ChildSumGated,
        "gru": ChildSumGRU,
        "lstm": ChildSumLSTM,
        "recursive": ChildSumRecursive,
    }
)
"""Name in a configuration -> cell for children in no order."""

N_ARY: Mapping[str, type[nn.Module]] = MappingProxyType(
    {"gated": NaryGated, "gru": NaryGRU, "lstm": NaryLSTM, "recursive": NaryRecursive}
)
"""Name in a configuration -> cell for children with places."""
