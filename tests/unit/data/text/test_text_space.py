"""What is said about texts before a search starts."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from raysearch.data.text import space
from raysearch.data.text.arguments import TextArguments
from raysearch.data.text.preparing import PREPARATION
from raysearch.errors import ConfigurationError


def given(path, **arguments):
    return {"path": str(path), "text": "review", "target": "label", **arguments}


def prepared(arguments):
    return PREPARATION.arrays(PREPARATION.settled(arguments))


def check(path, **arguments):
    return space.check_arguments(given(path, **arguments))


def advice(path, **arguments):
    return "\n".join(space.advice(**given(path, **arguments)))


@pytest.fixture
def rows(texts):
    return [json.loads(line) for line in Path(texts).read_text().splitlines()]


def test_checked_arguments_are_complete_plain_and_stable(texts, monkeypatch):
    monkeypatch.chdir(Path(texts).parent)
    checked = check("reviews.jsonl", max_length=9)
    assert json.loads(json.dumps(checked)) == checked
    assert checked["path"] == texts
    assert len(checked["fingerprint"]) == 16
    assert {name: checked[name] for name in space.ARGUMENTS} == {
        name: domain.default_value() for name, domain in space.ARGUMENTS.items()
    }
    assert space.check_arguments(checked) == checked


def test_the_spec_says_what_a_family_needs(texts):
    spec = space.data_spec(**given(texts))
    assert (spec.task, spec.form, spec.has_lengths, spec.n_outputs) == (
        "classification",
        "tokens",
        True,
        2,
    )
    assert spec.input_shape == (11,)  # A good , great film , number 12 of many !
    assert 4 + 15 <= spec.vocabulary <= 4 + 25
    assert spec.class_counts == (18, 18)
    number = space.data_spec(**given(texts, target="stars"))
    assert (number.task, number.n_outputs) == ("regression", 1)
    assert 1.5 < number.target_scale < 2.5
    assert space.data_spec(**given(texts, level="byte")).vocabulary == 260


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_every_file_gives_the_same_examples(texts, rows, tmp_path, ending):
    frame = pd.DataFrame(rows)
    path = tmp_path / f"reviews{ending}"
    if ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if ending == ".tsv" else ",")
    found, expected = (prepared(given(one)) for one in (path, texts))
    for name in ("train_inputs", "train_lengths", "train_targets", "test_inputs"):
        assert (found[name] == expected[name]).all()


def test_the_vocabulary_is_of_the_training_split_alone(write, rows):
    for row in rows:
        row["part"] = "train"
    for row in rows[:6]:
        row["review"], row["part"] = "novelty novelty", "val"
    for row in rows[6:12]:
        row["part"] = "test"
    path = write(rows)
    found = prepared(given(path, split="part", min_count=1))
    assert (found["validation_inputs"][:, :2] == 3).all()  # UNKNOWN
    assert "100 % of the words in the validation split are not in the vocabulary" in advice(
        path, split="part"
    )


def test_long_texts_are_cut_and_it_is_said(write, rows):
    for row in rows[::2]:
        row["review"] *= 60
    path = write(rows)
    assert space.data_spec(**given(path)).input_shape == (512,)
    assert "training texts are longer than 512 words (the longest has 660)" in advice(path)
    assert space.data_spec(**given(path, max_length=700)).input_shape == (660,)
    assert "longer" not in advice(path, max_length=700)


def test_no_more_is_kept_than_the_longest_text_of_any_split_has(write, rows):
    for place, row in enumerate(rows):
        row["part"] = ("train", "val", "test")[place % 3]
    rows[2]["review"] += " Twice!"
    path = write(rows)
    for max_length, kept in ((5000, 13), (13, 13), (12, 12)):
        wanted = given(path, split="part", max_length=max_length)
        assert space.data_spec(**wanted).input_shape == (kept,)
        found = prepared(wanted)
        assert found["train_inputs"].shape == (20, kept)
        assert found["test_lengths"].max() == kept


def test_a_text_in_training_and_test_is_said(write, rows):
    for place, row in enumerate(rows):
        row["part"] = ("train", "val", "test")[place % 3]
    assert "as a training one" not in advice(write(rows), split="part")
    rows[2]["review"] = rows[30]["review"].upper().replace(" ", "  ")
    path = write(rows)
    assert (
        f"1 of 20 test texts are the same as a training one: row 3 of {path} as row 31 of {path}. "
        "What is measured" in advice(path, split="part")
    )


def test_empty_texts_are_refused_by_row_or_dropped_and_said(write, rows):
    rows[4]["review"], rows[7]["review"] = "", None
    del rows[9]["review"]
    path = write(rows)
    with pytest.raises(ConfigurationError) as caught:
        check(path)
    (fault,) = caught.value.faults
    assert "3 of 60 texts are missing or have no word: row 5, row 8, row 10 of " in fault
    assert fault.endswith("write `empty: drop`.")
    spec = space.data_spec(**given(path, empty="drop"))
    assert spec.n_train == 35
    assert "3 texts without any word are left out: row 5, row 8, row 10 of " in advice(
        path, empty="drop"
    )


def test_a_text_that_is_missing_in_parquet_is_refused_by_row(rows, tmp_path):
    frame = pd.DataFrame(rows).astype({"review": "string"})
    frame.loc[4, "review"] = pd.NA
    frame.to_parquet(tmp_path / "reviews.parquet")
    with pytest.raises(ConfigurationError, match=r"1 of 60 texts are .*: row 5 of .*parquet\."):
        check(tmp_path / "reviews.parquet")


def test_a_class_of_which_nothing_can_be_learnt_is_refused(write, rows):
    for row in rows:
        row["part"] = "train"
    for row in rows[:9]:
        row["part"] = "test"
    rows[3]["label"] = "odd"
    with pytest.raises(ConfigurationError, match=r"the class odd, such as row 4 of \S* has\. Put"):
        check(write(rows), split="part")


FAULTS = {
    "no path": ({"path": None}, "path is missing. Give the path"),
    "no text": ({"text": None}, "text is missing. Give the name of the column with the texts"),
    "no target": ({"target": None}, "target is missing. Give the name of the column to be"),
    "unknown argument": ({"txt": "a"}, "txt is not an argument of text. Did you mean text?"),
    "batch": ({"batch_size": 8}, "batch_size is a parameter that may be searched. Set it under"),
    "no such file": ({"path": "/no/such.csv"}, "path is /no/such.csv, which cannot be read"),
    "text": ({"text": "reviw"}, "text is reviw. Did you mean review? Columns: review, label"),
    "target": ({"target": "lable"}, "target is lable. Did you mean label? Columns:"),
    "twice": ({"target": "review"}, "target is review, and so is text. Choose another column"),
    "numbers": ({"text": "stars"}, "text is stars, but 60 of its 60 values are no text, such as 5"),
    "level": ({"level": "letter"}, "level is 'letter'. It must be word, byte, character"),
    "length": ({"max_length": 0}, "max_length is 0. It must be symbols, 1 to"),
    "cap": ({"max_vocabulary": 0}, "max_vocabulary is 0. It must be 1 to"),
    "count": ({"min_count": 999}, "min_count is 999, but no word occurs so often in the 36 train"),
    "lower": ({"lower": "yes"}, "lower is 'yes'. It must be"),
    "keep": ({"keep": "middle"}, "keep is 'middle'. It must be start, end"),
    "empty": ({"empty": "skip"}, "empty is 'skip'. It must be refuse, drop"),
    "split and group": ({"split": "day", "group": "author"}, "split and group both say which rows"),
    "changed": ({"fingerprint": "0" * 16}, "fingerprint is 0000000000000000, but that of"),
    "regression": ({"task": "regression"}, "target is label, but for a regression it must be a"),
    "classes": ({"target": "day", "task": "classification"}, "target is day, with 60 different"),
}


@pytest.mark.parametrize(("wrong", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_begins_with_its_argument_and_says_what_is_right(texts, wrong, message):
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({**given(texts), **wrong})
    (fault,) = caught.value.faults
    assert fault.startswith(message)
    assert fault.endswith(".")


def test_one_class_is_refused(write, rows):
    with pytest.raises(ConfigurationError, match="target is label, and all 60 rows have the value"):
        check(write([{**row, "label": "good"} for row in rows]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "path is .*, which is empty"),
        ("review,label\n", "path is .*, which has no rows"),
        ("review,label\na,b\na,b,c\n", "do not all have the 2 columns .*line 3"),
        ('{"review": "a", "label": 1}\n{"review"', "whose line 2 is not JSON"),
    ],
)
def test_files_with_nothing_in_them_or_ragged_rows_are_refused(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        check(tmp_path / "a.csv")


def test_rows_that_are_too_short_are_empty_texts(tmp_path):
    lines = ["label,review", *(f"{'xy'[n % 2]},a text of {n}" for n in range(20))]
    lines[7] = "x"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(ConfigurationError, match=r"1 of 20 texts are missing .*: row 7"):
        check(tmp_path / "a.csv")


def test_arguments_are_read_as_they_are_written():
    arguments = TextArguments.read({"path": "/a", "text": "t", "target": "y", "dates": "day"})
    assert arguments.to_json()["dates"] == {"day": None}
    assert TextArguments.read(arguments.to_json()) == arguments
