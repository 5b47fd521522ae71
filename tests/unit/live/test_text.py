from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.counting import counted
from raysearch.live.text import (
    changed_first,
    configuration_line,
    counts_line,
    difference,
    duration,
    file_size,
    first_line,
    printable,
    short_number,
    sparkline,
    value_text,
)
from raysearch.space import Graph
from raysearch.trial import Objective

FLOATS = st.floats(min_value=-1e12, max_value=1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)


@given(FLOATS)
def test_short_numbers_keep_four_digits_and_can_be_read_back(value: float) -> None:
    text = short_number(value)
    assert float(text) == pytest.approx(value, rel=5.01e-4)
    assert len(text.lstrip("-")) <= 9


@given(st.integers(min_value=-999_999, max_value=999_999))
def test_integers_below_a_million_stay_whole(value: int) -> None:
    assert short_number(value) == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.99996, "1"),
        (999_999.7, "1000000"),
        (9.9999e-4, "0.001"),
        (1e-3, "0.001"),
        (12345678.0, "1.235e7"),
        (math.inf, "inf"),
        (math.nan, "nan"),
        (0.0, "0"),
    ],
)
def test_short_numbers_at_the_edges(value: float, text: str) -> None:
    assert float(short_number(value)) == pytest.approx(float(text), rel=1e-3, nan_ok=True)
    assert short_number(value).replace("1e-3", "0.001") == text


@given(st.floats(min_value=0, max_value=1e8))
def test_durations_say_at_most_what_they_round_to(seconds: float) -> None:
    sizes = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    parts = duration(seconds).split()
    told = sum(float(part[:-1]) * sizes[part[-1]] for part in parts)
    assert len(parts) <= 2
    assert told == pytest.approx(seconds, rel=0.05, abs=0.51)


def test_a_clock_that_was_set_back_gives_no_negative_duration() -> None:
    assert duration(-3.0) == "0.0s"


@pytest.mark.parametrize(
    ("size", "text"), [(999.4, "999 B"), (999_600, "1 MB"), (2.5e9, "2.5 GB"), (7e15, "7000 TB")]
)
def test_file_sizes(size: float, text: str) -> None:
    assert file_size(size) == text


def test_values_are_spelled_as_in_an_experiment_file() -> None:
    values = {"a": False, "b": None, "c": 0.1 + 0.2, "d": 3, "e": "re\x1b[31mlu"}
    assert configuration_line(values) == "a=false b=null c=0.3 d=3 e=re?[31mlu"
    assert value_text(1e-5) == "1e-5"


def test_what_differs_from_the_default_comes_first_in_the_order_of_the_configuration() -> None:
    default = {"model": "cnn", "width": 8, "lr": 0.1}
    configuration = {"model": "mlp", "lr": 0.1, "depth": 3, "width": 9}
    assert changed_first(configuration, default=default) == (
        ["model=mlp", "depth=3", "width=9"],
        ["lr=0.1"],
    )
    assert configuration_line(configuration, default=default).endswith(" lr=0.1")


def test_a_difference_names_the_direction_for_both_kinds_of_objective() -> None:
    accuracy = Objective(metric="a", direction="maximize")
    loss = Objective(metric="l", direction="minimize")
    assert difference(0.9, than=0.8, objective=accuracy) == "0.1 better than"
    assert difference(0.9, than=0.8, objective=loss) == "0.1 worse than"
    assert difference(None, than=0.8, objective=loss) == "worse than"


@given(
    st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=30),
    st.integers(min_value=1, max_value=60),
)
def test_sparklines_have_their_width_and_end_with_the_last_value(
    values: list[float], width: int
) -> None:
    steps = [(float(x), value) for x, value in enumerate(values)]
    line = sparkline(steps, end=len(values) + 5.0, width=width)
    assert len(line) == width
    assert set(line) <= set("▁▂▃▄▅▆▇█")
    if width > 1 and values[-1] == max(values) > min(values):
        assert line[-1] == "█"


def test_the_smallest_difference_is_one() -> None:
    assert sparkline([(0.0, 0.0), (1.0, 5e-324)], end=1.0, width=2) == "▁█"


def test_a_flat_curve_is_flat() -> None:
    assert sparkline([(0.0, 0.5)], end=10.0, width=3) == "▁▁▁"


def test_first_lines_and_steering_characters() -> None:
    assert first_line(None) == first_line("\n  \n") == ""
    assert first_line("  a\tb\x07\nc") == "a?b?"
    assert printable("grün ✓") == "grün ✓"


def test_counts() -> None:
    assert (counted(1, "epoch"), counted(2, "epoch")) == ("1 epoch", "2 epochs")
    assert counts_line({"running": 0, "failed": 3}) == "3 failed"
    assert counts_line({}) == ""


def test_a_graph_is_described() -> None:
    graph = Graph(2, 1).default_value()
    assert value_text(graph) == "graph of 3 nodes, 2 connections"
    assert configuration_line({"graph": graph}) == "graph=graph of 3 nodes, 2 connections"
