"""Tree-recursive networks as their papers write them: one node after the other.

The reference that `raysearch.models.tree` is compared with, in results by its tests and in time by
experiments/benchmarks/tree_levels.py. It takes a network's weights and nothing else from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Node:
    """A node, its input (E,) or None, and the states (1, S D) that the layers give it."""

    x: Tensor | None
    children: list[Node] = field(default_factory=list)
    state: Tensor | None = None
    h: Tensor | None = None


def outputs(network, x, lengths=None):
    """Return what `network(x, lengths)` should, (B, K)."""
    lengths = [x.shape[2]] * len(x) if lengths is None else lengths.tolist()
    make = _tree if network.has_symbols else _series
    roots = [make(network, row, length) for row, length in zip(x, lengths, strict=True)]
    if network.design.composition == "fold":
        closing = None if network.closing is None else network.closing.weight[0]
        roots = [_folded(root, closing) for root in roots]
    return torch.cat([_answer(network, root) for root in roots])


def _answer(network, root):
    for number, layer in enumerate(network.layers):
        _evaluate(layer, root, network.design, is_residual=number > 0)
    return network.output(root.h)


def _evaluate(layer, node, design, *, is_residual):
    for child in node.children:
        _evaluate(layer, child, design, is_residual=is_residual)
    size = layer.input.in_features
    x = torch.zeros(1, size) if node.x is None else node.x[None]
    if layer.leaf is not None and not node.children:
        node.state = _own_leaf(layer.leaf(x), design)
    else:
        states = [child.state for child in node.children]
        node.state = COMPOSE[type(layer.cell).__name__](layer.cell, layer.input(x), states)
    h = node.state[:, : design.width]
    node.h = h + x if is_residual and design.connections == "residual" else h
    node.x = node.h[0]  # of the next layer; what is above reads the state


def _own_leaf(p, design):
    if design.cell != "lstm":
        return p.tanh()
    o, c = p.chunk(2, dim=1)
    return torch.cat([o.sigmoid() * c.tanh(), c], dim=1)


def _child_sum_lstm(cell, p, states):
    pi, po, pu, pf = p.chunk(4, dim=1)
    hs, cs = _halves(states, torch.zeros_like(pi))
    ui, uo, uu = cell.sums.weight.chunk(3)
    total = sum(hs, torch.zeros_like(pi))
    i, o = (pi + total @ ui.T).sigmoid(), (po + total @ uo.T).sigmoid()
    c = i * cell.candidate(pu + total @ uu.T)
    for h_k, c_k in zip(hs, cs, strict=True):
        c = c + (pf + h_k @ cell.forget.weight.T).sigmoid() * c_k
    return torch.cat([o * c.tanh(), c], dim=1)


def _n_ary_lstm(cell, p, states):
    pi, po, pu, pf = p.chunk(4, dim=1)
    n = cell.arity
    hs, cs = _halves(_places(states, n), torch.zeros_like(pi))
    blocks = [row.chunk(n, dim=1) for row in cell.places.weight.chunk(3 + n)]

    def gate(p, row):
        return p + sum(h @ block.T for h, block in zip(hs, blocks[row], strict=True))

    c = gate(pi, 0).sigmoid() * cell.candidate(gate(pu, 2))
    for place, c_k in enumerate(cs):
        c = c + gate(pf, 3 + place).sigmoid() * c_k
    return torch.cat([gate(po, 1).sigmoid() * c.tanh(), c], dim=1)


def _child_sum_gru(cell, p, hs):
    pz, pu, pr = p.chunk(3, dim=1)
    total = sum(hs, torch.zeros_like(pz))
    z = (pz + total @ cell.sums.weight.T).sigmoid()
    kept = torch.zeros_like(pz)
    for h in hs:
        kept = kept + (pr + h @ cell.reset.weight.T).sigmoid() * h
    return z * total + (1 - z) * cell.candidate(pu + kept @ cell.new.weight.T)


def _n_ary_gru(cell, p, states):
    pz, pu, pr = p.chunk(3, dim=1)
    n = cell.arity
    hs = _places(states, n)
    hs = [torch.zeros_like(pz) if h is None else h for h in hs]
    blocks = [row.chunk(n, dim=1) for row in cell.places.weight.chunk(2 * n + 1)]

    def gate(row):
        return sum(h @ block.T for h, block in zip(hs, blocks[row], strict=True))

    new = cell.new.weight.chunk(n, dim=1)
    sums = sum((pr + gate(k)).sigmoid() * hs[k] @ new[k].T for k in range(n))
    u = cell.candidate(pu + sums)
    there = range(min(len(states), n))
    logits = torch.stack([*(gate(n + k) for k in there), pz + gate(2 * n)])
    w = logits.softmax(0)
    return sum((w[k] * hs[k] for k in there), w[-1] * u)


def _child_sum_recursive(cell, p, hs):
    return cell.candidate(p + sum(hs, torch.zeros_like(p)) @ cell.sums.weight.T)


def _n_ary_recursive(cell, p, states):
    blocks = cell.places.weight.chunk(cell.arity, dim=1)
    for h, block in zip(_places(states, cell.arity), blocks, strict=True):
        p = p if h is None else p + h @ block.T
    return cell.candidate(p)


def _child_sum_gated(cell, p, hs):
    q = [h @ cell.places.weight.T for h in hs]
    c, u = cell.read(_hidden(cell, sum(q, p))).chunk(2, dim=1)
    new = c.sigmoid() * u
    for q_k, h_k in zip(q, hs, strict=True):
        new = new + cell.keep(_hidden(cell, p + q_k)).sigmoid() * h_k
    return cell.norm(new)


def _n_ary_gated(cell, p, states):
    n, width = cell.arity, cell.width
    hs = [torch.zeros(1, width) if h is None else h for h in _places(states, n)]
    blocks = cell.places.weight.chunk(n, dim=1)
    q = sum((h @ block.T for h, block in zip(hs, blocks, strict=True)), p)
    c, u, *f = cell.read(_hidden(cell, q)).chunk(2 + n, dim=1)
    kept = sum(f_k.sigmoid() * h_k for f_k, h_k in zip(f, hs, strict=True))
    return cell.norm(c.sigmoid() * u + kept)


def _hidden(cell, p):
    return cell.activation(cell.hidden_norm(p))


COMPOSE = {
    "ChildSumLSTM": _child_sum_lstm,
    "NaryLSTM": _n_ary_lstm,
    "ChildSumGRU": _child_sum_gru,
    "NaryGRU": _n_ary_gru,
    "ChildSumRecursive": _child_sum_recursive,
    "NaryRecursive": _n_ary_recursive,
    "ChildSumGated": _child_sum_gated,
    "NaryGated": _n_ary_gated,
}


def _places(states, n):
    """Return the states by place, what is beyond the last one added to it; None where none is."""
    placed = [*states[: n - 1]]
    if len(states) >= n:
        placed.append(sum(states[n:], states[n - 1]))
    return placed + [None] * (n - len(placed))


def _halves(states, zero):
    pairs = [(zero, zero) if state is None else state.chunk(2, dim=1) for state in states]
    return [h for h, _ in pairs], [c for _, c in pairs]


def _tree(network, row, length):
    nodes = [Node(network.embedding.weight[symbol]) for symbol in row[0, :length].tolist()]
    for node, parent in zip(nodes, row[1, :length].tolist(), strict=True):
        if parent >= 0:
            nodes[parent].children.append(node)
    return nodes[length - 1]


def _series(network, row, length):
    steps = iter(row[:, :length].T)

    def node(number):
        if number >= length:
            return Node(next(steps))
        return Node(None, [node(2 * number), node(2 * number + 1)])

    return node(1)


def _folded(node, closing):
    taken = Node(node.x)
    for child in node.children:
        taken = Node(None, [taken, _folded(child, closing)])
    if node.children and closing is not None:
        taken = Node(None, [taken, Node(closing)])
    return taken
