"""Is a space refused for what a method cannot do with it, and are those that can named?"""

from __future__ import annotations

from typing import NoReturn

import pytest

from raysearch.errors import ConfigurationError, UnsuitableSpace
from raysearch.experiment.components import able_searchers
from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS
from raysearch.searchers.suitability import MOST_NAMED, refuse, require_places
from raysearch.space import Bool, Choice, Float, Space
from tests.unit.searchers.histories import LOSS


class Placeless(Choice):
    """Values that no vector can hold, as those of graphs."""

    def to_unit(self, value: object) -> NoReturn:
        raise ConfigurationError("no place on the unit interval")


PLAIN = Space({"x": Float(0.0, 1.0), "bias": Bool()})
GRAPHS = Space({"x": Float(0.0, 1.0), "net": Placeless(["a", "b", "c"])})


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


@pytest.mark.parametrize("name", ["cross_entropy", "hyperopt"])
def test_methods_that_need_places_refuse_them(name: str) -> None:
    with pytest.raises(UnsuitableSpace, match=f"^{name} cannot search this space: net has"):
        load_object(SEARCHERS[name])(GRAPHS, objective=LOSS)


def test_those_that_can_search_a_space_are_named() -> None:
    able = able_searchers(GRAPHS, but="genetic", objective=LOSS, seed=0)
    assert {"annealing", "evolution", "local_search", "random"} <= set(able)
    assert not {"cross_entropy", "genetic", "hyperopt"} & set(able)
    assert "genetic" in able_searchers(GRAPHS, objective=LOSS, seed=0)
