"""Domains as an experiment file writes them."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import (
    Bool,
    Choice,
    Fixed,
    Float,
    Int,
    Prior,
    Space,
    domain_from_settings,
    domain_to_settings,
)


@pytest.mark.parametrize(
    ("settings", "domain"),
    [
        ({"int": [8, 64], "step": 8}, Int(8, 64, step=8)),
        ({"int": [8, 256], "step": 2, "log": True}, Int(8, 256, step=2, log=True)),
        ({"int": [8, 64], "step": None, "when": None}, Int(8, 64)),
        ({"float": [1e-4, 0.1], "log": True}, Float(1e-4, 0.1, log=True)),
        ({"float": (0, 1), "sampling": "linear", "default": 0.2}, Float(0, 1, default=0.2)),
        (
            {"float": [1, 2], "prior": {"centre": 1.5, "confidence": 0.5}},
            Float(1, 2, prior=Prior(1.5, 0.5)),
        ),
        ({"choice": ["relu", "gelu"], "default": "gelu"}, Choice(["relu", "gelu"], default="gelu")),
        ({"choice": ["a", None], "default": None}, Choice(["a", None], default=None)),
        ({"choice": [16, 32], "ordered": True}, Choice([16, 32], ordered=True)),
        ({"choice": [True, False]}, Choice([True, False])),
        ({"bool": {}}, Bool()),
        ({"bool": None, "default": True}, Bool(default=True)),
        ({"fixed": 0.9, "when": {"a": 1}}, Fixed(0.9, when={"a": [1]})),
        ({"fixed": None}, Fixed(None)),
        ({"int": [1, 2], "when": {"a": 1, "b": ["x", "y"]}}, Int(1, 2, when={"a": 1, "b": ["x", "y"]})),  # noqa: E501
        (0.9, Fixed(0.9)),
        ("adam", Fixed("adam")),
        (None, Fixed(None)),
        (Int(1, 2), Int(1, 2)),
    ],
)  # fmt: skip
def test_reading_and_writing(settings, domain):
    assert domain_from_settings(settings) == domain
    assert domain_from_settings(domain_to_settings(domain)) == domain


def test_what_is_usual_is_not_written():
    assert domain_to_settings(Int(8, 64)) == {"int": [8, 64]}
    assert domain_to_settings(Float(0, 1)) == {"float": [0.0, 1.0]}
    assert domain_to_settings(Choice(["a", "b"])) == {"choice": ["a", "b"]}
    assert domain_to_settings(Bool()) == {"bool": {}}
    assert domain_to_settings(Fixed(1, when={})) == {"fixed": 1, "when": {}}


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        ({"int": [64, 8]}, ["low 64 lies above high 8"]),
        ({"int": [8]}, ["int is [8]. Give two bounds: int: [low, high]."]),
        ({"float": 0.5}, ["float is 0.5. Give two bounds: float: [low, high]."]),
        ({"float": ["1e-4", 0.1]}, ['low: "1e-4" is text, and a float is needed. Write 1e-4']),
        ({"int": [8, 64], "stpe": 8}, ["stpe is not a setting of int. Did you mean step?"]),
        ({"int": [64, 8], "stpe": 8}, ["stpe is not a setting", "low 64 lies above high 8"]),
        ({"choice": ["a"], "log": True}, ["log is not a setting of choice."]),
        ({"choice": "relu"}, ["relu is text. List the values"]),
        ({"choice": {"a": {}}}, ["choice is {'a': {}}, a mapping."]),
        ({"int": [1, 2], "float": [1, 2]}, ["A domain has one kind, and this has both int and float"]),  # noqa: E501
        ({"itn": [1, 2]}, ["this has none among itn. Did you mean int? Valid: int, float, choice"]),
        ({}, ["this has none. Valid: int"]),
        ({"bool": True}, ["bool is true. Write {bool: {}}"]),
        ([1, 2], ["[1, 2] is a list, and a domain is needed.", "write {choice: [1, 2]}"]),
        (float("nan"), ["nan is not finite"]),
        (len, ["a builtin_function_or_method, and a plain value is needed"]),
        ({"int": [1, 8], "prior": 3}, ["prior is 3. Write {centre: ..., confidence: ...}"]),
        ({"int": [1, 8], "prior": {"centre": 3}}, ["prior is {'centre': 3}. Write"]),
        ({"int": [1, 8], "prior": {"centre": 9, "confidence": 0.5}}, ["prior.centre: 9 lies outside"]),  # noqa: E501
        ({"int": [8, 1], "prior": {"centre": 9, "confidence": 2}}, ["prior.confidence is 2", "low 8"]),  # noqa: E501
        ({"int": [1, 8], "when": [1]}, ["when is [1], a list."]),
    ],
)  # fmt: skip
def test_faults_are_all_found_at_once(settings, messages):
    with pytest.raises(ConfigurationError) as caught:
        domain_from_settings(settings)
    for message in messages:
        assert message in str(caught.value)


def test_a_choice_of_sub_spaces_is_written_by_its_space():
    domain = Choice({"a": Space({"x": 1}), "b": Space({})})
    with pytest.raises(ConfigurationError, match=r"The choice of a, b is one of sub-spaces"):
        domain_to_settings(domain)
    space = Space({"m": domain})
    assert domain_to_settings(space["m"][0].domain) == {"choice": ["a", "b"]}
