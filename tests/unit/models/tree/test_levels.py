from __future__ import annotations

import math

import pytest
import torch

from raysearch.models.tree.levels import (
    balanced,
    closed,
    depths,
    folded,
    forest_of,
    schedule,
    sibling_numbers,
)


def random_parents(n_nodes, generator):
    """Return a tree, children before their parents."""
    choices = [
        int(torch.randint(node + 1, n_nodes, (1,), generator=generator))
        for node in range(n_nodes - 1)
    ]
    return [*choices, -1]


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([1, 9, 2, 30, 17])
    parents = torch.full((5, 30), -1)
    for row, length in enumerate(lengths.tolist()):
        parents[row, :length] = torch.tensor(random_parents(length, generator))
    return parents, lengths


def children_of(forest):
    """Return the children of each node, by their slots."""
    found = [{} for _ in forest.parents]
    for node, parent in enumerate(forest.parents.tolist()):
        if parent >= 0:
            assert int(forest.slots[node]) not in found[parent]
            found[parent][int(forest.slots[node])] = node
    assert all(sorted(slots) == list(range(len(slots))) for slots in found)
    return [[slots[slot] for slot in sorted(slots)] for slots in found]


def nested(forest, node, children):
    """Return a tree as its row and its children's trees."""
    inner = [nested(forest, child, children) for child in children[node]]
    return [int(forest.rows[node]), *inner]


def trees_of(forest):
    children = children_of(forest)
    return [nested(forest, root, children) for root in forest.roots.tolist()]


def test_a_forest_has_the_trees_without_their_padding(batch):
    parents, lengths = batch
    forest = forest_of(parents, lengths)
    assert len(forest.parents) == lengths.sum()
    start = 0
    for row, length in enumerate(lengths.tolist()):
        own = forest.parents[start : start + length]
        assert torch.where(own < 0, -1, own - start).tolist() == parents[row, :length].tolist()
        start += length
    assert forest.parents[forest.roots].tolist() == [-1] * 5


def test_siblings_are_numbered_in_their_order(batch):
    forest = forest_of(*batch)
    for children in children_of(forest):
        assert children == sorted(children)
    assert sibling_numbers(forest.parents)[forest.roots].tolist() == [0] * 5


def test_depths_are_the_steps_to_the_root(batch):
    parents = forest_of(*batch).parents
    expected = []
    for node in range(len(parents)):
        steps = 0
        while parents[node] >= 0:
            node, steps = parents[node], steps + 1
        expected.append(steps)
    assert depths(parents).tolist() == expected
    assert max(expected) > 4


def test_a_chain_is_as_deep_as_it_is_long():
    assert depths(torch.tensor([*range(1, 1000), -1])).tolist() == list(range(999, -1, -1))


def folded_by_hand(tree, empty):
    row, *children = tree
    taken = [row]
    for child in children:
        taken = [empty, taken, folded_by_hand(child, empty)]
    return taken


def test_folding_takes_children_in_one_after_the_other(batch):
    forest = forest_of(*batch)
    binary = folded(forest, empty=999)
    assert trees_of(binary) == [folded_by_hand(tree, 999) for tree in trees_of(forest)]
    assert len(binary.parents) == 2 * len(forest.parents) - 5


def closed_by_hand(tree, closing):
    row, *children = tree
    inner = [closed_by_hand(child, closing) for child in children]
    return [row, *inner, [closing]] if inner else [row]


def test_closing_puts_a_leaf_behind_the_last_child_of_every_node_with_children(batch):
    forest = forest_of(*batch)
    closing = closed(forest, closing=7777)
    assert trees_of(closing) == [closed_by_hand(tree, 7777) for tree in trees_of(forest)]
    by_hand = [folded_by_hand(closed_by_hand(tree, 7777), 999) for tree in trees_of(forest)]
    assert trees_of(folded(closing, empty=999)) == by_hand


@pytest.mark.parametrize("lengths", [[1], [2], [7, 1, 8], list(range(1, 40))])
def test_a_balanced_tree_has_the_steps_as_leaves_from_left_to_right(lengths):
    n_steps = max(lengths) + 1
    forest = balanced(torch.tensor(lengths), n_steps=n_steps)
    empty = len(lengths) * n_steps

    def leaves(tree):
        row, *children = tree
        if not children:
            return [row]
        assert row == empty
        assert len(children) == 2
        return [leaf for child in children for leaf in leaves(child)]

    for example, (tree, length) in enumerate(zip(trees_of(forest), lengths, strict=True)):
        first = example * n_steps
        assert leaves(tree) == list(range(first, first + length))
    assert depths(forest.parents).max() == math.ceil(math.log2(max(lengths)))


def test_a_schedule_has_children_one_level_below_their_parents(batch):
    forest = folded(forest_of(*batch), empty=999)
    plan = schedule(forest)
    assert sorted(plan.order.tolist()) == list(range(len(forest.parents)))
    sizes = [inner + leaves for inner, leaves in zip(plan.n_inner, plan.n_leaves, strict=True)]
    assert sum(sizes) == len(forest.parents)
    assert plan.n_inner[0] == 0
    levels = plan.order.split(sizes)
    parts = plan.parents.split(sizes)
    n_children = torch.bincount(forest.parents + 1, minlength=len(forest.parents) + 1)[1:]
    for level, n_inner in zip(levels, plan.n_inner, strict=True):
        assert (n_children[level[:n_inner]] > 0).all()
        assert (n_children[level[n_inner:]] == 0).all()
    for below, above, parents in zip(levels, levels[1:], parts, strict=False):
        assert above[parents].equal(forest.parents[below])
    assert levels[-1][plan.roots].equal(forest.roots)


def test_leaves_alone_are_a_level():
    plan = schedule(forest_of(torch.tensor([[-1], [-1]]), torch.tensor([1, 1])))
    assert (plan.n_inner, plan.n_leaves, plan.roots.tolist()) == ([0], [2], [0, 1])
