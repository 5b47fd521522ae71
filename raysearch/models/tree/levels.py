"""In which order can the nodes of many trees be evaluated, all of a level at once?

A level is a depth: the children of the nodes at depth d are exactly the nodes at depth d + 1. So a
whole batch is evaluated from its deepest level up to its roots, in as many steps as there are
levels, and each step needs the states of the level before and nothing else. The schedule follows
from the parents by operations on whole tensors.

Shapes:
    symbols, parents: (B, N) int64, as `DataSpec.form` "tree" has them
    lengths: (B,) int64
    B batch, N nodes of the largest tree, T steps of the longest series, M nodes of all trees; of
    one level, M nodes with children and C children, S parts of a state and D its width
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from raysearch.models.shared.masking import within


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Trees side by side, their nodes numbered through.

    Shapes:
        rows, parents, slots: (M,) int64
        roots: (B,) int64
    """

    rows: Tensor
    """Which row of the inputs each node reads; that behind the last one is of zeros, for nodes
    that have no input."""
    parents: Tensor
    """The parent of each node, -1 for roots."""
    slots: Tensor
    """Which child of its parent each node is, counted from 0; 0 for roots."""
    roots: Tensor
    """The root of each tree."""


def forest_of(parents: Tensor, lengths: Tensor) -> Forest:
    """Return the trees of a batch, without its padding; node i of them all reads row i."""
    n_nodes = parents.shape[1]
    ends = lengths.cumsum(0)
    starts = ends - lengths
    is_node = within(lengths, n_nodes)
    flat = torch.where(parents < 0, -1, parents + starts[:, None])[is_node]
    return Forest(
        rows=torch.arange(len(flat), device=flat.device),
        parents=flat,
        slots=sibling_numbers(flat),
        roots=ends - 1,
    )


def sibling_numbers(parents: Tensor) -> Tensor:
    """Return which child of its parent each node is, (M,), counted from 0; 0 for roots.

    Example:
        >>> sibling_numbers(torch.tensor([2, 2, 4, 4, -1])).tolist()
        [0, 1, 0, 1, 0]
    """
    order = torch.argsort(parents, stable=True)
    groups = parents[order] + 1
    counts = torch.bincount(groups, minlength=len(parents) + 1)
    first = counts.cumsum(0) - counts  # of each group, in this order
    numbers = torch.empty_like(parents)
    numbers[order] = torch.arange(len(parents), device=parents.device) - first[groups]
    return torch.where(parents < 0, 0, numbers)


def folded(forest: Forest, *, empty: int) -> Forest:
    """Return trees in which a node takes in its children one after the other.

    Each node becomes a leaf with its input. Of each child there is one node more, without input,
    which has two children: all that its parent has taken in before, and the child. A tree of n
    nodes so becomes a binary one of 2 n - 1, as "((([MAX 2) 9) 4)" is written with brackets (the
    left-child right-sibling transformation, seen from the last child).

    Args:
        forest: Siblings come in their order.
        empty: The row of zeros.

    Example:
        >>> trees = forest_of(torch.tensor([[2, 2, -1]]), torch.tensor([3]))
        >>> folded(trees, empty=3).parents.tolist()
        [3, 4, 3, 4, -1]
    """
    parents, slots = forest.parents, forest.slots
    nodes = torch.arange(len(parents), device=parents.device)
    is_child = parents >= 0
    children = nodes[is_child]
    # the new node that takes a node in, as its number; -1 for roots, which none does
    takes = torch.where(is_child, len(nodes) - 1 + is_child.cumsum(0), -1)
    # what is taken in, or complete, after a node: its next sibling, or else their parent
    order = torch.argsort(parents, stable=True)
    earlier, later = order[:-1], order[1:]
    are_siblings = (parents[earlier] == parents[later]) & is_child[earlier]
    following = parents.clone()
    following[earlier[are_siblings]] = later[are_siblings]
    is_last = following == parents
    # the first and the last child, or the node itself where it has none
    first, last = nodes.clone(), nodes.clone()
    first[parents[is_child & (slots == 0)]] = nodes[is_child & (slots == 0)]
    last[parents[is_child & is_last]] = nodes[is_child & is_last]
    after = takes[following[children]]
    return Forest(
        rows=torch.cat([forest.rows, torch.full_like(children, empty)]),
        parents=torch.cat([takes[first], after]),
        slots=torch.cat([(first == nodes) & is_child, is_last[children] & (after >= 0)]).long(),
        roots=torch.where(last == nodes, nodes, takes[last])[forest.roots],
    )


def closed(forest: Forest, *, closing: int) -> Forest:
    """Return trees in which each node with children has one child more, a leaf behind them.

    Args:
        forest: Siblings come in their order.
        closing: The row that the new leaves read.

    Example:
        >>> trees = forest_of(torch.tensor([[2, 2, -1]]), torch.tensor([3]))
        >>> closed(trees, closing=7).parents.tolist()
        [2, 2, -1, 2]
    """
    parents = forest.parents
    n_children = torch.bincount(parents + 1, minlength=len(parents) + 1)[1:]
    inner = n_children.nonzero().squeeze(1)
    return Forest(
        rows=torch.cat([forest.rows, torch.full_like(inner, closing)]),
        parents=torch.cat([parents, inner]),
        slots=torch.cat([forest.slots, n_children[inner]]),
        roots=forest.roots,
    )


def balanced(lengths: Tensor, *, n_steps: int) -> Forest:
    """Return a balanced binary tree over the steps of each series.

    The nodes are numbered like a heap: the children of node i are 2 i and 2 i + 1, so that a tree
    over L steps has 2 L - 1 nodes and a depth of log2 L, rounded up. From left to right its leaves
    are the steps; step t of example b is row b * `n_steps` + t.

    Args:
        lengths: (B,) the L of each series, at least 1.
        n_steps: The T of the batch.

    Example:
        >>> forest = balanced(torch.tensor([3]), n_steps=4)
        >>> forest.parents.tolist(), forest.rows.tolist()
        ([-1, 0, 0, 1, 1], [4, 4, 2, 0, 1])
    """
    sizes = 2 * lengths - 1
    starts = sizes.cumsum(0) - sizes
    examples = torch.repeat_interleave(sizes)  # of each node
    size, start = sizes[examples], starts[examples]
    heap = torch.arange(len(examples), device=lengths.device) - start + 1
    # the first place of the deepest level: the largest power of two up to the size
    exponents = torch.frexp(size.double()).exponent.long() - 1
    deepest = torch.ones_like(size) << exponents
    length = lengths[examples]
    steps = torch.where(heap >= deepest, heap - deepest, heap - length + size + 1 - deepest)
    return Forest(
        rows=torch.where(heap >= length, examples * n_steps + steps, len(lengths) * n_steps),
        parents=torch.where(heap > 1, start + heap // 2 - 1, -1),
        slots=torch.where(heap > 1, heap % 2, 0),
        roots=starts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The nodes of a forest by level, the deepest first; in a level, those with children first.

    Shapes:
        order, parents, slots: (M,) int64
        inner, leaves: (M_inner,), (M_leaves,) int64, with M_inner + M_leaves = M
        roots: (B,) int64
    """

    order: Tensor
    """The nodes' numbers in the forest. What follows is in this order."""
    parents: Tensor
    """Place of each node's parent in its level; that of a root means nothing."""
    slots: Tensor
    """Which child each node is."""
    inner: Tensor
    """Places of the nodes with children."""
    leaves: Tensor
    """Places of the nodes without."""
    n_inner: list[int]
    """Nodes with children at each level; none at the first."""
    n_leaves: list[int]
    """Nodes without children at each level."""
    roots: Tensor
    """Place of each tree's root in the last level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """All children of M nodes of one level; each has one or more.

    Shapes:
        states: (C, S D)
        parents, slots: (C,) int64
    """

    states: Tensor
    """What the level below came to."""
    parents: Tensor
    """Which of the M nodes is the parent of each."""
    slots: Tensor
    """Which child of its parent each is."""
    n_parents: int
    """The M."""

    def summed(self, values: Tensor) -> Tensor:
        """Return the sums of (C, W) over each node's children, (M, W)."""
        sums = values.new_zeros(self.n_parents, values.shape[1])
        return sums.index_add(0, self.parents, values)

    def placed(self, values: Tensor, *, n_places: int) -> Tensor:
        """Return (C, W) by place, (M, N, W): zeros where there is no child."""
        places = self.parents * n_places + self.slots.clamp(max=n_places - 1)
        flat = values.new_zeros(self.n_parents * n_places, values.shape[1])
        return flat.index_add(0, places, values).reshape(self.n_parents, n_places, -1)


def schedule(forest: Forest) -> Schedule:
    """Return the order in which the nodes of a forest are evaluated."""
    parents = forest.parents
    n_nodes, device = len(parents), parents.device
    depth = depths(parents)
    has_children = torch.zeros(n_nodes + 1, dtype=torch.bool, device=device)
    has_children[parents] = True  # roots mark the place behind the last node
    is_leaf = ~has_children[:-1]
    groups = 2 * (depth.max() - depth) + is_leaf
    order = torch.argsort(groups, stable=True)
    counts = torch.bincount(groups)
    counts = torch.cat([counts, counts.new_zeros(len(counts) % 2)])
    first = counts.cumsum(0) - counts  # of each group, in this order
    place = torch.empty_like(order)
    place[order] = torch.arange(n_nodes, device=device)
    place -= first[groups - groups % 2]  # in its level
    by_level = counts.reshape(-1, 2).tolist()
    return Schedule(
        order=order,
        parents=place[parents[order]],
        slots=forest.slots[order],
        inner=(~is_leaf[order]).nonzero().squeeze(1),
        leaves=is_leaf[order].nonzero().squeeze(1),
        n_inner=[inner for inner, _ in by_level],
        n_leaves=[leaves for _, leaves in by_level],
        roots=place[forest.roots],
    )


def depths(parents: Tensor) -> Tensor:
    """Return how many steps each node is from its root, (M,), in log2 of the depth many rounds.

    In each round every node looks twice as far up (pointer jumping; Wyllie 1979).

    Example:
        >>> depths(torch.tensor([2, 2, 3, -1])).tolist()
        [2, 2, 1, 0]
    """
    is_root = parents < 0
    above = torch.where(is_root, torch.arange(len(parents), device=parents.device), parents)
    depth = (~is_root).long()
    further = depth[above]
    while further.any():
        depth, above = depth + further, above[above]
        further = depth[above]
    return depth
