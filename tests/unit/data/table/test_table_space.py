from __future__ import annotations

import json

import pytest

from raysearch.data.table import space
from raysearch.data.table.module import Data
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError

REQUIRED = {"path", "target"}


def check(path, **arguments):
    return space.check_arguments({"path": path, "target": "churn", **arguments})


def test_checked_arguments_are_complete_plain_and_stable(customers, monkeypatch):
    monkeypatch.chdir(customers.parent)
    checked = check("customers.csv", ignore="city")
    assert json.loads(json.dumps(checked)) == checked
    assert checked["path"] == str(customers)
    assert checked["ignore"] == ["city"]
    assert len(checked["fingerprint"]) == 16
    assert {name: checked[name] for name in space.ARGUMENTS} == {
        name: domain.default_value() for name, domain in space.ARGUMENTS.items()
    }
    assert space.check_arguments(checked) == checked


def test_the_spec_says_what_a_family_needs(customers):
    spec = space.data_spec(path=str(customers), target="churn")
    assert (spec.task, spec.n_outputs, len(spec.cardinalities)) == ("classification", 2, 2)
    assert sum(spec.class_counts) == spec.n_train
    assert spec.class_counts[0] > 3 * spec.class_counts[1]
    number = space.data_spec(path=str(customers), target="age")
    assert (number.task, number.n_outputs, number.class_counts) == ("regression", 1, ())
    assert 10 < number.target_scale < 40


def test_advice_says_what_was_guessed_and_left_out(customers):
    text = "\n".join(space.advice(path=str(customers), target="churn"))
    for said in (
        "task is classification, since the target is text.",
        "rows are left out: they have no churn",
        "Column customer_id is left out: ",
        "Column comment is left out: ",
        "Column currency is left out: it is 'USD' in all training rows",
        "values are no numbers and count as missing, such as 'unknown' in row ",
        "rare categories are one, such as 'village",
    ):
        assert said in text


def test_values_that_are_no_numbers_or_dates_are_named_with_their_rows(csv_file):
    lines = [f"{n % 7}.5,2026-01-{1 + n % 28:02},{'yn'[n % 2]},{n % 3}" for n in range(60)]
    lines[7] = lines[7].replace("0.5,", "oops,")
    lines[50] = lines[50].replace("1.5,", "inf,")
    lines[20] = lines[20].replace("2026-01-21", "soon")
    path = csv_file("a,day,flag,y", *lines)
    notes = space.advice(path=path, target="y")
    two, one = [note for note in notes if "as missing" in note]
    assert two == (
        f"Column a: 2 values are no numbers and count as missing, such as 'oops' in row 8 of "
        f"{path}, 'inf' in row 51 of {path}. Mend the file if more is meant."
    )
    assert "Column day: 1 value is no date and counts as missing, such as 'soon' in row 21" in one


def test_unbalanced_classes_and_classes_without_training_rows_are_said(csv_file):
    rows = [f"{n},{'rare' if n in (5, 9, 22) else 'usual'},{n % 10}" for n in range(100)]
    path = csv_file("a,y,part", *rows, "1,alone,8")
    parts = ["train"] * 7 + ["val"] * 2 + ["test"]
    lines = [f"{row.rsplit(',', 1)[0]},{parts[int(row[-1])]}" for row in [*rows, "1,alone,8"]]
    path = csv_file("a,y,part", *lines)
    notes = space.advice(path=path, target="y", split="part", numeric=["a"])
    (note,) = [note for note in notes if note.startswith("No training row has the class alone, so")]
    assert f"of {path} has it." in note
    spec = space.data_spec(path=path, target="y", split="part", numeric=["a"])
    assert spec.class_counts[0] == 0


FAULTS = {
    "no path": ({"path": None}, "path is missing. Give the path"),
    "no target": ({"target": None}, "target is missing. Give the name of the column"),
    "unknown argument": ({"targt": "a"}, "targt is not an argument of table. Did you mean target?"),
    "no such file": ({"path": "/no/such.csv"}, "path is /no/such.csv, which cannot be read"),
    "target": ({"target": "chrn"}, "target is chrn. Did you mean churn? Columns: customer_id,"),
    "ignore": ({"ignore": ["cty"]}, "ignore lists cty. Did you mean city? Columns:"),
    "no list": ({"features": 3}, "features is 3. It must be a list of column names"),
    "the target": ({"features": ["churn"]}, "features lists churn, which is the target. Take it"),
    "twice": ({"numeric": ["age"], "categorical": ["age"]}, "numeric lists age, and so does cate"),
    "split and order": ({"split": "a", "order_by": "b"}, "split and order_by both say"),
    "order": ({"order_by": "churn"}, "order_by is churn, which is the target. Choose another"),
    "task": ({"task": "clustering"}, "task is 'clustering'. It must be classification or"),
    "share": ({"test": 0.9}, "test is 0.9. It must be 0.05 to 0.45"),
    "shares": ({"test": 0.4, "validation": 0.4}, "validation is 0.4 and test is 0.4, which"),
    "decimal": ({"decimal": ";"}, "decimal is ';'. It must be"),
    "separator": ({"separator": "::"}, "separator is '::'. It must be one character"),
    "encoding": ({"encoding": "utf8000"}, "encoding is 'utf8000'. It must be an encoding"),
    "no text": ({"encoding": "hex"}, "encoding is 'hex'. It must be an encoding"),
    "scaling": ({"scaling": "minmax"}, "scaling is 'minmax'. It must be standard, robust"),
    "dates": ({"dates": {"age": 3}}, "dates is {'age': 3}. It must be a list of column names, or"),
    "count": ({"min_count": 0}, "min_count is 0. It must be 1 to"),
    "numeric": ({"numeric": ["city"]}, "numeric lists city, most of whose values are no numbers"),
    "constant": ({"target": "currency"}, "target is currency, and all 600 rows have the value"),
    "texts": ({"target": "comment"}, "target is comment, with 600 different values in 600 rows"),
    "nothing": ({"features": ["currency"]}, "features has no column that can be used. Column curr"),
    "changed": ({"fingerprint": "0" * 16}, "fingerprint is 0000000000000000, but that of"),
    "not a part": (
        {"split": "newsletter"},
        "split is newsletter, a column with the values 'no' in row",
    ),
}


@pytest.mark.parametrize(("wrong", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_begins_with_its_argument_and_says_what_is_right(customers, wrong, message):
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": str(customers), "target": "churn", **wrong})
    (fault,) = caught.value.faults
    assert fault.startswith(message)
    assert fault.endswith(".")


def test_all_faults_are_told_at_once(customers):
    with pytest.raises(ConfigurationError) as caught:
        check(str(customers), ignore=["a"], numeric=["b"], target="c")
    assert [fault.split()[0] for fault in caught.value.faults] == ["target", "ignore", "numeric"]


@pytest.mark.parametrize("n_train", [2, 6, 999, 5000, 10**6])
def test_batches_fit_into_the_training_split(n_train):
    data = DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=n_train)
    (searched,) = space.search_space(data)["data.batch_size"]
    assert space.legal_domains(data)["data.batch_size"].covers(searched.domain)


def test_rare_classes_do_not_break_the_split(csv_file):
    labels = ["a"] * 30 + ["b"] * 20 + ["once", "twice", "twice"]
    path = csv_file("x,y", *(f"{n * 7 % 53},{label}" for n, label in enumerate(labels)))
    spec = space.data_spec(path=path, target="y")
    assert spec.n_outputs == 4
    assert spec.class_counts[2:] == (1, 2)  # all in training


def test_classes_that_may_be_one_are_said(csv_file):
    lines = [f"{n % 7}.5,{('Yes', 'yes', 'no')[n % 3]}" for n in range(60)]
    notes = space.advice(path=csv_file("a,y", *lines), target="y")
    assert any("The classes 'Yes', 'yes' may be one" in note for note in notes)
    lines = [line.replace("Yes", "maybe") for line in lines]
    notes = space.advice(path=csv_file("a,y", *lines), target="y")
    assert not any("may be one" in note for note in notes)


def test_copies_and_columns_that_give_the_target_away_are_said(csv_file):
    rows = [f"{n * 7 % 50},{(n * 7 % 50) * 3 + 1},{n * 11 % 13}" for n in range(50)]
    notes = space.advice(path=csv_file("y,a,b", *rows, *rows[:3]), target="y")
    assert any(note.startswith("3 rows are copies of others") for note in notes)
    assert [note.split(" (")[0] for note in notes if "away" in note] == ["a nearly gives y away"]
    notes = space.advice(path=csv_file("y,a,b", *rows), target="y", ignore=["a"])
    assert not any("copies" in note or "away" in note for note in notes)


def test_classes_that_a_split_lacks_are_told_with_a_row(csv_file):
    rows = [f"{n * 7 % 23},{'train' if n < 40 else 'val' if n < 50 else 'test'}" for n in range(60)]
    kinds = ["uv"[n % 2] if n < 50 else "w" for n in range(60)]
    lines = [f"{row},{kind}" for row, kind in zip(rows, kinds, strict=True)]
    path = csv_file("a,part,y", *lines)
    notes = space.advice(path=path, target="y", split="part")
    assert (
        f"No training row has the class w, so it cannot be learnt; row 51 of {path} has it."
    ) in notes
    assert "The validation split has no example of the class w." in notes
    assert "The test split has no example of the class u, v." in notes


def test_a_word_that_is_no_split_is_named_with_its_row(csv_file):
    words = ["train"] * 20 + ["tset"] * 10 + ["vall", "tset"]
    path = csv_file("a,part,y", *(f"{n % 7},{word},{n % 2}" for n, word in enumerate(words)))
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": path, "target": "y", "split": "part"})
    assert f"the values 'tset' in row 21 of {path}, 'vall' in row 31 of {path}." in str(
        caught.value
    )


def test_numbers_that_float32_cannot_hold_are_none(csv_file):
    rows = [f"{n * 7 % 23 + 0.5},{n * 1.5}" for n in range(60)]
    path = csv_file("a,y", "1e39,3.5", "2.5,-1e300", *rows)
    data = Data(batch_size=8, path=path, target="y")
    for batch in (*data.train_dataloader(), *data.val_dataloader(), *data.test_dataloader()):
        assert all(tensor.isfinite().all() for tensor in batch)
    (note,) = [n for n in space.advice(path=path, target="y") if "its y is no number" in n]
    assert f"'-1e300' in row 2 of {path}" in note
