from __future__ import annotations

from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import load
from raysearch.experiment.reading import parse, read

UNREADABLE = {
    # name of the case: (text of the file, words of the message)
    "empty": ("", ("x.yaml is empty", "KEY: VALUE", "{data: digits, model: mlp")),
    "comments only": ("# nothing\n\n", ("x.yaml is empty",)),
    "null": ("~", ("x.yaml is empty",)),
    "a list": ("# one\n- digits", ("x.yaml, line 2: this is a list", "is a mapping of keys")),
    "a single value": ("digits", ("x.yaml, line 1: this is a single value",)),
    "a tab": ("name: x\nspace:\n\twidth: 3", ("x.yaml, line 3: there is a tab", "spaces only")),
    "a tab after spaces": ("name: x\n \tseed: 3", ("x.yaml, line 2: there is a tab",)),
    "two colons": ("name: a: b", ("x.yaml, line 1", "not YAML at column 8", "needs quotes")),
    "a colon without a space": ("seed:3\nname: x", ("x.yaml, line 2", "a space after its colon")),
    "another language": ("seed = 3", ("x.yaml, line 1: this is a single value",)),
    "an equals sign": ("name: x\nseed = 3", ("x.yaml, line 2: seed = 3 is not KEY: VALUE",)),
    "an at sign": ("name: @home", ("x.yaml, line 1", "'@'", "needs quotes")),
    "crooked indentation": (
        "budget:\n    trials: 8\n  minutes: 3",
        ("x.yaml, line 3", "by the same number of spaces"),
    ),
    "an open bracket": ("model: [cnn,\nseed: 3", ("x.yaml, line 2", "begins in line 1", "Check")),
    "an open quote": (
        "name: 'x\nseed: 3",
        ("x.yaml, line 2", "quoted scalar that begins in line 1"),
    ),
    "an unknown alias": ("name: *x", ("x.yaml, line 1", "undefined alias")),
    "two documents": (
        "name: x\n---\nname: y",
        ("x.yaml, line 2", "another document", "one experiment"),
    ),
    "a control character": ("name: x\nseed: \x00", ("x.yaml, line 2", "U+0000", "Remove it")),
    "endless nesting": ("a: " + "[" * 600, ("x.yaml", "nested too deeply")),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_text_that_is_no_mapping_is_refused(case):
    text, words = UNREADABLE[case]
    with pytest.raises(ConfigurationError) as caught:
        parse(text, source="x.yaml")
    message, last = str(caught.value).split("\n")
    assert all(word in message for word in words), message
    assert last == "Nothing was started."


def test_a_missing_file_is_refused_with_those_that_are_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("experiments").mkdir()
    Path("experiments/digits.yaml").touch()
    with pytest.raises(ConfigurationError) as caught:
        load("experiments/digit.yaml")
    assert str(caught.value) == (
        "experiments/digit.yaml does not exist. Did you mean experiments/digits.yaml? "
        "Experiment files there: experiments/digits.yaml.\nNothing was started."
    )


def test_a_missing_folder_is_named_with_where_paths_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"There is no folder nowhere; .*start from") as e:
        load("nowhere/digits.yaml")
    assert str(tmp_path) in str(e.value)


def test_a_folder_is_refused_with_the_files_in_it(tmp_path):
    (tmp_path / "mine.yml").touch()
    with pytest.raises(ConfigurationError, match=r"is a folder, not an experiment file.*mine\.yml"):
        load(tmp_path)


def test_text_that_is_not_utf_8_is_refused_with_line_and_byte(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("name: x\n# Größe\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"line 2: the byte 0xf6 is not UTF-8. Save"):
        load(path)


def test_a_file_that_cannot_be_opened_is_refused_with_the_reason(tmp_path):
    path = tmp_path / ("x" * 300 + ".yaml")
    with pytest.raises(ConfigurationError, match="cannot be read: File name too long"):
        load(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nseed: 3\r\n")
    document = read(path)
    assert document.values == {"name": "x", "seed": 3}
    assert document.place(("seed",)).text == f"{path}, line 2"


def test_every_value_knows_its_line_and_how_it_was_written():
    document = parse(
        "name: x\nspace:\n  cnn.width: {int: [8, 64]}\n  rate:\n    float: [1e-4, 1.0e-1]\n"
        "model:\n- cnn\n- {name: mlp}\n",
        source="x.yaml",
    )
    lines = {path: mark.place.order for path, mark in document.marks.items()}
    assert lines[("space",)] == 2
    assert lines[("space", "cnn.width", "int")] == 3
    assert lines[("space", "rate", "float", 1)] == 5
    assert lines[("model", 1, "name")] == 8
    assert document.written(("space", "rate", "float")) == "[1e-4, 1.0e-1]"
    assert document.written(("space", "rate")) == "{float: [0.0001, 0.1]}"
    assert document.place(("model", 1, "arguments", "x")).text == "x.yaml, line 8"


def test_what_is_wrong_in_one_place_leaves_the_rest_readable():
    document = parse("a: 1\na: 2\nb: !x y\n3: 4\nc: .nan\nd: 5", source="x.yaml")
    assert document.values == {"a": 1, "b": None, "c": None, "d": 5}
    assert [fault.place.order for fault in document.faults] == [2, 3, 4, 5]


FAULTS = {
    "searcher: !random {}": "searcher is !random {}. Write text, a number,",
    "name: !!python/object/apply:os.system [ls]": "name is !!python/object/apply:os.system [ls]. ",
    "trainer: {callbacks: [!mine [a]]}": "trainer.callbacks is !mine [a]. Write text, a number,",
    "budget: {minutes: 0,5}": "budget.5 is a key without a value. Decimals have a point, as 0.5,",
    "space: {1: 3}": "space.1 is a key that is not text. Write a name before the colon.",
    "trainer: {<<: &a {b: 1}, c: *a}": "trainer.c is an alias (*). Write the value out instead.",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_names_value_and_remedy(text):
    (fault,) = parse(text, source="x.yaml").faults
    assert str(fault).startswith(f"x.yaml, line 1: {FAULTS[text]}")
