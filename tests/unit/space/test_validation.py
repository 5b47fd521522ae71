"""Configurations: every fault at once, and only those that are certain."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Choice, Float, Int, Space

SPACE = Space(
    {
        "width": Int(8, 64, step=8),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 0.99, when={"optimizer": "sgd"}),
        "nesterov": Choice([True, False], when={"momentum": [0.5, 0.99]}),
    }
)


def faults(configuration):
    with pytest.raises(ConfigurationError) as caught:
        SPACE.validate(configuration)
    assert not SPACE.contains(configuration)
    return list(caught.value.faults)


def test_legal_configurations():
    for configuration in (
        {"width": 8, "optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0, "width": 64},
        {"width": 8, "optimizer": "sgd", "momentum": 0.5, "nesterov": True},
    ):
        SPACE.validate(configuration)
        assert SPACE.contains(configuration)


def test_canonical_has_the_order_and_types_of_the_space():
    canonical = SPACE.canonical({"momentum": 0, "optimizer": "sgd", "width": 8})
    assert list(canonical.items()) == [("width", 8), ("optimizer", "sgd"), ("momentum", 0.0)]
    assert type(canonical["momentum"]) is float


def test_every_fault_is_named_at_once():
    assert faults({"widht": 8, "optimizer": "adam", "momentum": 0.9, "nesterov": True}) == [
        "width is missing, and it is active. Give it one of 8 to 64, step 8; its default is 32.",
        "widht is not a parameter of this space. Did you mean width? "
        "Valid: momentum, nesterov, optimizer, width.",
        "momentum is 0.9, but it is inactive: it needs optimizer = sgd. Leave it out.",
        "nesterov is true, but it is inactive: it needs momentum = 0.5 or 0.99. Leave it out.",
    ]


def test_values_and_types():
    assert faults({"width": 30, "optimizer": "sgd", "momentum": True}) == [
        "width: 30 is not on a step of 8 to 64, step 8. The nearest legal value is 32.",
        "momentum: true is a bool, and a float is needed. Legal are 0.0 to 0.99.",
    ]
    assert "width: np.int64(8) is a numpy.int64" in faults(
        {"width": np.int64(8), "optimizer": "adam"}
    )[0]  # fmt: skip


def test_missing_children_say_why_they_are_active():
    assert faults({"width": 8, "optimizer": "sgd"}) == [
        "momentum is missing, and it is active, because optimizer = sgd. "
        "Give it one of 0.0 to 0.99; its default is 0.495."
    ]


def test_nothing_is_said_about_parameters_below_a_faulty_one():
    assert len(faults({"width": 8, "optimizer": "sdg", "momentum": 0.5, "nesterov": True})) == 1
    assert len(faults({"width": 8, "momentum": 5, "nesterov": "maybe"})) == 1
    assert len(faults({"width": 8, "optimizer": ["sgd"], "momentum": 0.5})) == 1


def test_a_key_in_several_branches_is_named_with_its_branch():
    space = Space({"m": Choice({"a": Space({"n": Int(1, 3)}), "b": Space({"n": Int(5, 9)})})})
    with pytest.raises(ConfigurationError, match=r"n\[m=b\]: 3 lies outside 5 to 9"):
        space.validate({"m": "b", "n": 3})
    space = Space({"m": Choice({"a": Space({"n": 1}), "b": Space({"n": 1}), "c": Space({})})})
    with pytest.raises(ConfigurationError, match=r"it needs m = a; or m = b. Leave it out"):
        space.validate({"m": "c", "n": 1})


def test_what_is_no_mapping_is_no_configuration():
    assert faults([8, "adam"]) == [
        "[8, 'adam'] is a list, and a configuration maps keys to values."
    ]
    assert faults(None) == ["null is null, and a configuration maps keys to values."]


def test_keys_that_are_no_text_are_unknown():
    assert faults({"width": 8, "optimizer": "adam", 3: 1})[0].startswith("3 is not a parameter")
