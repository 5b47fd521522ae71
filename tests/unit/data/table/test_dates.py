from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from raysearch.data.table.dates import PARTS, days_of, formats_of, parts_of

FEBRUARY_29 = (datetime.date(2020, 2, 29) - datetime.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-29",
        "2020/02/29",
        "29.02.2020",
        "29/02/2020",
        "02/29/2020",
        "29 Feb 2020",
        "February 29, 2020",
        "29.02.20",
        "2020-02-29T00:00:00+00:00",
    ],
)
def test_a_date_in_any_usual_format_is_the_same_day(text):
    formats, is_doubtful = formats_of([text])
    assert not is_doubtful
    assert days_of(pd.Series([text]), formats=formats).tolist() == [FEBRUARY_29]


@pytest.mark.parametrize(
    "text", ["2020-02-29 06:00", "29.02.2020 06:00:00", "2020-02-29T07:00+01:00"]
)
def test_times_are_parts_of_days(text):
    formats, _ = formats_of([text])
    assert days_of(pd.Series([text]), formats=formats).tolist() == [FEBRUARY_29 + 0.25]


def test_a_column_may_mix_formats_also_rare_ones():
    texts = [f"2020-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)] * 4
    texts = [*texts, *(f"{text} 10:{n % 60:02d}" for n, text in enumerate(texts)), "3 Jan 2021"]
    formats, _ = formats_of(texts)
    assert formats == ("ISO8601", "%d %b %Y")
    assert not np.isnan(days_of(pd.Series(texts), formats=formats)).any()


def test_other_values_tell_whether_the_day_comes_first():
    assert formats_of(["01/02/2020", "01/13/2020"])[0] == ("%m/%d/%Y",)
    assert formats_of(["01/02/2020", "13/01/2020"])[0] == ("%d/%m/%Y",)


@pytest.mark.parametrize("texts", [["01/02/2020"], ["13/01/2020", "01/13/2020"]])
def test_nobody_guesses_whether_the_day_comes_first(texts):
    assert formats_of(texts) == ((), True)


def test_one_value_that_could_be_a_date_puts_no_other_text_in_doubt():
    assert formats_of(["oak", "elm", "1-2-10"]) == ((), False)
    assert formats_of(["2020-01-31", "5 May 2020", "01/02/2020"]) == ((), True)


@pytest.mark.parametrize("text", ["2020", "202002", "hello", "12.5", "1.2"])
def test_what_is_no_date_has_no_format(text):
    assert formats_of([text]) == ((), False)


def test_typed_dates_and_gaps():
    typed = pd.Series(pd.to_datetime(["2020-02-29", None]))
    expected = [FEBRUARY_29, np.nan]
    assert days_of(typed, formats=()) == pytest.approx(expected, nan_ok=True)
    plain = pd.Series([datetime.date(2020, 2, 29), None], dtype=object)
    assert days_of(plain, formats=("ISO8601",)) == pytest.approx(expected, nan_ok=True)


def test_parts_agree_with_the_calendar():
    days = np.arange(-400.0, 20_000.0, 37.0)
    parts = parts_of(days, origin=days[0])
    calendar = pd.to_datetime(days, unit="D")
    assert set(parts) == set(PARTS)
    assert np.array_equal(parts["year"], calendar.year)
    assert np.array_equal(parts["month"], calendar.month)
    assert np.array_equal(parts["day_of_week"], calendar.day_of_week)
    angle = 2 * np.pi * (calendar.day_of_year - 1) / 365.25
    assert parts["year_sine"] == pytest.approx(np.sin(angle), abs=1e-9)
    assert parts["year_cosine"] == pytest.approx(np.cos(angle), abs=1e-9)
    assert parts["elapsed"][0] == 0.0


def test_parts_of_a_missing_date_are_missing():
    parts = parts_of(np.array([np.nan, 0.0]), origin=0.0)
    assert all(np.isnan(part[0]) and not np.isnan(part[1]) for part in parts.values())
