"""Configurations of which only some values are given."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Choice, Float, Int, Space

SPACE = Space(
    {
        "width": Int(8, 64, step=8),
        "optimizer": Choice(["adam", "sgd", None]),
        "momentum": Float(0, 1, when={"optimizer": "sgd"}),
        "nesterov": Choice([True, False], when={"momentum": 1}),
        "model": Choice({"a": Space({"n": Int(1, 3)}), "b": Space({"n": Int(5, 9)})}),
    }
)
REST = {"model": "a", "n": 2}


@pytest.mark.parametrize(
    ("partial", "complete"),
    [
        ({}, {"width": 32, "optimizer": "adam"} | REST),
        ({"width": 8}, {"width": 8, "optimizer": "adam"} | REST),
        ({"optimizer": None}, {"width": 32, "optimizer": None} | REST),
        ({"optimizer": "sgd"}, {"width": 32, "optimizer": "sgd", "momentum": 0.5} | REST),
        (
            {"momentum": 1, "optimizer": "sgd"},  # an int, where the parent is a float
            {"width": 32, "optimizer": "sgd", "momentum": 1.0, "nesterov": True} | REST,
        ),
        ({"n": 9, "model": "b"}, {"width": 32, "optimizer": "adam", "model": "b", "n": 9}),
    ],
)
def test_the_rest_is_the_default(partial, complete):
    filled = SPACE.complete(partial)
    assert list(filled.items()) == list(SPACE.canonical(complete).items())
    assert all(type(filled[key]) is type(complete[key]) for key in complete)


def test_a_complete_configuration_stays_as_it_is():
    configuration = SPACE.default()
    assert SPACE.complete(configuration) == configuration


def test_all_faults_are_told_at_once_in_the_words_of_validate():
    with pytest.raises(ConfigurationError) as caught:
        SPACE.complete({"widht": 8, "width": 9, "momentum": 0.5, "model": "b"})
    assert caught.value.faults == (
        "width: 9 is not on a step of 8 to 64, step 8. The nearest legal value is 8.",
        "widht is not a parameter of this space. Did you mean width? "
        "Valid: model, momentum, n, nesterov, optimizer, width.",
        "momentum is 0.5, but it is inactive: it needs optimizer = sgd. Leave it out.",
    )


def test_what_depends_on_an_illegal_value_is_not_judged():
    with pytest.raises(ConfigurationError) as caught:
        SPACE.complete({"optimizer": "sdg", "momentum": 0.5})
    assert caught.value.faults == (
        "optimizer: sdg is not one of adam, sgd, null. Did you mean sgd?",
    )


def test_what_is_no_mapping_is_refused():
    with pytest.raises(ConfigurationError, match="a configuration maps keys to values"):
        SPACE.complete([32])
