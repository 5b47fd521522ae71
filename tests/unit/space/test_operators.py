"""Drawing, mutation and crossover: what the properties do not pin down."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int, Space

A = Space({"width": Int(1, 10), "kernel": Choice([3, 5, 7]), "pool": Bool()})
B = Space({"width": Int(8, 500), "residual": Bool()})
SPACE = Space({"model": Choice({"a": A, "b": B}), "rate": Float(0, 1)})


def test_the_default_follows_defaults_into_branches():
    assert SPACE.default() == {"model": "a", "width": 5, "kernel": 3, "pool": False, "rate": 0.5}
    other = SPACE.replaced({"model": Choice(["a", "b"], default="b")})
    assert other.default() == {"model": "b", "width": 254, "residual": False, "rate": 0.5}


def test_branches_are_drawn_alike():
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng)["model"] for _ in range(1000)]
    assert abs(drawn.count("a") - 500) < 80  # five standard deviations


def test_a_mutated_branch_keeps_the_values_that_are_legal_there():
    rng = np.random.default_rng(0)
    kept, drawn = set(), set()
    for width in (5, 9):
        parent = {"model": "a", "width": width, "kernel": 5, "pool": True, "rate": 0.5}
        for _ in range(60):
            child = SPACE.mutate(parent, rng)
            if child["model"] == "b":
                assert set(child) == {"model", "width", "residual", "rate"}
                (kept if width == 9 else drawn).add(child["width"])
    assert kept == {9}
    assert len(drawn) > 3


def test_n_mutations_changes_so_many_parameters():
    rng = np.random.default_rng(0)
    space = Space({key: Int(0, 1000) for key in "abcdef"} | {"g": 1})
    parent = space.default()
    for n_mutations, changed in ((1, 1), (3, 3), (6, 6), (50, 6)):
        child = space.mutate(parent, rng, n_mutations=n_mutations)
        assert sum(child[key] != parent[key] for key in parent) == changed


def test_a_small_scale_moves_little():
    rng = np.random.default_rng(0)
    space = Space({"x": Float(0, 1)})
    far = max(abs(space.mutate({"x": 0.5}, rng, scale=0.01)["x"] - 0.5) for _ in range(100))
    assert 0 < far < 0.06  # six standard deviations


def test_a_space_of_one_configuration_mutates_into_itself():
    assert Space({"a": 1, "b": Int(2, 2)}).mutate({"a": 1, "b": 2}, np.random.default_rng(0)) == {
        "a": 1,
        "b": 2,
    }


def test_a_child_has_the_whole_branch_of_the_parent_that_has_it():
    rng = np.random.default_rng(0)
    one = {"model": "a", "width": 9, "kernel": 7, "pool": True, "rate": 0.1}
    other = {"model": "b", "width": 10, "residual": True, "rate": 0.9}
    children = [SPACE.crossover(one, other, rng) for _ in range(40)]
    for child in children:
        branch = {key: value for key, value in child.items() if key != "rate"}
        parent = one if child["model"] == "a" else other
        assert branch == {key: value for key, value in parent.items() if key != "rate"}
    assert {(child["model"], child["rate"]) for child in children} == set(
        itertools.product("ab", (0.1, 0.9))
    )


def test_parameters_active_in_neither_parent_are_found_or_drawn():
    rng = np.random.default_rng(0)
    space = Space(
        {
            "p": Bool(),
            "q": Bool(),
            "only": Int(0, 1000, when={"p": True, "q": True}),
        }
    )
    children = [
        space.crossover({"p": True, "q": False}, {"p": False, "q": True}, rng) for _ in range(60)
    ]
    drawn = {child["only"] for child in children if "only" in child}
    assert len(drawn) > 5
    assert all(("only" in child) == (child["p"] and child["q"]) for child in children)


def test_the_value_of_the_same_key_serves_where_it_is_legal():
    stored = [
        {"key": "p", "domain": {"bool": {}}},
        {"key": "q", "domain": {"bool": {}}},
        {"key": "n", "domain": {"int": [1, 10]}, "when": {"p": [False]}},
        {"key": "n", "domain": {"int": [5, 1000]}, "when": {"p": [True], "q": [True]}},
    ]
    space = Space.from_json({"schema_version": 1, "parameters": stored})
    rng = np.random.default_rng(0)
    one, other = {"p": True, "q": False}, {"p": False, "q": True, "n": 7}
    children = [space.crossover(one, other, rng) for _ in range(60)]
    assert {child["n"] for child in children if child["p"] and child["q"]} == {7}


def test_ints_given_for_floats_become_floats():
    rng = np.random.default_rng(0)
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    for child in (space.mutate({"x": 0, "y": 1}, rng), space.crossover({"x": 0, "y": 1}, {"x": 1, "y": 0}, rng)):  # noqa: E501  # fmt: skip
        assert {type(value) for value in child.values()} == {float}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, rng: s.mutate({"x": 2.0}, rng), "x: 2.0 lies outside 0.0 to 1.0"),
        (lambda s, rng: s.mutate({"x": 0.5}, rng, n_mutations=0), "n_mutations is 0. Give an int"),
        (lambda s, rng: s.mutate({"x": 0.5}, rng, n_mutations=True), "n_mutations is true"),
        (lambda s, rng: s.mutate({"x": 0.5}, rng, scale=0), "scale is 0. Give a number in"),
        (lambda s, rng: s.mutate({"x": 0.5}, rng, scale=1.5), "scale is 1.5"),
        (lambda s, rng: s.mutate({"x": 0.5}, rng, scale="big"), "scale is big"),
        (lambda s, rng: s.crossover({"x": 0.5}, {"y": 0.5}, rng), "y is not a parameter"),
        (lambda s, rng: s.crossover({}, {"x": 0.5}, rng), "x is missing, and it is active"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ConfigurationError, match=message):
        call(Space({"x": Float(0, 1)}), np.random.default_rng(0))


def test_the_same_seed_gives_the_same_draws():
    def drawn():
        rng = np.random.default_rng(7)
        one, other = SPACE.sample(rng), SPACE.sample(rng)
        return one, SPACE.mutate(one, rng), SPACE.crossover(one, other, rng)

    assert drawn() == drawn()


def test_a_fixed_parameter_is_never_chosen_for_mutation():
    rng = np.random.default_rng(0)
    space = Space({"x": Int(0, 9), "y": Fixed(1), "z": Fixed(2)})
    assert all(space.mutate({"x": 3, "y": 1, "z": 2}, rng)["x"] != 3 for _ in range(20))
