"""Are numbers out of range named with their value, their key and what would be right?"""

from __future__ import annotations

import math

import pytest

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.errors import ConfigurationError


@pytest.mark.parametrize("value", [1, 2, 5])
def test_legal_integers(value: int) -> None:
    assert integer_fault("a.b", value, at_least=1, at_most=5) is None
    assert integer_fault("a.b", 100 * value, at_least=1) is None


@pytest.mark.parametrize("value", [0, 6, 2.0, True, "2", None])
def test_illegal_integers(value: object) -> None:
    fault = integer_fault("a.b", value, at_least=1, at_most=5)
    assert fault == f"a.b is {value!r}. It must be an integer from 1 to 5."


@pytest.mark.parametrize("value", [0.5, 1, 2.0])
def test_legal_numbers(value: float) -> None:
    assert number_fault("a.b", value, at_least=0.5, at_most=2) is None


@pytest.mark.parametrize("value", [0.4, 3, math.nan, math.inf, False, "1.0", None])
def test_illegal_numbers(value: object) -> None:
    fault = number_fault("a.b", value, at_least=0.5, at_most=2)
    assert fault == f"a.b is {value!r}. It must be a number from 0.5 to 2."


def test_infinity_is_no_number_without_an_upper_limit_either() -> None:
    fault = number_fault("a.b", math.inf, at_least=0.5)
    assert fault == "a.b is inf. It must be a number of at least 0.5."


def test_all_faults_are_raised_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        raise_faults("first", None, "second")
    assert caught.value.faults == ("first", "second")


def test_no_fault_raises_nothing() -> None:
    raise_faults(None, None)
    raise_faults()
