"""The domain Graph: samples, mutations and children lie in it; what it cannot do is refused."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import (
    Choice,
    Fixed,
    Float,
    Graph,
    Space,
    domain_from_settings,
    domain_to_settings,
)
from raysearch.space.genome import ACTIVATIONS
from raysearch.space.genome_reading import read_genome
from raysearch.space.mutations import Rates

SMALL = Graph(3, 2, max_hidden=4, max_connections=14, activations=("tanh", "sin"), weight_limit=2.0)
SPARSE = Graph(9, 2, initial="none", max_hidden=2, max_connections=6)
ALWAYS = Rates(node=1.0, connection=1.0, toggle=1.0, activation=1.0, weights=1.0)
ODD = Graph(2, 1, weight_limit=4 / 3, max_hidden=2)
graphs = pytest.mark.parametrize("graph", [SMALL, SPARSE, ODD, Graph(1, 1, max_hidden=0)])


@graphs
def test_whatever_is_made_lies_in_the_domain(graph):
    rng = np.random.default_rng(0)
    text = graph.founder(rng)
    seen = set()
    for _ in range(150):
        other = graph.sample(rng)
        for made in (
            other,
            graph.mutate(text, rng, 0.1),
            graph.evolved(text, rng, rates=ALWAYS),
            graph.crossover(text, other, rng),
        ):
            assert graph.explain(made) is None
            assert graph.canonical(made) == made
            seen.add(len(read_genome(made).hidden))
        text = graph.evolved(text, rng, rates=ALWAYS)
    assert seen == set(range(graph.max_hidden + 1))


def test_the_default_is_the_minimal_graph():
    genome = read_genome(SMALL.default_value())
    assert [gene.ends for gene in genome.connections] == [(s, t) for s in range(3) for t in (3, 4)]
    assert {gene.weight for gene in genome.connections} == {0.0}
    assert not genome.hidden
    assert not read_genome(SPARSE.default_value()).connections
    own = SMALL.founder(np.random.default_rng(1))
    assert Graph(3, 2, default=own).default_value() == own


def test_a_founder_without_connections_gets_one_for_each_output():
    genome = read_genome(SPARSE.founder(np.random.default_rng(0)))
    assert sorted(gene.target for gene in genome.connections) == [9, 10]


def test_a_mutation_changes_something():
    rng = np.random.default_rng(0)
    graph = Graph(2, 1)
    text = graph.sample(rng)
    assert all(graph.mutate(text, rng, 0.1) != text for _ in range(40))


def test_the_step_of_weights_follows_the_scale():
    rng, graph = np.random.default_rng(0), Graph(30, 10, weight_scale=1.0)
    text = graph.founder(rng)
    before = np.array([gene.weight for gene in read_genome(text).connections])

    def step(scale):
        while True:
            genome = read_genome(graph.mutate(text, rng, scale))
            if len(genome.connections) == 300 and not genome.hidden:
                moved = np.abs(np.array([g.weight for g in genome.connections]) - before)
                if np.count_nonzero(moved) > 200:
                    return np.median(moved)

    # 300 weights: the median of a normal step is 0.67 deviations, give or take 0.05; 10 % are new
    assert 0.25 < step(0.1) < 0.55
    assert step(0.01) < 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (7, "A graph is written as text, and this is an int"),
        (Graph(2, 2).default_value(), "The graph has 2 inputs, and 3 are needed"),
        (Graph(3, 1).default_value(), "The graph has 1 outputs, and 2 are needed"),
        ("relu", "relu is no graph"),
    ],
)
def test_other_values_are_refused(text, message):
    assert message in SMALL.explain(text)


def test_what_goes_beyond_the_limits_is_named():
    rng = np.random.default_rng(0)
    wide = Graph(3, 2, activations=("relu",), weight_scale=40.0, max_connections=500)
    text = wide.founder(rng)
    assert "It may be -2.0 to 2.0" in SMALL.explain(text)
    while len(read_genome(text).hidden) < 5:
        text = wide.evolved(text, rng, rates=Rates(node=1.0, weights=0.0))
    assert "hidden nodes, and may have 4. Take some out." in SMALL.explain(text)
    assert "connections, and may have 14" in SMALL.explain(text)
    loose = Graph(3, 2, activations=("tanh",))
    assert "has activation relu. Here it may be tanh" in loose.explain(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_inputs": 0}, "n_inputs is 0"),
        ({"max_hidden": -1}, "max_hidden is -1"),
        ({"weight_scale": 0.0}, "weight_scale is 0.0"),
        ({"weight_limit": 0.5}, "weight_limit is 0.5. It must be a number of at least 1"),
        ({"activations": ["tahn"]}, "tahn is not an activation of graphs. Did you mean tanh"),
        ({"activations": []}, "activations is empty"),
        ({"activations": ["tanh", "tanh"]}, "activations names one twice"),
        ({"initial": "ful"}, "initial is ful. Did you mean full"),
        ({"max_connections": 5}, "max_connections is 5, but the minimal graph has 6"),
        ({"default": "relu"}, "default: relu is no graph"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        Graph(**{"n_inputs": 3, "n_outputs": 2, **arguments})


def test_settings_are_read_back_unchanged():
    for graph in (SMALL, SPARSE, Graph(2, 1, default=Graph(2, 1).default_value())):
        assert domain_from_settings(domain_to_settings(graph)) == graph
    space = Space({"family": Choice(["a", "b"]), "graph": Graph(2, 1, when={"family": "a"})})
    assert Space.from_json(space.to_json()) == space
    with pytest.raises(ConfigurationError, match=r"graph is 7\. Give the numbers of inputs and"):
        domain_from_settings({"graph": 7})


def test_covers_graphs_within_its_limits():
    wide = Graph(3, 2, activations=ACTIVATIONS)
    assert wide.covers(SMALL)
    assert not SMALL.covers(wide)
    assert not wide.covers(Graph(4, 2))
    assert wide.covers(Fixed(SMALL.default_value()))
    assert not wide.covers(Float(0.0, 1.0))


def test_vectors_and_grids_are_refused_with_the_parameter():
    space = Space({"rate": Float(0.0, 1.0), "graph": SMALL})
    for refused in (lambda: space.encode(space.default()), lambda: space.decode([0.5, 0.5])):
        with pytest.raises(ConfigurationError, match="graph is a Graph, which has no vector"):
            refused()
    with pytest.raises(ConfigurationError, match="graph is a Graph, which has no grid"):
        space.grid(points=2)
    with pytest.raises(ConfigurationError, match="no place on the unit interval"):
        SMALL.to_unit(SMALL.default_value())
    assert space.grid_size() is None


def test_a_space_mutates_and_crosses_graphs():
    space = Space({"rate": Float(0.0, 1.0), "graph": SMALL})
    rng = np.random.default_rng(0)
    one, other = space.sample(rng), space.sample(rng)
    children = [space.crossover(one, other, rng) for _ in range(20)]
    assert any(child["graph"] not in (one["graph"], other["graph"]) for child in children)
    for child in (*children, space.mutate(one, rng, n_mutations=2)):
        space.validate(child)


def test_what_was_learnt_is_brought_within_the_limit():
    text = Graph(3, 2, weight_scale=40.0).founder(np.random.default_rng(0))
    learnt = SMALL.learnt(text)
    assert SMALL.contains(learnt)
    assert max(abs(gene.weight) for gene in read_genome(learnt).connections) == 2.0
    assert SMALL.learnt("relu") is SMALL.learnt(None) is SMALL.learnt(7) is None
    assert SMALL.learnt(Graph(2, 2).default_value()) is None
