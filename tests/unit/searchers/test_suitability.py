"""Which methods take spaces with graphs, and which take no others."""

from __future__ import annotations

import pytest

from raysearch.searchers import SEARCHERS
from raysearch.searchers.suitability import graph_fault
from raysearch.space import Choice, Float, Graph, Space

PLAIN = Space({"rate": Float(0.0, 1.0)})
DEEP = Space({"model": Choice({"graph": Space({"graph.graph": Graph(2, 1)}), "mlp": PLAIN})})


def fault(name, space):
    return graph_fault(SEARCHERS[name], name=name, space=space)


@pytest.mark.parametrize("name", ["grid", "hyperopt"])
def test_methods_that_need_vectors_or_grids_name_those_that_do_not(name):
    assert fault(name, PLAIN) is None
    told = fault(name, DEEP)
    assert told.startswith(f"{name} cannot search graph.graph, which is a Graph")
    able = told.partition("Searchers that can: ")[2].partition(".")[0].split(", ")
    assert {"neat", "random"} <= set(able)
    assert name not in able
    assert all(fault(other, DEEP) is None for other in able)


def test_a_method_for_graphs_alone_names_the_others():
    assert fault("neat", DEEP) is None
    told = fault("neat", PLAIN)
    assert told.startswith("neat evolves graphs, and the space has none")
    assert "hyperopt" in told
    assert "neat" not in told.partition("use one of ")[2]
