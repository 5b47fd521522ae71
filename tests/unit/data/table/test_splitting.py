from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.splitting import split_rows
from raysearch.errors import ConfigurationError

N_ROWS = 20


def split(values=None, *, classes=None, n_rows=N_ROWS, told=None, **arguments):
    settings = TableArguments.read({"path": "/a.csv", "target": "y", **arguments})
    frame = pd.DataFrame({"s": values if values is not None else range(n_rows)})
    told = values if "split" in arguments else told
    told = None if told is None else np.array(told, dtype=object)
    return split_rows(frame, classes=classes, arguments=settings, told=told)


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
    parts, _ = split(words, split="s", validation=0.4)
    assert {part: rows.tolist() for part, rows in parts.items()} == {
        "train": [0, 1, 6],
        "validation": [2, 3, 7],
        "test": [4, 5],
    }


def test_a_column_that_tells_is_never_passed_over():
    frame = pd.DataFrame({"s": ["train", "test"] * 9})
    settings = TableArguments.read({"path": "/a.csv", "target": "y", "split": "s"})
    with pytest.raises(ValueError, match="told must be"):
        split_rows(frame, classes=None, arguments=settings)


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


def test_groups_stay_together():
    groups = [f"person {place // 3}" for place in range(60)]
    parts, _ = split(groups, group="s", validation=0.2, test=0.2)
    of_part = {part: {groups[row] for row in rows} for part, rows in parts.items()}
    assert sum(map(len, parts.values())) == 60
    assert len(set.union(*of_part.values())) == sum(map(len, of_part.values())) == 20
    assert {part: len(rows) for part, rows in parts.items()} == {
        "train": 36,
        "validation": 12,
        "test": 12,
    }
    other, _ = split(groups, group="s", validation=0.1, test=0.2)
    assert other["test"].tolist() == parts["test"].tolist()
    other, _ = split(groups, group="s", validation=0.2, test=0.2, split_seed=1)
    assert other["test"].tolist() != parts["test"].tolist()


def test_where_no_row_is_for_validation_some_for_training_are():
    told = ["train"] * 20 + ["test"] * 10
    classes = np.arange(30) % 2
    parts, notes = split(range(30), told=told, classes=classes, validation=0.3)
    assert parts["test"].tolist() == list(range(20, 30))
    assert sorted([*parts["train"], *parts["validation"]]) == list(range(20))
    assert np.bincount(classes[parts["validation"]]).tolist() == [3, 3]
    assert notes == ["No row is told to be for validation, so 6 of the 20 training rows are."]


def test_the_latest_training_rows_are_for_validation_beside_a_test_of_its_own():
    order = np.random.default_rng(0).permutation(30)
    parts, _ = split(list(order), told=["train"] * 20 + ["test"] * 10, order_by="s")
    latest = sorted(range(20), key=lambda row: order[row])[-4:]
    assert parts["validation"].tolist() == sorted(latest)


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        (["a", "b"] * 9, {"group": "s"}, "group has 2 different values, .*: 3 at least"),
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
