from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.columns import (
    CategoryColumn,
    DateColumn,
    FlagColumn,
    NumberColumn,
    column_from_json,
    column_to_json,
)
from raysearch.data.table.fitting import file_decimal, fit_columns


def fit(values, *, name="x", **arguments):
    settings = TableArguments.read({"path": "/a.csv", "target": "y", **arguments})
    return fit_columns(pd.DataFrame({name: values}), arguments=settings, decimal=None)


def column_of(values, **arguments):
    (column,) = fit(values, **arguments).columns
    return column


KINDS = {
    "numbers": ([1.5, 2.5, None] * 9, NumberColumn),
    "numbers in text": (["$1,200.50", "n/a", "3"] * 9, NumberColumn),
    "truth in words": (["Yes", "no", ""] * 9, FlagColumn),
    "truth": ([True, False, True] * 9, FlagColumn),
    "dates": (["2020-01-02", "3.4.2021", ""] * 9, DateColumn),
    "typed dates": (list(pd.to_datetime(["2020-01-02", "2021-04-03"])) * 9, DateColumn),
    "categories": (["red", "green", "?"] * 9, CategoryColumn),
}


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=KINDS)
def test_kinds_are_told_by_the_values_and_go_to_json_and_back(values, kind):
    column = column_of(values)
    assert type(column) is kind
    again = column_from_json(column_to_json(column))
    assert again == column
    series = pd.Series(values)
    if kind is CategoryColumn:
        assert np.array_equal(again.codes(series), column.codes(series))
    else:
        assert np.array_equal(again.numbers(series), column.numbers(series))
        assert column.numbers(series).shape == (len(values), len(column.outputs))
        assert np.isfinite(column.numbers(series)).all()


@pytest.mark.parametrize("scaling", ["standard", "robust"])
def test_numbers_are_scaled_and_gaps_get_the_median_and_a_flag(scaling):
    values = np.random.default_rng(0).normal(50, 7, size=999)
    column = column_of([*values, np.nan], scaling=scaling)
    numbers = column.numbers(pd.Series([*values, np.nan]))
    assert numbers[:-1, 0].mean() == pytest.approx(0, abs=0.05)
    assert numbers[:-1, 0].std() == pytest.approx(1, abs=0.15)
    assert numbers[-1].tolist() == pytest.approx(
        [*column.scale(np.array([np.median(values)]))[0, :1], 1.0]
    )
    assert not numbers[:-1, 1].any()


def test_robust_scaling_draws_outliers_in_and_keeps_their_order():
    values = [*np.random.default_rng(0).normal(size=999), 1e6, 1e9]
    standard, robust = (
        column_of(values, scaling=scaling).numbers(pd.Series(values))[:, 0]
        for scaling in ("standard", "robust")
    )
    assert standard[:-2].std() < 1e-3
    assert robust[:-2].std() == pytest.approx(1, abs=0.2)
    assert robust[:-2].max() < robust[-2] < robust[-1] <= 3


def test_what_is_no_number_among_numbers_counts_as_missing():
    found = fit([*map(str, range(100)), "lots"])
    assert found.columns[0].scale.flags_missing


def test_categories_go_by_frequency_and_rare_ones_share_a_code_with_unknown_ones():
    found = fit(["b"] * 6 + ["a"] * 6 + ["c"] * 3 + ["rare", "rarer"])
    (column,) = found.columns
    assert column.categories == ("a", "b", "c")
    assert column.cardinality == 4
    series = pd.Series(["a", "b", "c", "rare", "never seen", ""])
    assert column.codes(series).tolist() == [1, 2, 3, 0, 0, 0]
    assert found.notes == ["Column x: 2 rare categories are one, such as 'rare'; 3 are told apart."]


def test_missing_categories_have_a_code_where_training_has_any():
    column = column_of(["a", "b", ""] * 5)
    assert column.codes(pd.Series(["", None, "a", "b", "z"])).tolist() == [1, 1, 2, 3, 0]
    assert column.cardinality == 4


def test_the_number_of_categories_is_limited():
    values = [f"town {n}" for n in range(30) for _ in range(30 - n)]
    assert column_of(values, max_categories=20).categories == tuple(f"town {n}" for n in range(20))


def test_codes_are_the_same_for_integers_texts_and_decimals_with_gaps():
    column = column_of([1, 2] * 5, categorical=["x"])
    for series in (pd.Series([2, 1]), pd.Series(["2", "1 "]), pd.Series([2.0, 1.0])):
        assert column.codes(series).tolist() == [2, 1]


def test_categories_that_look_like_numbers_are_found_again_when_read_as_numbers():
    column = column_of(["007"] * 5 + ["1.50"] * 4 + ["1.0"] * 3, categorical=["x"])
    assert column.codes(pd.Series([7.0, 1.5, 1.0, None, 8.0])).tolist() == [1, 2, 3, 0, 0]
    assert column.codes(pd.Series([7, 1])).tolist() == [1, 3]
    assert column.codes(pd.Series(["007", "7"])).tolist() == [1, 0]  # text is another category


LEFT_OUT = {
    "empty": ("x", ["", "n/a", None] * 9, "it is empty in the training rows"),
    "constant": ("x", ["USD"] * 27, "it is 'USD' in all training rows"),
    "same number": ("x", ["1.0", "1"] * 15, "it is the same in all training rows"),
    "row number": ("x", list(range(50)), "it numbers the rows"),
    "identifier": ("customer_id", [7, 3, 9, 5, 8], "it numbers the rows"),
    "keys": ("x", [f"C-{n}" for n in range(50)], "50 different texts in 50 rows, such as 'C-0'"),
    "prose": ("x", [f"I {n} said" * 9 for n in range(40)], "are an identifier or free text"),
    "doubt": ("x", ["01/02/2020", "03/04/2020"] * 9, "could begin with the day or with the month"),
    "one day": ("x", ["2020-01-02", "2.1.2020"] * 9, "nothing of it varies"),
}


@pytest.mark.parametrize(("name", "values", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_columns_that_cannot_help_are_left_out_with_the_reason(name, values, reason):
    found = fit(values, name=name)
    assert found.columns == []
    (note,) = found.notes
    assert note.startswith(f"Column {name} is left out: ")
    assert reason in note


OVERRULED = {
    "categorical": ([7, 7, 7, 3, 3, 3] * 3, CategoryColumn),
    "numeric": (list(range(50)), NumberColumn),
    "dates": ([20200131, 20210228] * 9, DateColumn),
}


@pytest.mark.parametrize(("argument", "case"), OVERRULED.items())
def test_arguments_overrule_what_the_values_look_like(argument, case):
    values, kind = case
    told = {"x": "%Y%m%d"} if argument == "dates" else ["x"]
    assert type(column_of(values, **{argument: told})) is kind


@pytest.mark.parametrize(
    ("argument", "values", "message"),
    [
        ("numeric", ["a", "b"] * 9, "numeric lists x, most of whose values are no numbers.*'a'"),
        ("dates", ["a", "b"] * 9, "dates lists x, most of whose values are no dates"),
        ("dates", ["01/02/2020"] * 9, "dates lists x, but its dates could begin .*%d/%m/%Y"),
        ("categorical", list("abcdefghijkl"), "categorical lists x, but no value occurs in enough"),
    ],
)
def test_arguments_that_cannot_be_followed_are_faults(argument, values, message):
    (fault,) = fit(values, **{argument: ["x"]}).faults
    assert re.match(message, fault)


def test_a_format_that_is_told_leaves_no_doubt():
    values = ["01/02/2020", "03/04/2021"] * 9
    day_first = column_of(values, dates={"x": "%d/%m/%Y"})
    month_first = column_of(values, dates={"x": "%m/%d/%Y"})
    assert day_first.raw(pd.Series(values[:1])) - month_first.raw(pd.Series(values[:1])) == 30


def test_dates_in_order_are_not_learnt_by_what_only_grows():
    values = [f"20{year}-{month:02d}-01" for year in range(10, 20) for month in range(1, 13)]
    assert {"elapsed", "year"} < set(column_of(values).scales)
    assert not {"elapsed", "year"} & set(column_of(values, order_by="x").scales)


def test_numbers_in_order_are_not_learnt_unless_it_is_told():
    years = [1990 + number % 30 for number in range(60)]
    assert "says which rows are the latest" in fit(years, order_by="x").notes[0]
    assert fit(years, order_by="x").columns == []
    assert isinstance(column_of(years, order_by="x", numeric=["x"]), NumberColumn)


def test_one_column_tells_the_decimal_mark_for_another():
    frame = pd.DataFrame({"a": ["1,5", "2,25"] * 5, "b": ["1,234", "5,678"] * 5})
    arguments = TableArguments(path="/a.csv", target="y")
    decimal = file_decimal(frame, arguments=arguments)
    assert decimal == ","
    found = fit_columns(frame, arguments=arguments, decimal=decimal)
    assert found.columns[1].raw(pd.Series(["1,234"])).tolist() == [1.234]


@pytest.mark.parametrize(("decimal", "number"), [(None, 1234.0), (",", 1.234), (".", 1234.0)])
def test_a_mark_in_doubt_is_said_unless_it_is_told(decimal, number):
    found = fit(["1,234", "5,678"] * 5, **({} if decimal is None else {"decimal": decimal}))
    assert found.columns[0].raw(pd.Series(["1,234"])).tolist() == [number]
    said = [f"Column x: '1,234' was read as {number:g}"]
    assert [note.split(", since")[0] for note in found.notes] == (said if decimal is None else [])
