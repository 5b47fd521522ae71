"""Comparisons are read as they are meant, and what is none is refused with what would be one."""

from __future__ import annotations

import pytest

from raysearch.measure import Constraint, parse_constraint, unmet, violation

SMALL = Constraint(measure="params", sign="<=", limit=1000.0)
QUICK = Constraint(measure="latency_ms", sign="<", limit=2.0)


@pytest.mark.parametrize(
    ("text", "sign", "limit"),
    [
        ("<= 50000", "<=", 50000.0),
        ("<=50_000", "<=", 50000.0),
        (" < 2 ", "<", 2.0),
        (">= 1e3", ">=", 1000.0),
        ("> 0.5", ">", 0.5),
    ],
)
def test_a_comparison_is_read_and_written_back(text, sign, limit):
    found = parse_constraint("params", text)
    assert (found.sign, found.limit) == (sign, limit)
    assert parse_constraint("params", found.condition) == found


@pytest.mark.parametrize("text", [50000, "50000", "=< 5", "<= -1", "<= many", "<= 5 ms", "", None])
def test_what_is_no_comparison_is_refused_with_one(text):
    with pytest.raises(ValueError, match='such as "<= 50000"'):
        parse_constraint("params", text)


def test_a_limit_is_met_at_the_limit_unless_it_is_strict():
    assert SMALL.is_met(1000)
    assert not QUICK.is_met(2.0)
    assert QUICK.excess(2.0) > 0


def test_violations_are_shares_of_the_limits_and_add_up():
    assert violation([SMALL, QUICK], {"params": 1500, "latency_ms": 1.0}) == 0.5
    assert violation([SMALL, QUICK], {"params": 1500, "latency_ms": 3.0}) == 1.0
    assert violation([SMALL], {"params": 10}) == 0.0


def test_what_is_not_met_is_named_with_value_and_limit():
    text = unmet([SMALL, QUICK], {"params": 1500, "latency_ms": 3.0})
    assert text == "params is 1500, and must be <= 1000; latency_ms is 3, and must be < 2"
