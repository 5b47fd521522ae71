"""Is a space refused for what a method cannot do with it, and are those that can named?"""

from __future__ import annotations

import pytest

from raysearch.errors import UnsuitableSpace
from raysearch.experiment.components import able_searchers, searcher_for
from raysearch.experiment.values import Component
from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS
from raysearch.searchers.suitability import MOST_NAMED, refuse, require_places
from raysearch.space import Bool, Float, Graph, Space
from tests.unit.searchers.histories import LOSS

PLAIN = Space({"x": Float(0.0, 1.0), "bias": Bool()})
GRAPHS = Space({"x": Float(0.0, 1.0), "net": Graph(2, 1)})


def test_nothing_in_the_way_is_no_refusal() -> None:
    refuse([], method="grid", why="no step")
    require_places(PLAIN, method="cross_entropy")


def test_a_refusal_names_the_parameters_and_not_too_many() -> None:
    parameters = Space({f"p{i}": Float(0.0, 1.0) for i in range(MOST_NAMED + 3)}).parameters
    with pytest.raises(UnsuitableSpace) as caught:
        refuse(parameters, method="cmaes", why="categories", remedy="or fix them")
    assert caught.value.faults == (
        "cmaes cannot search this space: p0, p1, p2, p3 and 3 more have categories. Choose another "
        "method, or fix them.",
    )


def test_values_without_a_place_are_refused() -> None:
    with pytest.raises(UnsuitableSpace, match="net has values without a place on a scale"):
        require_places(GRAPHS, method="cross_entropy")


@pytest.mark.parametrize("name", ["cross_entropy", "grid", "hyperopt"])
def test_methods_that_need_places_refuse_them(name: str) -> None:
    with pytest.raises(UnsuitableSpace, match=f"^{name} cannot search this space: net has"):
        load_object(SEARCHERS[name])(GRAPHS, objective=LOSS)


def test_those_that_can_search_a_space_are_named() -> None:
    able = able_searchers(GRAPHS, but="genetic", objective=LOSS, seed=0)
    assert {"annealing", "evolution", "local_search", "random"} <= set(able)
    assert not {"cross_entropy", "genetic", "grid", "hyperopt"} & set(able)
    assert "genetic" in able_searchers(GRAPHS, objective=LOSS, seed=0)


def test_a_method_for_graphs_alone_refuses_others() -> None:
    neat = Component(name="neat", class_path=SEARCHERS["neat"], settings={})
    searcher_for(GRAPHS, component=neat, objective=LOSS, seed=0)
    with pytest.raises(UnsuitableSpace, match=r"^neat evolves graphs, and this space has none"):
        searcher_for(PLAIN, component=neat, objective=LOSS, seed=0)
    assert "neat" in able_searchers(GRAPHS, objective=LOSS, seed=0)
    assert "neat" not in able_searchers(PLAIN, objective=LOSS, seed=0)
