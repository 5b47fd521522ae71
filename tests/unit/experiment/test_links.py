"""Arguments that take the value of another, and points that are tried first."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings

NETS = """\
class Net:
    def __init__(self, a=1, b=2, c=3, d=4): ...

class Other:
    def __init__(self, a=1): ...

class Data:
    def __init__(self, size=8, window=10): ...
"""

SETTINGS = {
    "data": "linked_for_tests:Data",
    "model": "linked_for_tests:Net",
    "objective": "val_loss",
    "fidelity": {"max_epochs": 9},
    "space": {"a": {"int": [1, 8]}, "b": {"choice": [2, 4]}},
}
SEVERAL = {
    "model": ["linked_for_tests:Net", "linked_for_tests:Other"],
    "space": {"Net.a": {"int": [1, 8]}, "Other.a": {"int": [1, 8]}, "data.size": {"int": [1, 8]}},
}


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "linked_for_tests.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)


def load(**changed):
    return from_settings({**SETTINGS, **changed})


def faults(**changed):
    with pytest.raises(ConfigurationError) as refused:
        load(**changed)
    *found, _ = str(refused.value).splitlines()
    return [fault.removeprefix("settings given in Python: ") for fault in found]


def test_a_link_in_a_chain_leads_to_the_one_that_is_searched():
    experiment = load(link={"c": "a", "d": "a", "data.window": "b"})
    bound = experiment.bind({"a": 5, "b": 4})
    assert bound.model_arguments == {"a": 5, "b": 4, "c": 5, "d": 5}
    assert bound.data_arguments == {"window": 4}


def test_the_name_of_the_only_model_may_stand_in_front():
    assert load(link={"Net.c": "Net.a"}).links == {"c": "a"}


def test_a_linked_parameter_is_not_searched():
    assert load(link={"b": "a"}).space.keys == ("a",)


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ({"c": "c"}, "link.c: c is linked to itself. Link it to another parameter, or leave it"),
        ({"a": "a"}, "link.a: a is linked to itself."),
        ({"c": "d", "d": "c"}, "(c <- d <- c). Remove one of these links."),
        ({"a": "b", "b": "a"}, "(a <- b <- a). Remove one of these links."),
        ({"b": "c", "c": "d", "d": "b"}, "(b <- c <- d <- b). Remove one of these links."),
        ({"Net.a": "b", "b": "a"}, "(a <- b <- a). Remove one of these links."),
        ({"x": "a"}, "link.x: there is no argument x. Write ARGUMENT: PARAMETER."),
        ({"c": "x"}, "link.c: x is not a parameter of the space. It has: a, b."),
        ({"data.x": "a"}, "link.data.x: there is no argument data.x."),
    ],
)
def test_a_link_at_fault_is_told_once(link, fault):
    (found,) = faults(link=link)
    assert fault in found


def test_a_link_to_a_linked_argument_is_refused():
    (found,) = faults(link={"b": "a", "c": "b"})
    assert found.startswith("link.c: b takes its value from another one itself. Link to that one.")


def test_a_circle_does_not_hide_the_other_links():
    found = faults(link={"a": "b", "b": "a", "c": "x"})
    assert [fault.partition(":")[0] for fault in found] == ["link.a", "link.c"]


def test_a_link_to_an_argument_that_is_fixed_is_refused():
    (found,) = faults(model={"class": "linked_for_tests:Net", "args": {"c": 3}}, link={"c": "a"})
    assert found == "link.c: c is fixed already by model.args.c. Keep one of them."


def test_a_link_whose_range_is_at_fault_is_not_at_fault_as_well():
    (found,) = faults(space={"a": {"int": [8, 1]}}, link={"c": "a"}, points=[{"a": 3}])
    assert found.startswith("space.a: low 8 lies above high 1")


def test_a_link_between_models_is_refused():
    (found,) = faults(**SEVERAL, link={"Net.c": "Other.a"})
    assert "Other.a is not active whenever Net.c needs a value" in found
    experiment = load(**SEVERAL, link={"Net.c": "Net.a", "Net.d": "data.size"})
    bound = experiment.bind({"model": "Net", "Net.a": 5, "data.size": 3})
    assert bound.model_arguments == {"a": 5, "c": 5, "d": 3}


def test_points_are_whole_configurations():
    assert load(points=[{"Net.a": 5}, {}]).points == ({"a": 5, "b": 2}, {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ({"a": {"int": [1, 3]}}, "points.a is {int: [1, 3]}. A point has values, not ranges."),
        ({"a": 9}, "points, number 2: a: 9 lies outside 1 to 8"),
        ({"x": 9}, "points, number 2: x is not a parameter"),
    ],
)
def test_a_point_at_fault_is_told(point, fault):
    (found,) = faults(points=[{"a": 1}, point])
    assert fault in found
