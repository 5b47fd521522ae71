"""What is an evolved network made of, and how is it written as text?

A genome has genes of nodes and of connections. Inputs are the nodes 0 to n - 1 and have no gene;
outputs follow; all others are hidden. A configuration holds a genome as text, in JSON without
spaces, so that it is as plain, hashable and comparable as any other value:

    {"inputs":2,"outputs":1,
     "nodes":[[2,"identity",0.0],[731058461,"tanh",0.1]],          id, activation, bias
     "connections":[[0,2,0.5,0],[0,731058461,1.0,1],...]}          source, target, weight, enabled

Genes are sorted by their numbers, and weights and biases have six digits, so that equal genomes are
equal texts. The kind of a node follows from its id, and the innovation number of a connection from
its ends: neither is written.

Innovation numbers say which genes of two genomes are the same. In the paper a global counter hands
them out, so that they depend on the order in which innovations come up. Here they are functions of
the structure: a connection's number is that of its pair of ends, and the id of a node that splits a
connection is a hash of that connection. So no state is kept beside the genomes, workers need not
agree on anything, and a search that is resumed gives the same. What it changes: an innovation that
comes up twice gets the same number in any two generations, and not in one only; and numbers tell no
age, so that disjoint genes and excess genes cannot be told apart (they had equal coefficients in
all experiments of the paper).

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

ACTIVATIONS = ("elu", "gauss", "gelu", "identity", "relu", "sigmoid", "silu", "sin", "tanh")
"""What a hidden node may do with its sum; "gauss" is exp(-x^2). Outputs are sums: "identity"."""

OUTPUT = "identity"

_ID_BITS = 40
"""Bits of the ids of hidden nodes: among ten thousand different ones, two are equal with a chance
of 5e-5. Two nodes of equal ids are then taken for the same innovation, and no harm else is done."""


class Node(NamedTuple):
    """Gene of an output or of a hidden node."""

    id: int
    activation: str
    bias: float


class Connection(NamedTuple):
    """Gene of a connection."""

    source: int
    target: int
    weight: float
    is_enabled: bool

    @property
    def ends(self) -> tuple[int, int]:
        """The ids of source and target, by which connections are sorted and aligned."""
        return self.source, self.target

    @property
    def innovation(self) -> int:
        """The innovation number: the same for a connection of the same nodes, in any genome."""
        return (self.source << (_ID_BITS + 1)) + self.target


@dataclass(frozen=True, slots=True)
class Genome:
    """A feed-forward network: its genes, sorted.

    Made by `genome_of`, which sees to the order, or read from text (see `genome_reading`).
    """

    n_inputs: int
    n_outputs: int
    nodes: tuple[Node, ...]
    """Outputs, then hidden nodes, by id."""
    connections: tuple[Connection, ...]
    """By their ends. Without cycles, also if all of them were enabled."""

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The outputs."""
        return self.nodes[: self.n_outputs]

    @property
    def hidden(self) -> tuple[Node, ...]:
        """The hidden nodes."""
        return self.nodes[self.n_outputs :]

    @property
    def text(self) -> str:
        """The genome as it stands in a configuration."""
        written = {
            "inputs": self.n_inputs,
            "outputs": self.n_outputs,
            "nodes": [list(node) for node in self.nodes],
            "connections": [[*gene[:3], int(gene.is_enabled)] for gene in self.connections],
        }
        return json.dumps(written, separators=(",", ":"), allow_nan=False)


def split_id(connection: Connection, *, taken: Iterable[int], first: int) -> int:
    """Return the id of the node that splits a connection.

    It is a hash of the connection, so that the same split gives the same node in every genome. A
    connection that was split, enabled again and is split once more gets a second node, and so on.

    Args:
        connection: What is split.
        taken: Ids of the nodes that are there.
        first: The lowest id of a hidden node.
    """
    ids = frozenset(taken)
    number = 0
    while True:
        name = f"{connection.source}>{connection.target}#{number}".encode()
        digest = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")
        found: int = first + digest % (2**_ID_BITS - first)
        if found not in ids:
            return found
        number += 1


def rounded(number: float) -> float:
    """Return a weight or bias as genomes have it, with six significant digits."""
    return float(f"{number:.6g}")


def genome_of(
    n_inputs: int, n_outputs: int, nodes: Iterable[Node], connections: Iterable[Connection]
) -> Genome:
    """Return the genome of these genes, put in order, with numbers rounded; nothing is checked."""
    return Genome(
        n_inputs,
        n_outputs,
        tuple(sorted(Node(id, activation, rounded(bias)) for id, activation, bias in nodes)),
        tuple(sorted(Connection(s, t, rounded(w), on) for s, t, w, on in connections)),
    )


def levels(n_inputs: int, connections: Iterable[Connection]) -> dict[int, int] | None:
    """Return the level of each node with a connection: one above the highest of its sources.

    Args:
        n_inputs: How many nodes, from 0 on, are inputs.
        connections: Those that count.

    Returns:
        Node -> level: 0 for inputs, at least 1 for others; None if there is a cycle.

    Example:
        >>> levels(1, [Connection(0, 2, 1.0, True), Connection(2, 1, 1.0, True)])
        {0: 0, 2: 1, 1: 2}
    """
    targets: dict[int, list[int]] = {}
    waiting: dict[int, int] = {}
    for source, target, *_ in connections:
        targets.setdefault(source, []).append(target)
        waiting[target] = waiting.get(target, 0) + 1
        waiting.setdefault(source, 0)
    found = {node: int(node >= n_inputs) for node, n in waiting.items() if n == 0}
    ready = list(found)
    while ready:
        node = ready.pop()
        for target in targets.get(node, ()):
            found[target] = max(found.get(target, 0), found[node] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return found if all(n == 0 for n in waiting.values()) else None
