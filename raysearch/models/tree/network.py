"""What does a tree-recursive network compute?

Each node's state follows from its own input and the states of its children, up to the root, whose
state a linear layer turns into the outputs. Several layers lie on top of each other: what a node
has as its state in one is its input in the next (Irsoy and Cardie 2014). With `composition` "fold"
a node takes in its children one after the other, by a binary cell; see `levels.folded`. With
`closing` it then takes in a symbol that says so, and can turn what it has gathered into what its
parent needs.

Of series, the steps are the leaves of a balanced binary tree, whose other nodes have no input.

Nothing is evaluated node by node: see `levels`. What inputs contribute to the gates is computed
first, of trees once for each symbol rather than for each node where the vocabulary is smaller than
the batch.

Shapes:
    x: (B, 2, N) int64 symbols and parents, or (B, C, T) float32 series
    lengths: (B,) int64
    returns: (B, K) float32
    B batch, N nodes and T steps of the largest example, C channels, E size of the inputs of a
    node, D width, S parts of a state, M nodes of all trees, K outputs

References:
    Tai, Socher and Manning, "Improved Semantic Representations From Tree-Structured Long
    Short-Term Memory Networks", ACL 2015.
    Irsoy and Cardie, "Deep Recursive Neural Networks for Compositionality in Language", NIPS 2014.
    Bowman et al., "A Fast Unified Model for Parsing and Sentence Understanding", ACL 2016 (why
    trees in batches are worth the trouble).
    Looks et al., "Deep Learning with Dynamic Computation Graphs", ICLR 2017 (batches by level).
    Jozefowicz, Zaremba and Sutskever, "An Empirical Exploration of Recurrent Network
    Architectures", ICML 2015 (forget gates start open).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.shared.masking import within
from raysearch.models.tree.cell import Cell, CellDesign
from raysearch.models.tree.cells import CHILD_SUM, N_ARY
from raysearch.models.tree.levels import (
    Children,
    Forest,
    Schedule,
    balanced,
    closed,
    folded,
    forest_of,
    schedule,
)

_BINARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDesign:
    """An architecture; the same names and meanings as in the constructor of `Tree`."""

    input_shape: list[int]
    n_outputs: int
    form: str
    vocabulary: int
    embedding_size: int
    cell: str
    hidden_ratio: int
    composition: str
    closing: bool
    arity: int
    leaf: str
    depth: int
    width: int
    connections: str
    normalization: str
    activation: str
    dropout: float


class Layer(nn.Module):
    """A state for every node of a batch of trees, from its input and its children."""

    def __init__(self, n_inputs: int, *, design: TreeDesign) -> None:
        super().__init__()
        settings = CellDesign(
            width=design.width,
            arity=_BINARY if design.composition == "fold" else design.arity,
            activation=design.activation,
            normalization=design.normalization,
            dropout=design.dropout,
            hidden_ratio=design.hidden_ratio,
        )
        cells = CHILD_SUM if design.composition == "child_sum" else N_ARY
        self.cell = cells[design.cell](settings)
        self.input = nn.Linear(n_inputs, self._cell.n_gates * design.width)
        self.leaf: nn.Linear | None = None
        if design.leaf == "own":
            self.leaf = nn.Linear(n_inputs, self._cell.n_states * design.width)

    def forward(self, x: Tensor, rows: Tensor, plan: Schedule) -> list[Tensor]:
        """Return the states of each level, (M_level, S D).

        Args:
            x: (R, E) inputs.
            rows: (M,) which of them each node reads, in the order of the schedule.
            plan: The schedule.
        """
        # (R, E) -> (R, G D) -> (M_inner, G D), cut into levels
        projected = self.input(x)
        inner = torch.split(projected.index_select(0, rows[plan.inner]), plan.n_inner)
        # (R, E) -> (M_leaves, S D), cut into levels
        leaves = torch.split(self._leaves(x, projected, rows[plan.leaves]), plan.n_leaves)
        states, first = [leaves[0]], 0
        for p, beside in zip(inner[1:], leaves[1:], strict=True):
            below = states[-1]
            place = slice(first, first + len(below))
            children = Children(
                states=below,
                parents=plan.parents[place],
                slots=plan.slots[place],
                n_parents=len(p),
            )
            states.append(torch.cat([self._cell(p, children), beside]))
            first += len(below)
        return states

    @property
    def _cell(self) -> Cell:
        return cast(Cell, self.cell)

    def _leaves(self, x: Tensor, projected: Tensor, rows: Tensor) -> Tensor:
        """Return the states of leaves, (M_leaves, S D), once for each row where those are fewer.

        Leaves that read the same row then share what dropout leaves of it.
        """
        are_few = len(x) <= len(rows)
        given = projected if self.leaf is None else x
        states = self._leaf_states(given if are_few else given.index_select(0, rows))
        return states.index_select(0, rows) if are_few else states

    def _leaf_states(self, given: Tensor) -> Tensor:
        """Return the cell's own states without children, or those of Tai's leaf module."""
        if self.leaf is None:
            return self._cell.leaf(given)
        own = self.leaf(given)
        if self._cell.n_states == 1:
            return cast(Tensor, own.tanh())
        o, c = own.chunk(2, dim=1)
        return torch.cat([o.sigmoid() * c.tanh(), c], dim=1)


class TreeNetwork(nn.Module):
    """A network over trees, or over balanced trees of the steps of series."""

    def __init__(self, design: TreeDesign) -> None:
        super().__init__()
        self.design = design
        self.has_symbols = design.form == "tree"
        n_inputs = design.input_shape[0]
        if self.has_symbols:
            n_inputs = design.embedding_size
            self.embedding = nn.Embedding(design.vocabulary, n_inputs)
        self.closing: nn.Embedding | None = None
        if design.closing and design.composition == "fold":
            self.closing = nn.Embedding(1, n_inputs)
        sizes = [n_inputs] + [design.width] * (design.depth - 1)
        self.layers = nn.ModuleList(Layer(size, design=design) for size in sizes)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(design.width, design.n_outputs)
        _initialize(self)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs (B, K) for a batch; without lengths, examples have none of padding."""
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[2], device=x.device)
        inputs, rows, plan = (
            self._trees(x, lengths) if self.has_symbols else self._series(x, lengths)
        )
        width = self.design.width
        is_residual = self.design.connections == "residual"
        below = None  # what leads around a layer, (M, D)
        for layer in self.layers:
            # (R, E) -> (M_level, S D) each, -> (M, D) in the order of the schedule
            levels = layer(inputs, rows, plan)
            inputs = torch.cat(levels)[:, :width]
            if is_residual and below is not None:
                inputs = inputs + below
            below, rows = inputs, torch.arange(len(inputs), device=x.device)
        # (M, D) -> (B, D), the roots being in the last level, -> (B, K)
        top = inputs[-len(levels[-1]) :].index_select(0, plan.roots)
        return cast(Tensor, self.output(self.dropout(top)))

    def _trees(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Schedule]:
        """Return inputs, which of them each node reads, and the schedule."""
        forest = forest_of(x[:, 1], lengths)
        symbols = x[:, 0][within(lengths, x.shape[2])]
        if self.design.vocabulary <= len(symbols):
            inputs, forest = self.embedding.weight, replace(forest, rows=symbols)
        else:
            inputs = self.embedding(symbols)
        return self._planned(forest, inputs)

    def _series(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Schedule]:
        """Return the same for series."""
        # (B, C, T) -> (B T, C)
        inputs = x.transpose(1, 2).flatten(0, 1)
        return self._planned(balanced(lengths, n_steps=x.shape[2]), inputs)

    def _planned(self, forest: Forest, inputs: Tensor) -> tuple[Tensor, Tensor, Schedule]:
        """Return the inputs, of zeros and of closing too, which each node reads, and the plan."""
        empty = len(inputs)
        # (R, E) -> (R + 1, E), and one row more for the closing symbol
        inputs = F.pad(inputs, (0, 0, 0, 1))
        if self.closing is not None:
            inputs = torch.cat([inputs, self.closing.weight])
            forest = closed(forest, closing=empty + 1)
        if self.design.composition == "fold":
            forest = folded(forest, empty=empty)
        plan = schedule(forest)
        return inputs, forest.rows[plan.order], plan


def _initialize(network: TreeNetwork) -> None:
    """Start weights with the variance 1 / inputs, biases at zero, those of forget gates at one.

    Embeddings start with the variance one.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=1 / math.sqrt(module.in_features))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if network.design.cell == "lstm":
        for layer in network.layers:
            # a plain change of data: initialisation is no step of training
            cast(Layer, layer).input.bias.data[-network.design.width :] = 1.0
