"""Choice: which values it takes, what it refuses, how it is drawn and mutated."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int, Prior, Space


def test_places_and_values_in_the_order_given():
    domain = Choice(["b", "a", 3, None])
    assert [domain.to_unit(value) for value in domain.values] == [0.125, 0.375, 0.625, 0.875]
    assert [domain.from_unit(u) for u in (0.0, 0.3, 0.5, 0.99, 1.0)] == ["b", "a", 3, None, None]
    assert list(domain.grid(2)) == ["b", "a", 3, None]
    assert domain.size() == 4


def test_the_default_may_be_null():
    assert Choice(["a", "b"]).default_value() == "a"
    assert Choice(["a", "b"], default="b").default_value() == "b"
    assert Choice(["a", "b"], default=None).default_value() == "a"
    assert Choice(["a", None]).default_value() == "a"
    assert Choice(["a", None], default=None).default_value() is None


def test_types_count():
    assert Choice([1, 2]).contains(1)
    assert not Choice([1, 2]).contains(1.0)
    assert not Choice([1, 2]).contains(True)
    assert not Choice([True]).contains(1)
    assert not Choice(["1"]).contains([1])
    assert Choice([1]) != Choice([True])
    assert Choice([0, "0"]).size() == 2


@pytest.mark.parametrize(
    ("domain", "value", "message"),
    [
        (Choice(["relu", "gelu"]), "rleu", "rleu is not one of relu, gelu. Did you mean relu?"),
        (Choice([1, 2]), 1.0, "1.0 is not one of 1, 2. It is a float; write 1, an int."),
        (Choice([1, 2]), "2", '"2" is not one of 1, 2. It is text; write 2, an int.'),
        (Choice([False, True]), "true", '"true" is not one of false, true. It is text; write true'),
        (Choice([16, 32]), 24, "24 is not one of 16, 32."),
        (Choice(["a"]), None, "null is not a, the only value."),
        (Choice(["a", "b"]), ["a"], "['a'] is not one of a, b."),
    ],
)
def test_illegal_values_are_explained(domain, value, message):
    assert not domain.contains(value)
    explained = domain.explain(value)
    assert explained is not None
    assert explained.startswith(message)


@pytest.mark.parametrize(
    ("build", "messages"),
    [
        (lambda: Choice([]), ["The choice is empty. List the values"]),
        (lambda: Choice({}), ["The choice is empty"]),
        (lambda: Choice("relu"), ["relu is text. List the values to choose from."]),
        (lambda: Choice({"a", "b"}), ["is a set. List the values"]),
        (lambda: Choice(["a", "b", "a"]), ["a is listed twice. Remove one."]),
        (lambda: Choice([1, True]), ["1 and true count as equal. Keep one"]),
        (lambda: Choice([0.0, 1, 0]), ["0.0 and 0 count as equal"]),
        (lambda: Choice([[1, 2], 3]), ["[1, 2] is a list, and a plain value is needed"]),
        (lambda: Choice([(1, 2)]), ["(1, 2) is a tuple, and a plain value"]),
        (lambda: Choice([{"a": 1}]), ["is a dict, and a plain value"]),
        (lambda: Choice([float("nan")]), ["nan is not finite"]),
        (lambda: Choice([float("inf"), 1.0]), ["inf is not finite"]),
        (lambda: Choice([np.float64(0.5)]), ["np.float64(0.5) is a numpy.float64"]),
        (lambda: Choice([len]), ["is a builtin_function_or_method"]),
        (lambda: Choice(["a"], default="b"), ["default: b is not a, the only value."]),
        (lambda: Choice([1, 2], default=2.0), ["default: 2.0 is not one of 1, 2."]),
        (lambda: Choice(["a", "b"], prior=Prior("c", 0.5)), ["prior.centre: c is not one of a, b"]),
        (lambda: Choice(["a", "b"], prior="a"), ["prior is a. Give Prior"]),
        (lambda: Choice(["a", "b"], ordered=1), ["ordered is 1, an int. Give true or false."]),
        (lambda: Choice({1: Space({})}), ["1 is an int, and names a sub-space"]),
        (lambda: Choice({"": Space({})}), ['"" is text, and names a sub-space']),
        (lambda: Choice({"a": {"x": 1}}), ["sub-space a: {'x': 1} is a dict. Give a Space."]),
        (lambda: Choice([1, 1, [2]], ordered=0, when={"": 1}), ["[2] is a list", "ordered", 'names ""']),  # noqa: E501
    ],
)  # fmt: skip
def test_wrong_arguments_are_all_refused_at_once(build, messages):
    with pytest.raises(ConfigurationError) as caught:
        build()
    for message in messages:
        assert message in str(caught.value)


def test_a_prior_gives_its_centre_extra_weight():
    rng = np.random.default_rng(0)
    domain = Choice(list("abcd"), prior=Prior("c", 0.6))
    drawn = [domain.sample(rng) for _ in range(1000)]
    # 0.6 + 0.4 / 4 and 0.4 / 4; five standard deviations are 0.073 and 0.048
    assert abs(drawn.count("c") / 1000 - 0.7) < 0.073
    assert abs(drawn.count("a") / 1000 - 0.1) < 0.048


def test_a_prior_of_an_ordered_choice_falls_off_with_the_distance():
    rng = np.random.default_rng(0)
    domain = Choice([1, 2, 4, 8, 16], ordered=True, prior=Prior(2, 0.7))
    drawn = [domain.sample(rng) for _ in range(1000)]
    assert drawn.count(2) > drawn.count(4) > drawn.count(8) > drawn.count(16)


def test_mutation_goes_to_a_neighbour_if_ordered_else_anywhere_else():
    rng = np.random.default_rng(0)
    ordered = Choice([1, 2, 4, 8], ordered=True)
    assert {ordered.mutate(4, rng, 0.1) for _ in range(30)} == {2, 8}
    assert {ordered.mutate(1, rng, 0.1) for _ in range(30)} == {2}
    assert {ordered.mutate(8, rng, 0.1) for _ in range(30)} == {4}
    assert {Choice([1, 2, 4, 8]).mutate(4, rng, 0.1) for _ in range(60)} == {1, 2, 8}
    assert Choice(["a"]).mutate("a", rng, 0.1) == "a"


def test_covering():
    assert Choice([1, 2, "a"]).covers(Choice([2, "a"]))
    assert Choice([1, 2, 3]).covers(Int(1, 2))
    assert Choice([True, False]).covers(Bool())
    assert Choice(["sgd", "adam"]).covers(Fixed("adam"))
    assert not Choice([1, 2]).covers(Choice([2, 3]))
    assert not Choice([1, 2]).covers(Float(1, 2))
    assert not Choice([1, 2]).covers(Choice([1.0]))
    assert not Choice([1, 2, 3]).covers(Int(1, 2**40))


def test_a_choice_of_sub_spaces_holds_names():
    domain = Choice({"a": Space({"x": 1}), "b": Space({})}, default="b", when={"c": 1})
    assert domain.values == ("a", "b")
    assert domain.default_value() == "b"
    assert domain.subspaces == (Space({"x": 1}), Space({}))
    assert pickle.loads(pickle.dumps(domain)) == domain
