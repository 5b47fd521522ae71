from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.splitting import split_rows
from raysearch.errors import ConfigurationError

N_ROWS = 20


def split(values=None, *, classes=None, n_rows=N_ROWS, **arguments):
    settings = TableArguments.read({"path": "/a.csv", "target": "y", **arguments})
    frame = pd.DataFrame({"s": values if values is not None else range(n_rows)})
    return split_rows(frame, classes=classes, arguments=settings)


def test_drawn_splits_have_the_shares_that_are_asked_for():
    parts, notes = split(classes=np.arange(N_ROWS) % 2, validation=0.1, test=0.3)
    assert {part: len(rows) for part, rows in parts.items()} == {
        "train": 12,
        "validation": 2,
        "test": 6,
    }
    assert notes == []


def test_a_column_tells_the_split_in_many_words():
    words = ["Train", "training", "VAL", "valid", "test", "holdout", "train", "dev"]
    parts, _ = split(words, split="s")
    assert {part: rows.tolist() for part, rows in parts.items()} == {
        "train": [0, 1, 6],
        "validation": [2, 3, 7],
        "test": [4, 5],
    }


@pytest.mark.parametrize(
    "values",
    [
        list(range(N_ROWS)),
        [f"2020-01-{day:02d}" for day in range(1, N_ROWS + 1)],
        [f"{day}.1.2020" for day in range(1, N_ROWS + 1)],
    ],
)
def test_the_latest_rows_are_the_test(values):
    order = np.random.default_rng(0).permutation(N_ROWS)
    parts, _ = split([values[place] for place in order], order_by="s")
    assert sorted(order[parts["test"]]) == [16, 17, 18, 19]
    assert sorted(order[parts["validation"]]) == [12, 13, 14, 15]


def test_rows_without_an_order_are_the_earliest_and_said():
    parts, notes = split(["", *map(str, range(1, N_ROWS))], order_by="s")
    assert 0 in parts["train"]
    assert notes == ["1 rows have no s; they count as the earliest."]


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        (range(9), {}, "path is .*, with 9 rows that have a target. At least 10"),
        (range(1), {}, "with 1 rows"),
        (range(10), {"test": 0.05}, "test is 0.05, which is not one of 10 rows"),
        (["train", "tset"] * 9, {"split": "s"}, "split is s, a column with the values 'tset'"),
        (["train", "val"] * 9, {"split": "s"}, "leaves too few rows for test"),
        (["train", ""] * 9, {"split": "s"}, "a column with the values ''"),
        (list("abcdefghijkl"), {"order_by": "s"}, "neither numbers nor dates, such as 'a', 'b'"),
        (["01/02/2020"] * 12, {"order_by": "s"}, "order_by is s, whose dates could begin"),
    ],
)
def test_what_cannot_be_split_is_refused(values, arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        split(list(values), **arguments)
