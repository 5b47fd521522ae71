"""Mean and standard deviation over seeds, by hand."""

from __future__ import annotations

import json

import pytest

from raysearch.results.spread import Spread


def test_mean_and_sample_standard_deviation():
    spread = Spread(values=({"a": 1.0, "b": 4.0}, {"a": 2.0, "b": 4.0}, {"a": 6.0, "b": 4.0}))
    assert spread.n == 3
    assert spread.mean == {"a": pytest.approx(3.0), "b": 4.0}
    assert spread.std == {"a": pytest.approx(7.0**0.5), "b": 0.0}  # (4 + 1 + 9) / (3 - 1)


@pytest.mark.parametrize("other", [{"a": None, "b": 2.0}, {"b": 2.0}])
def test_a_model_without_a_finite_value_is_not_left_out_of_the_mean(other):
    spread = Spread(values=({"a": 1.0, "b": 1.0}, other))
    assert (spread.mean, spread.std["a"]) == ({"a": None, "b": 1.5}, None)
    assert spread.std["b"] == pytest.approx(0.5**0.5)


def test_a_sum_that_is_too_large_is_no_number():
    spread = Spread(values=({"a": 1.7e308}, {"a": -1.7e308}, {"a": 1.7e308}))
    assert spread.std == {"a": None}


def test_it_is_plain():
    document = Spread(values=({"a": 1.0}, {"a": None}), added_after_test=1).to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document == {
        "n": 2,
        "values": [{"a": 1.0}, {"a": None}],
        "mean": {"a": None},
        "std": {"a": None},
        "added_after_test": 1,
    }
