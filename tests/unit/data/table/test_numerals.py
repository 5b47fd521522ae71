from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.data.table.numerals import decimal_of, is_missing, number_of, numbers_of

NUMBERS = {
    "12": 12.0,
    "-3.5": -3.5,
    "+2": 2.0,
    ".5": 0.5,
    "1e-3": 0.001,
    "1,234,567.8": 1234567.8,
    "1.234.567,8": 1234567.8,
    "12,34,567": 1234567.0,
    "1 234 567": 1234567.0,
    "1\u00a0234,5": 1234.5,
    "1'234.5": 1234.5,
    "0,125": 0.125,
    "1234,5678": 1234.5678,
    "$1,200.00": 1200.0,
    "1.200,00 \u20ac": 1200.0,
    "EUR 5": 5.0,
    "EUR5": 5.0,
    "1_234": 1234.0,
    "12 %": 0.12,
    "12.5%": 0.125,
    "(1,200.50)": -1200.5,
    "\u2212 7": -7.0,
}
NO_NUMBERS = (
    "abc",
    "12 apples",
    "2019-01-02",
    "01.02.2020",
    "1.2.3",
    "192.168.0.1",
    "1-2",
    "1_2",
    "5 euros",
    "",
    "%",
)


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_numbers_are_read_as_people_write_them(text, number):
    assert number_of(text, decimal=".") == pytest.approx(number)


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_no_number_is_none(text, decimal):
    assert number_of(text, decimal=decimal) is None


@pytest.mark.parametrize(("decimal", "number"), [(".", 1234.0), (",", 1.234)])
def test_the_decimal_mark_settles_what_a_text_leaves_open(decimal, number):
    assert number_of("1,234", decimal=decimal) == number
    assert number_of("1.234", decimal="," if decimal == "." else ".") == number


@given(number=st.floats(-1e9, 1e9), digits=st.integers(0, 6))
def test_formatted_numbers_come_back(number, digits):
    english = f"{number:,.{digits}f}"
    european = english.translate(str.maketrans(",.", ".,"))
    expected = float(f"{number:.{digits}f}")
    assert number_of(english, decimal=".") == pytest.approx(expected, abs=1e-9)
    assert number_of(european, decimal=",") == pytest.approx(expected, abs=1e-9)


def test_a_column_tells_its_decimal_mark_by_those_that_leave_no_doubt():
    assert decimal_of(["1,234", "5,6", "7"]) == (",", True)
    assert decimal_of(["1,234", "5.6"]) == (".", True)
    assert decimal_of(["abc", "7"]) == (None, False)


@pytest.mark.parametrize("text", ["", "  ", "NA", "n/a", "NaN", "NULL", "None", "-", "?", "#N/A"])
def test_many_words_say_that_a_value_is_missing(text):
    assert is_missing(text)
    assert number_of(text, decimal=".") is None or math.isnan(number_of(text, decimal="."))


def test_columns_of_any_type_give_numbers_and_infinite_ones_are_missing():
    columns = (
        pd.Series(["1.5", "inf", ""]),
        pd.Series([1.5, np.inf, np.nan]),
        pd.Series([1.5, math.inf, None], dtype=object),
        pd.Series([1.5, math.inf, None], dtype="Float64"),
    )
    for column in columns:
        assert numbers_of(column, decimal=".") == pytest.approx([1.5, np.nan, np.nan], nan_ok=True)
    assert numbers_of(pd.Series([1, 2]), decimal=".").tolist() == [1.0, 2.0]
    assert numbers_of(pd.Series([True, False]), decimal=".").tolist() == [1.0, 0.0]
