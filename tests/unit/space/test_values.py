"""How values are shown, told apart, and refused."""

from __future__ import annotations

import pytest

from raysearch.space.values import (
    is_among,
    is_same,
    not_among,
    scalar_fault,
    show,
    show_all,
    type_name,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0001, "1e-4"),
        (0.00025, "2.5e-4"),
        (-0.0001, "-1e-4"),
        (0.001, "0.001"),
        (123456.5, "123456.5"),
        (1e22, "1e22"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e308"),
        (0.0, "0.0"),
        (float("nan"), "nan"),
        ("relu", "relu"),
        ("torch.nn:ReLU", '"torch.nn:ReLU"'),
        ("a/b-c.d", "a/b-c.d"),
        ("", '""'),
        ("null", '"null"'),
        ("Yes", '"Yes"'),
        ("größe", "größe"),
        ("1e3", '"1e3"'),
        ("a b", '"a b"'),
        (True, "true"),
        (None, "null"),
        ([1], "[1]"),
        (10**100, f"1{'0' * 56}..."),
    ],
)
def test_shown_as_an_experiment_file_spells_it(value, text):
    assert show(value) == text
    if type(value) is float and value == value:
        assert float(text) == value


def test_several_values_and_types():
    assert show_all(["a", 1.0, None]) == "a, 1.0, null"
    assert type_name({}) == "a dict"
    assert type_name(scalar_fault) == "a function"


def test_types_are_told_apart():
    assert not is_same(True, 1)
    assert not is_among(1.0, [True, 1])
    assert is_among(1.0, [True, 1, 1.0])


def test_not_among_offers_the_twin_of_another_type():
    assert not_among("8", (8, 16)) == '"8" is not one of 8, 16. It is text; write 8, an int.'
    assert not_among("adm", ("adam", 1)) == "adm is not one of adam, 1. Did you mean adam?"
    assert not_among(3, (8, 16)) == "3 is not one of 8, 16."
