from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.classes import in_order
from raysearch.data.table.target import Target, read_target
from raysearch.errors import ConfigurationError


def read(values, **arguments):
    settings = TableArguments.read({"path": "/a.csv", "target": "y", **arguments})
    return read_target(pd.Series(values), arguments=settings)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", "b"], "classification", ("b", "a")),  # the rarer one is looked for
        (["a", "b", "b", "a"], "classification", ("a", "b")),
        (["no", "yes", "yes"], "classification", ("no", "yes")),
        ([True, False, True], "classification", ("False", "True")),
        (["10", "9", "10"], "classification", (10, 9)),
        ([1.0, 0.0, None], "classification", (0, 1)),
        (["none", "-", "mild"], "classification", ("-", "mild", "none")),
        ([1, 2, 3] * 10, "classification", (1, 2, 3)),
        ([1, 2, 3], "regression", ()),
        (range(30), "regression", ()),
        (["$1,200", "$3,000.50", "$7"], "regression", ()),
        ([0.5, 1.0, 2.0], "regression", ()),
    ],
)
def test_the_task_is_told_by_the_values_and_said(values, task, classes):
    target = read(values)
    assert (target.task, target.classes) == (task, classes)
    assert target.notes[0].startswith(f"task is {task}, since the target ")


def test_a_task_that_is_given_is_not_guessed():
    assert read([1, 2, 3] * 10, task="regression").notes == ()
    numbers = read(["1.5", "2.5"] * 5, task="classification")
    assert numbers.classes == ("1.5", "2.5")
    assert numbers.values.tolist() == [0, 1] * 5


def test_classes_are_numbered_in_sorted_order():
    target = read(["b", "c", "a", "c"])
    assert target.values.dtype == np.int64
    assert target.values.tolist() == [1, 2, 0, 2]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["10", "-9", "0"], (-9, 0, 10)),
        (["--5", "7"], ("--5", "7")),
        (["007", "10"], ("007", "10")),
    ],
)
def test_classes_are_integers_where_all_are_written_so(values, classes):
    assert read(values * 5, task="classification").classes == classes


def test_rows_without_a_target_are_left_out_and_said():
    target = read(["1.5", "", "n/a", "2.5", "oops"] + ["3.25"] * 40)
    assert target.rows.tolist() == [0, 3, *range(5, 45)]
    assert target.values[:2].tolist() == [1.5, 2.5]
    assert target.notes[-2:] == (
        "2 of 45 rows are left out: they have no y: row 2, row 3.",
        "1 of 45 rows is left out: its y is no number: 'oops' in row 5. Mend the file if more is "
        "meant to be learnt from.",
    )


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        (["", None, "NA"], {}, "target is y, a column without a single value"),
        (["a"] * 7, {}, "target is y, and all 7 rows have the value 'a'"),
        ([2.5] * 7, {"task": "regression"}, "target is y, and all 7 rows have the value 2.5"),
        ([f"n{n}" for n in range(90)], {}, "target is y, with 90 different values in 90 rows"),
        (["a", "1", "b"], {"task": "regression"}, "such as 'a' in row 1, 'b' in row 3"),
    ],
)
def test_what_cannot_be_predicted_is_refused(values, arguments, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(values, **arguments)
    assert caught.value.faults[0].startswith("target ")


def test_a_target_goes_to_json_and_back():
    for target in (
        Target(name="y", task="classification", classes=(1, 2)),
        Target(name="y", task="regression", mean=3.5, std=2.0),
    ):
        assert Target.from_json(target.to_json()) == target


def test_the_positive_class_can_be_named():
    series = pd.Series(["stays", "leaves", "stays"])
    found = read_target(series, arguments=TableArguments(path="x", target="y", positive="stays"))
    assert (found.classes, found.values.tolist()) == (("leaves", "stays"), [1, 0, 1])
    with pytest.raises(ConfigurationError, match=r"positive is 'stay', and the classes of y are"):
        read_target(series, arguments=TableArguments(path="x", target="y", positive="stay"))
    three = TableArguments(path="x", target="y", positive="a")
    with pytest.raises(ConfigurationError, match="Name one of two classes"):
        read_target(pd.Series(["a", "b", "c"]), arguments=three)


@pytest.mark.parametrize("texts", [*itertools.permutations(["2", "1.0", "1", "01"])])
def test_classes_of_one_number_are_in_the_order_of_their_texts(texts):
    assert in_order(texts) == ("01", "1", "1.0", "2")
