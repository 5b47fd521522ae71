"""What do two genomes have in common, and what is their child?

Genes are aligned by their innovation numbers, that is by the ends of connections (see `genome`).

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002, sections 3.2 (crossover) and 3.3 (distance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.space.genome import Genome, genome_of

if TYPE_CHECKING:
    import numpy as np

DISABLED = 0.75
"""Chance that a connection which is disabled in either parent is disabled in the child."""


def crossover(fitter: Genome, other: Genome, rng: np.random.Generator) -> Genome:
    """Return a child of two genomes, aligned by their innovation numbers.

    Genes of both are taken from either with equal chances; those of the fitter one alone are taken
    from it, those of the other one alone are left. So the child has the fitter one's structure, and
    is as feed-forward. A connection that is disabled in either parent is disabled with a chance of
    three quarters.

    Args:
        fitter: Whose structure the child has. Of equally fit parents the smaller one, as in the
            authors' program.
        other: The other parent, with as many inputs and outputs.
        rng: Governs all draws.
    """
    theirs = {gene.ends: gene for gene in other.connections}
    their_nodes = {node.id: node for node in other.nodes}
    draws = rng.random((2, len(fitter.connections)))
    genes = []
    for gene, of_other, disables in zip(fitter.connections, *draws.tolist(), strict=True):
        twin = theirs.get(gene.ends)
        if twin is not None:
            is_safe = gene.is_enabled and twin.is_enabled
            weight = twin.weight if of_other < 0.5 else gene.weight
            gene = gene._replace(weight=weight, is_enabled=is_safe or disables >= DISABLED)
        genes.append(gene)
    chances = rng.random(len(fitter.nodes)).tolist()
    nodes = [
        their_nodes[node.id] if chance < 0.5 and node.id in their_nodes else node
        for node, chance in zip(fitter.nodes, chances, strict=True)
    ]
    return genome_of(fitter.n_inputs, fitter.n_outputs, nodes, genes)


def distance(
    one: Genome, other: Genome, *, structure: float, weights: float, scale: float
) -> float:
    """Return how incompatible two genomes are (the paper's delta).

    That is `structure` for each connection that one of them has alone, plus `weights` times the
    mean difference of what they share: the weights of their connections and the biases of their
    nodes in units of `scale`, and 1 more for a node whose activation differs. The paper divides the
    count by the number of genes for genomes of 20 and more; here, as in the authors' program, it is
    not, since a network that begins with hundreds of connections would never be told apart.

    Args:
        one: A genome.
        other: Another one.
        structure: The paper's c1 and c2, which are equal here.
        weights: The paper's c3.
        scale: Standard deviation of new weights.
    """
    mine = {gene.ends: gene.weight for gene in one.connections}
    theirs = {gene.ends: gene.weight for gene in other.connections}
    shared = mine.keys() & theirs.keys()
    my_nodes = {node.id: node for node in one.nodes}
    nodes = [(my_nodes[node.id], node) for node in other.nodes if node.id in my_nodes]
    difference = sum(abs(mine[ends] - theirs[ends]) for ends in shared) / scale
    difference += sum(abs(a.bias - b.bias) for a, b in nodes) / scale
    difference += sum(a.activation != b.activation for a, b in nodes)
    n_alone = len(mine) + len(theirs) - 2 * len(shared)
    return structure * n_alone + weights * difference / (len(shared) + len(nodes))
