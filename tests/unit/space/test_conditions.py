"""Conditions: order, activity, labels, and every fault that a space finds when constructed."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int, Space


def labels(space):
    return [parameter.label for parameter in space.parameters]


def test_parents_come_before_children_else_the_order_is_kept():
    space = Space(
        {
            "momentum": Float(0, 0.9, when={"optimizer": "sgd", "tune": True}),
            "width": Int(1, 4),
            "optimizer": Choice(["sgd", "adam"], when={"tune": [True]}),
            "tune": Bool(),
        }
    )
    assert labels(space) == ["tune", "optimizer", "momentum", "width"]
    assert space["momentum"][0].when == (("optimizer", ("sgd",)), ("tune", (True,)))


def test_active_needs_active_parents():
    space = Space(
        {
            "a": Choice([1, 2]),
            "b": Choice([1, 2], when={"a": 1}),
            "c": Choice([1, 2], when={"b": [1, 2]}),
        }
    )
    assert [p.key for p in space.active({"a": 1, "b": 2, "c": 1})] == ["a", "b", "c"]
    assert [p.key for p in space.active({"a": 2})] == ["a"]
    assert [p.key for p in space.active({"a": 2, "b": 1, "c": 1})] == ["a"]
    assert [p.key for p in space.active({"a": 1})] == ["a", "b"]


def test_conditions_take_the_type_of_the_parent():
    space = Space({"rate": Float(0, 1), "x": Fixed(1, when={"rate": [0, 1]})})
    assert space["x"][0].when == (("rate", (0.0, 1.0)),)
    assert space.canonical({"rate": 0, "x": 1}) == {"rate": 0.0, "x": 1}


def test_a_condition_on_a_key_of_several_branches_means_whichever_is_active():
    branches = {"a": Space({"n": Int(1, 3)}), "b": Space({"n": Choice(["few", "many"])})}
    space = Space({"m": Choice(branches), "x": Fixed(0, when={"n": [3, "many"]})})
    assert labels(space) == ["m", "n[m=a]", "n[m=b]", "x"]
    assert space.contains({"m": "a", "n": 3, "x": 0})
    assert space.contains({"m": "b", "n": "many", "x": 0})
    assert space.contains({"m": "a", "n": 1})
    assert not space.contains({"m": "a", "n": 1, "x": 0})


def test_a_value_may_be_meant_in_the_types_of_several_parents():
    branches = {"a": Space({"n": Float(0, 1)}), "b": Space({"n": Choice([0, True])})}
    space = Space({"m": Choice(branches), "x": Fixed(1, when={"n": [0, 0, 0.0]})})
    assert space["x"][0].when == (("n", (0.0, 0)),)
    assert [type(value) for value in space["x"][0].when[0][1]] == [float, int]
    assert Space.from_json(space.to_json()) == space
    assert space.contains({"m": "a", "n": 0.0, "x": 1})
    assert space.contains({"m": "b", "n": 0, "x": 1})
    assert space.contains({"m": "b", "n": True})


def test_labels_are_unique_by_branch_or_else_by_all_conditions():
    inner = {"p": Space({"n": Int(1, 2)}), "q": Space({"n": Int(3, 4)})}
    space = Space({"m": Choice({"a": Space({"k": Choice(inner)}), "b": Space({"n": Bool()})})})
    assert labels(space) == ["m", "k", "n[m=a,k=p]", "n[m=a,k=q]", "n[m=b]"]
    low, high = ({"key": "n", "domain": 1, "when": {"a": values}} for values in ([1, 2], [3]))
    stored = [{"key": "a", "domain": {"int": [1, 3]}}, low, high]
    space = Space.from_json({"schema_version": 1, "parameters": stored})
    assert labels(space) == ["a", "n[a=1|2]", "n[a=3]"]


def test_branches_in_which_each_key_depends_on_the_other_are_no_cycle():
    one = Space({"x": Bool(), "y": Fixed(1, when={"x": True})})
    other = Space({"y": Bool(), "x": Fixed(1, when={"y": True})})
    space = Space({"kind": Choice({"one": one, "other": other})})
    assert labels(space) == ["kind", "x[kind=one]", "y[kind=one]", "y[kind=other]", "x[kind=other]"]
    assert space.grid_size() == 4


@pytest.mark.parametrize(
    ("domains", "messages"),
    [
        (
            {"momentum": Float(0, 1, when={"optimiser": "sgd"}), "optimizer": Choice(["sgd"])},
            ["momentum, when: optimiser is not a parameter of this space. Did you mean optimizer?"],
        ),
        (
            {"momentum": Float(0, 1, when={"optimizer": ["sgd", "sdg"]}), "optimizer": "sgd"},
            ["momentum, when optimizer: sdg is not sgd, the only value. Did you mean sgd?"],
        ),
        (
            {"a": Int(1, 8), "b": Fixed(1, when={"a": [9, True, 1]})},
            ["b, when a: 9 lies outside 1 to 8.", "b, when a: true is a bool"],
        ),
        (
            {"a": Fixed(1, when={"b": 1}), "b": Fixed(1, when={"a": 1})},
            ["a is active only when b = 1, which depends on a itself (a <- b <- a). Remove one"],
        ),
        (
            {f"p{i}": Fixed(1, when={f"p{j}": 1 for j in range(12)}) for i in range(12)},
            ["p0 is active only when p0 = 1, p1 = 1"],
        ),
        ({"a": Fixed(1, when={"a": 1})}, ["a is active only when a = 1", "(a <- a)"]),
        (
            {
                "m": Choice(["x", "y"]),
                "a": Bool(when={"m": "x"}),
                "b": Fixed(1, when={"m": "y", "a": True}),
            },
            ["b can never be active: its conditions, m = y, a = true, contradict each other"],
        ),
        (
            {"m": Choice({"x": Space({"n": 1}), "y": Space({"n": 2})}), "n": Int(1, 2)},
            ['n occurs twice at once: "m = x" and always can both hold.', '"m = y" and always'],
        ),
        (
            {"k": Choice({"x": Space({"n": 1})}), "m": Choice({"x": Space({"n": 2})})},
            ['n occurs twice at once: "k = x" and "m = x" can both hold. Rename one'],
        ),
        ({"m": Choice({"m": Space({"m": Bool()})})}, ["m occurs twice at once"]),
        ({"": Bool(), 3: Bool()}, ['"" is text, and a key is needed', "3 is an int, and a key"]),
        ({"a": [1, 2]}, ["a: [1, 2] is a list, and a domain or a plain value is needed."]),
        ({"a": {"b": 1}, "c": float("nan")}, ["a: {'b': 1} is a dict", "c: nan is not finite"]),
        ([("a", 1)], ["A space is made of [('a', 1)], a list. Give a mapping"]),
    ],
)
def test_what_is_wrong_with_a_space_is_found_at_once(domains, messages):
    with pytest.raises(ConfigurationError) as caught:
        Space(domains)
    for message in messages:
        assert message in str(caught.value)
