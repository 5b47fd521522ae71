"""Crossover along innovation numbers, and the distance of genomes."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.space.genome import Connection, Node, genome_of
from raysearch.space.kinship import crossover, distance
from raysearch.space.mutations import Limits, with_node

OUTPUT = Node(2, "identity", 0.0)
PLAIN = genome_of(2, 1, [OUTPUT], [Connection(0, 2, 1.0, True), Connection(1, 2, 1.0, True)])
LIMITS = Limits(activations=("tanh",), max_hidden=9, max_connections=99, scale=1.0, limit=9.0)


def split(genome, seed=0):
    return with_node(genome, np.random.default_rng(seed), limits=LIMITS)


def test_a_split_leaves_the_old_connection_disabled():
    child = split(PLAIN)
    (node,) = child.hidden
    into, out = (
        next(g for g in child.connections if g.target == node.id),
        next(g for g in child.connections if g.source == node.id),
    )
    (old,) = [g for g in child.connections if not g.is_enabled]
    assert (into.source, out.target) == old.ends
    assert (into.weight, out.weight) == (1.0, old.weight)


def test_a_child_has_the_structure_of_the_fitter_parent():
    larger = split(PLAIN)
    rng = np.random.default_rng(0)
    ends = [gene.ends for gene in larger.connections]
    assert [g.ends for g in crossover(larger, PLAIN, rng).connections] == ends
    assert crossover(PLAIN, larger, rng).hidden == ()


def test_shared_genes_come_from_both():
    other = genome_of(
        2, 1, [OUTPUT._replace(bias=5.0)], [g._replace(weight=3.0) for g in PLAIN.connections]
    )
    children = [crossover(PLAIN, other, np.random.default_rng(seed)) for seed in range(200)]
    weights = [gene.weight for child in children for gene in child.connections]
    assert set(weights) == {1.0, 3.0}
    assert {child.nodes[0].bias for child in children} == {0.0, 5.0}
    # 400 fair draws: within four standard deviations of a half, wrong in one of 16,000 seeds
    assert 160 < weights.count(1.0) < 240


def test_what_one_parent_disabled_mostly_stays_disabled():
    off = genome_of(2, 1, [OUTPUT], [g._replace(is_enabled=False) for g in PLAIN.connections])
    genes = [
        gene
        for seed in range(200)
        for gene in crossover(PLAIN, off, np.random.default_rng(seed)).connections
    ]
    # 400 draws at a chance of a quarter: within four standard deviations of 100
    assert 65 < sum(gene.is_enabled for gene in genes) < 135


def test_distance_counts_what_one_has_alone_and_compares_the_rest():
    measure = {"structure": 1.0, "weights": 0.4, "scale": 2.0}
    assert distance(PLAIN, PLAIN, **measure) == 0.0
    larger = split(PLAIN)
    assert distance(PLAIN, larger, **measure) == distance(larger, PLAIN, **measure) == 2.0
    moved = genome_of(2, 1, [OUTPUT], [g._replace(weight=4.0) for g in PLAIN.connections])
    # two weights that differ by 3 and a bias that does not, in units of 2
    assert distance(PLAIN, moved, **measure) == pytest.approx(0.4 * (1.5 + 1.5) / 3)
    renamed = genome_of(
        2, 1, [OUTPUT, larger.hidden[0]._replace(activation="sin")], larger.connections
    )
    assert distance(larger, renamed, **measure) == pytest.approx(0.4 / 6)
