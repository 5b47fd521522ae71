"""Genomes as text: what is read back, which node or connection is wrong, which numbers agree."""

from __future__ import annotations

import json

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space.genome import Connection, Node, genome_of, levels, split_id
from raysearch.space.genome_reading import read_genome
from raysearch.space.graph_text import summary
from raysearch.space.values import show

TEXT = (
    '{"inputs":2,"outputs":1,"nodes":[[2,"identity",0.25],[7,"tanh",-0.1]],'
    '"connections":[[0,2,0.5,1],[0,7,1.0,1],[1,7,-2.0,0],[7,2,1e-06,1]]}'
)


def changed(**changes):
    return json.dumps({**json.loads(TEXT), **changes})


def test_a_text_is_read_and_written_unchanged():
    genome = read_genome(TEXT)
    assert genome.text == TEXT
    assert genome.outputs == (Node(2, "identity", 0.25),)
    assert genome.hidden == (Node(7, "tanh", -0.1),)
    assert [gene.is_enabled for gene in genome.connections] == [True, True, False, True]


def test_genes_are_put_in_order_and_numbers_rounded():
    one = changed(connections=[[7, 2, 1.23456789, True], [0, 7, 1, 1]])
    assert json.loads(read_genome(one).text)["connections"] == [[0, 7, 1.0, 1], [7, 2, 1.23457, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("relu", "relu is no graph: it is not JSON"),
        ("[1]", "must have inputs, outputs, nodes, connections, and nothing else"),
        (changed(inputs=0), "inputs of the graph is 0. It must be an integer of at least 1"),
        (changed(nodes={}), "nodes of the graph is {}. It must be a list"),
        (changed(nodes=[[7, "tanh", 0.0]]), "output 2 has no gene. Outputs are 2 to 2"),
        (changed(nodes=[[2, "tanh", 0.0]]), "node 2 is an output with activation tanh"),
        (changed(nodes=[[2, "identity", 0], [2, "identity", 0]]), "node 2 is there twice"),
        (changed(nodes=[[2, "identity", 0], [1, "tanh", 0]]), "node 1 has a gene, but nodes below"),
        (changed(nodes=[[2, "identity", 0], [7, "tahn", 0]]), "activation tahn. Did you mean tanh"),
        (changed(nodes=[[2, "identity", "x"]]), "node 2 has bias x, text. Give a finite number"),
        (changed(nodes=[2]), "entry 0 of nodes is 2. Write .id, activation, bias"),
        (changed(connections=[[0, 2]]), r"entry 0 of connections is \[0, 2\]. Write .source"),
        (changed(connections=[[0, 9, 1, 1]]), "connection 0 -> 9 leads to 9, which is no node"),
        (changed(connections=[[9, 2, 1, 1]]), "connection 9 -> 2 comes from 9, which is no node"),
        (changed(connections=[[2, 7, 1, 1]]), "connection 2 -> 7 comes from an output"),
        (changed(connections=[[7, 1, 1, 1]]), "connection 7 -> 1 leads to an input"),
        (changed(connections=[[0, 2, 1, 1], [0, 2, 2, 1]]), "connection 0 -> 2 is there twice"),
        (changed(connections=[[0, 2, None, 1]]), "connection 0 -> 2 has weight null"),
        (changed(connections=[[0, 2, 1, 2]]), "connection 0 -> 2 is enabled: 2. Give 1 or 0"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    with pytest.raises(ConfigurationError, match=message):
        read_genome(text)


@pytest.mark.parametrize("enabled", [0, 1])
def test_a_cycle_is_named_also_where_a_part_of_it_is_disabled(enabled):
    nodes = [[2, "identity", 0], [7, "tanh", 0], [8, "tanh", 0], [9, "tanh", 0]]
    genes = [[0, 7, 1, 1], [7, 8, 1, 1], [8, 7, 1, enabled], [7, 9, 1, 1], [9, 2, 1, 1]]
    with pytest.raises(ConfigurationError, match="connections 7 -> 8 -> 7 are a cycle"):
        read_genome(changed(nodes=nodes, connections=genes))


def test_of_many_faults_five_are_listed():
    with pytest.raises(ConfigurationError) as error:
        read_genome(changed(connections=[[0, 50 + i, 1, 1] for i in range(8)]))
    assert len(error.value.faults) == 6
    assert error.value.faults[-1] == "And 3 faults more."


def test_the_same_split_gives_the_same_node_and_a_second_one_another():
    gene = Connection(0, 2, 0.5, True)
    first = split_id(gene, taken=[2], first=3)
    assert split_id(gene._replace(weight=9.0), taken=[2, 40], first=3) == first
    assert split_id(gene, taken=[2, first], first=3) not in (2, first)
    assert split_id(Connection(1, 2, 0.5, True), taken=[2], first=3) != first
    assert 3 <= first < 2**40


def test_innovation_numbers_are_those_of_the_ends():
    genes = [Connection(s, t, 1.0, True) for s in (0, 1, 2**39) for t in (3, 4, 2**39 + 1)]
    assert len({gene.innovation for gene in genes}) == len(genes)
    assert genes[0].innovation == genes[0]._replace(weight=5.0, is_enabled=False).innovation


def test_levels_follow_the_longest_way():
    genes = [(0, 9), (0, 5), (5, 6), (6, 9), (8, 9)]
    found = levels(1, [Connection(s, t, 1.0, True) for s, t in genes])
    assert found == {0: 0, 5: 1, 6: 2, 8: 1, 9: 3}


def test_a_graph_is_described_where_people_read():
    assert summary(TEXT) == show(TEXT) == "graph of 4 nodes, 3 connections"
    assert summary('{"inputs":broken') is None
    assert summary(7) is None


def test_equal_genomes_are_equal_texts():
    genome = read_genome(TEXT)
    again = genome_of(2, 1, reversed(genome.nodes), reversed(genome.connections))
    assert (again, again.text) == (genome, TEXT)
