from __future__ import annotations

import itertools

import pytest

from raysearch.models.cnn.wiring import (
    CELL_SPACES,
    DEFAULTS,
    NAS_BENCH_201,
    OPERATIONS,
    edge_key,
    edges,
    live_edges,
)


def paths(n_nodes, *, start=0):
    """Yield every path from a node to the last, as its edges."""
    last = n_nodes - 1
    if start == last:
        yield []
    for target in range(start + 1, n_nodes):
        for path in paths(n_nodes, start=target):
            yield [(start, target), *path]


@pytest.mark.parametrize(("cell_space", "n_edges"), [("nas_bench_201", 6), ("large", 10)])
def test_an_edge_leads_from_each_node_to_every_later_one(cell_space, n_edges):
    n_nodes = CELL_SPACES[cell_space]
    found = edges(n_nodes)
    assert len(found) == n_edges
    assert set(found) == set(itertools.combinations(range(n_nodes), 2))
    assert [target for _, target in found] == sorted(target for _, target in found)


def test_the_operations_of_the_benchmark_are_five():
    assert len(NAS_BENCH_201) == 5
    assert set(NAS_BENCH_201) < set(OPERATIONS)


@pytest.mark.parametrize("n_nodes", [4, 5])
def test_live_edges_are_those_on_a_path_without_none(n_nodes):
    all_edges = edges(n_nodes)
    for is_there in itertools.product([True, False], repeat=len(all_edges)):
        cell = {
            e: "skip" if there else "none" for e, there in zip(all_edges, is_there, strict=True)
        }
        whole = [path for path in paths(n_nodes) if all(cell[edge] == "skip" for edge in path)]
        assert set(live_edges(cell)) == {edge for path in whole for edge in path}


def test_names_of_edges_are_those_of_the_constructor():
    assert edge_key((2, 3)) == "edge_2_3"
    assert len({edge_key(edge) for edge in DEFAULTS}) == 10
