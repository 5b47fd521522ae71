"""What `benchmarks/nodes.py` reads off the notes of its trials."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def read(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "experiments" / "benchmarks")
    return importlib.import_module("nodes.notes")


def note(node, what, at, pid=1):
    return {"node": node, "what": what, "at": at, "pid": pid}


NOTES = [
    note("a", "begins", 0.0),
    note("a", "works", 0.0),
    note("a", "rests", 1.0),
    note("a", "works", 1.1),  # the next epoch
    note("b", "begins", 2.0),  # its first worker took two seconds, which count for nothing
    note("b", "works", 2.0),
    note("a", "rests", 2.1),
    note("a", "ends", 2.2),
    note("a", "begins", 2.5),
    note("a", "works", 2.5),
    note("b", "rests", 3.0),
    note("b", "ends", 3.0),
    note("b", "begins", 7.0, pid=2),  # in a new process
    note("b", "works", 7.0, pid=2),
    note("a", "rests", 7.5),
    note("a", "ends", 7.5),
    note("b", "rests", 8.0, pid=2),
    note("b", "begins", 8.0, pid=2),  # the last trial: until here some waited
    note("b", "works", 8.0, pid=2),
    note("b", "rests", 9.0, pid=2),
]


def test_idle_is_whatever_lies_between_the_end_of_an_epoch_and_the_next_one(read):
    found = [(gap.node, round(gap.seconds, 1), gap.is_new) for gap in read.gaps(NOTES)]
    assert found == [
        ("a", 0.1, False),
        ("a", 0.4, False),
        ("a", 0.5, False),  # it got nothing more, while a trial waited
        ("b", 4.0, True),
        ("b", 0.0, False),
    ]


def test_a_node_is_not_idle_once_it_is_gone(read):
    found = [gap for gap in read.gaps(NOTES, until={"a": 2.05}) if gap.node == "a"]
    assert [round(gap.seconds, 1) for gap in found] == [0.1]


def test_throughput_counts_from_when_all_have_measured(read):
    assert read.rate(NOTES) == pytest.approx(2 / 5)  # 7.5 and 8.0, from 3.0 to 8.0
    assert read.rate(NOTES[:12]) is None
