"""In which layers is a graph computed?

A node is computed one layer after the last of its sources; outputs come together in the last layer.
All nodes of a layer are one matrix product with everything before them. Torch-free.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from raysearch.space.genome import Connection, Genome, Node, levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Nodes that are computed together, with the connections into them."""

    nodes: tuple[Node, ...]
    """Sorted by activation."""
    genes: tuple[Connection, ...]
    positions: tuple[tuple[int, int], ...]
    """Of each connection: the place of its target in this layer, and that of its source among the
    inputs and all nodes before this layer."""
    n_before: int
    """Inputs and nodes before this layer."""

    @property
    def activations(self) -> tuple[tuple[str, int], ...]:
        """The activations in order, each with the number of its nodes."""
        grouped = groupby(self.nodes, key=lambda node: node.activation)
        return tuple((name, len(list(nodes))) for name, nodes in grouped)


def layers_of(genome: Genome) -> tuple[Layer, ...]:
    """Return the layers of a graph behind its inputs; the last one holds the outputs.

    Disabled connections are left out, and so are hidden nodes from which no way leads to an output:
    they change nothing.

    Example:
        >>> from raysearch.space.genome_reading import read_genome
        >>> nodes = '"nodes":[[2,"identity",0.0],[9,"tanh",0.0]]'
        >>> genes = '"connections":[[0,2,0.5,1],[0,9,1.0,1],[1,9,1.0,1],[9,2,1.0,1]]'
        >>> genome = read_genome(f'{{"inputs":2,"outputs":1,{nodes},{genes}}}')
        >>> [[node.id for node in layer.nodes] for layer in layers_of(genome)]
        [[9], [2]]
        >>> layers_of(genome)[-1].positions
        ((0, 0), (0, 2))
    """
    enabled = [gene for gene in genome.connections if gene.is_enabled]
    needed = _needed(genome, enabled)
    enabled = [gene for gene in enabled if gene.target in needed]
    level = levels(genome.n_inputs, enabled) or {}
    hidden = sorted(
        (node for node in genome.hidden if node.id in needed),
        key=lambda node: (level.get(node.id, 1), node.activation, node.id),
    )
    rows = [tuple(nodes) for _, nodes in groupby(hidden, key=lambda n: level.get(n.id, 1))]
    place = {number: number for number in range(genome.n_inputs)}
    layers = []
    for nodes in [*rows, genome.outputs]:
        n_before = len(place)
        row = {node.id: number for number, node in enumerate(nodes)}
        genes = tuple(gene for gene in enabled if gene.target in row)
        positions = tuple((row[gene.target], place[gene.source]) for gene in genes)
        layers.append(Layer(nodes=nodes, genes=genes, positions=positions, n_before=n_before))
        place |= {node.id: n_before + number for number, node in enumerate(nodes)}
    return tuple(layers)


def _needed(genome: Genome, enabled: list[Connection]) -> set[int]:
    """Return the nodes from which enabled connections lead to an output, outputs included."""
    sources: dict[int, list[int]] = {}
    for gene in enabled:
        sources.setdefault(gene.target, []).append(gene.source)
    found = {node.id for node in genome.outputs}
    ready = list(found)
    while ready:
        for source in sources.get(ready.pop(), ()):
            if source not in found:
                found.add(source)
                ready.append(source)
    return found
