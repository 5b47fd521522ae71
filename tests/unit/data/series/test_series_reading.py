"""The same series, whatever the format of their file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import Source
from raysearch.data.series.reading import read_series

NAN = float("nan")


def read(path, **arguments):
    settings = SeriesArguments.read({"path": str(path), **arguments})
    return read_series(Source(path=settings.path), arguments=settings)


def assert_series(raw, *expected):
    assert len(raw) == len(expected)
    for found, wanted in zip(raw.values, expected, strict=True):
        np.testing.assert_array_equal(found, np.array(wanted, dtype=float))


def test_a_ts_file_has_channels_lengths_gaps_and_classes(file):
    path = file(
        "beats.ts",
        "# from the lab",
        "@problemName beats",
        "@timestamps false",
        "@equalLength false",
        "@classLabel true sick well",
        "@data",
        "1,2,?:4,5,6:well",
        "",
        "7:8:sick",
    )
    raw = read(path)
    assert_series(raw, [[1, 2, NAN], [4, 5, 6]], [[7], [8]])
    assert (raw.labels, raw.classes, raw.task) == (
        ["well", "sick"],
        ("sick", "well"),
        "classification",
    )
    assert raw.places == ["line 7", "line 9"]


def test_a_ts_file_may_have_numbers_to_tell_or_none(file):
    numbers = read(file("a.ts", "@targetlabel true", "@data", "1,2:0.5", "3,4:1.5"))
    assert (numbers.task, numbers.labels) == ("regression", ["0.5", "1.5"])
    none = read(file("b.ts", "@classlabel false", "@data", "1,2:3,4"))
    assert (none.task, none.labels) == (None, None)
    assert_series(none, [[1, 2], [3, 4]])


def test_an_npz_file_has_arrays_of_any_usual_name(tmp_path):
    values = np.arange(12.0).reshape(2, 2, 3)
    np.savez(tmp_path / "a.npz", X=values, y=np.array(["b", "a"]), lengths=np.array([3, 1]))
    raw = read(tmp_path / "a.npz")
    assert_series(raw, values[0], values[1][:, :1])
    assert raw.labels == ["b", "a"]
    np.savez(tmp_path / "b.npz", walks=values[:, 0], age=np.array([3, 4]), who=np.array([1, 2]))
    raw = read(tmp_path / "b.npz", target="age", group="who")
    assert_series(raw, values[:1, 0], values[1:, 0])
    assert (raw.labels, raw.columns) == ([3, 4], {"group": [1, 2]})
    np.savez(tmp_path / "c.npz", X=values[0, 0])
    assert_series(read(tmp_path / "c.npz", horizon=1), [[0, 1, 2]])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_wide_table_has_a_series_in_each_row(tmp_path, ending):
    frame = pd.DataFrame({"id": [7, 8], "kind": ["a", "b"], "t0": [1.0, 4], "t1": [2.0, None]})
    path = tmp_path / f"wide.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
    raw = read(path, target="kind", ignore="id")
    assert_series(raw, [[1, 2]], [[4, NAN]])
    assert (raw.labels, raw.places) == (["a", "b"], ["row 1", "row 2"])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("days", [False, True])
def test_a_long_table_has_a_step_in_each_row(tmp_path, ending, days):
    when = ["2026-01-02", "2026-01-01", "2026-01-01", "2026-02-01"] if days else [2, 1, 10, 11]
    frame = pd.DataFrame(
        {
            "who": ["anna", "anna", "ben", "ben"],
            "when": when,
            "height": [2.0, 1.0, 3.0, 4.0],
            "weight": [20, 10, 30, 40],
            "kind": ["x", "x", "y", "y"],
        }
    )
    path = tmp_path / f"long.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
    raw = read(path, series="who", time="when", target="kind", order_by="when")
    assert_series(raw, [[1, 2], [10, 20]], [[3, 4], [30, 40]])
    assert (raw.channels, raw.labels) == (("height", "weight"), ["x", "y"])
    assert raw.places == ["series anna (from row 1)", "series ben (from row 3)"]
    assert raw.columns["order_by"] == [times[0] for times in raw.times]
    assert np.diff(raw.times[0]) == 1
    chosen = read(path, series="who", time="when", target="kind", channels=["weight"])
    assert_series(chosen, [[10, 20]], [[30, 40]])


@pytest.mark.parametrize(
    ("decimal", "first"), [(None, [1.234, 2, 3.5]), (".", [1.234, 2, 3.5]), (",", [1234, 2, 3500])]
)
def test_a_decimal_mark_that_is_given_holds_for_each_column(file, decimal, first):
    path = file("a.csv", "load;heat", "1.234;1", "2;inf", "3.500;3")
    raw = read(path, horizon=1, decimal=decimal, separator=";")
    assert_series(raw, [first, [1, float("inf") if decimal is None else NAN, 3]])


def test_a_table_to_be_forecast_is_one_series_whose_targets_are_channels(file):
    path = file("load.csv", "load;heat", "1,5;2", "2,5;3", "3,5;4")
    raw = read(path, horizon=1, target="load")
    assert_series(raw, [[1.5, 2.5, 3.5], [2, 3, 4]])
    assert raw.channels == ("load", "heat")
    assert raw.labels is None
