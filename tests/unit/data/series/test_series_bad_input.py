"""What cannot be learnt from is refused before a search starts, with file and place."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from raysearch.data.series.space import advice, check_arguments, data_spec
from raysearch.errors import ConfigurationError

TS = ["@classLabel true a b", "@data"]
GOOD = [f"{n},{n + 1},{n * n}:{'ab'[n % 2]}" for n in range(12)]
WIDE = ["kind,t0,t1,t2", *(f"{'ab'[n % 2]},{n},{n + 1},{n * n}" for n in range(12))]
LONG = ["who,when,value,kind"] + [
    f"{who},{step},{who * step % 7},{'ab'[who % 2]}" for who in range(12) for step in range(4)
]


def refusal(path, **arguments):
    with pytest.raises(ConfigurationError) as error:
        check_arguments({"path": path, **arguments})
    return str(error.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1,2:3:a"], "where line 3 is ragged: its channels have 2, 1 values"),
        (["1,2:a", "1,2:3,4:a"], "where line 4 has 2 channels instead of 1"),
        (["1,x:a"], "where line 3 has 'x' for a number"),
        (["1,2:a", "1,2:c"], "where line 4 is of class 'c', and the header lists a, b"),
        (["1,2"], "where line 3 has no class behind its values"),
        (["1,?:a", *GOOD], "where line 3 has no finite value at step 2"),
        (["1,inf:a", *GOOD], "where line 3 has no finite value at step 2"),
        (["1,1e39:a", *GOOD], "where line 3 has no finite value at step 2"),
        ([":a", *GOOD], "where line 3 has no steps at all"),
        (["1,2:?", *GOOD], "where line 3 has no target"),
        ([line.replace(":b", ":a") for line in GOOD], "all 12 series have the target 'a'"),
        ([], "which has no series"),
    ],
)
def test_a_ts_file_is_refused_with_its_line(file, lines, said):
    path = file("series.ts", *TS, *lines)
    text = refusal(path)
    assert text.startswith(f"path is {path}, ")
    assert said in text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1,2:a"], "line 1 comes before a line @data"),
        (["@classLabel true a b"], "no line @data"),
        (["@timeStamps true", "@data", "(1,2):a"], "has time stamps"),
        (["@equalLength true", *TS, "1,2:a", "1:b"], "line 5 is ragged: it has 1 steps, line 4"),
    ],
)
def test_a_wrong_header_is_refused(file, lines, said):
    assert said in refusal(file("series.ts", *lines))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [*WIDE, "a,1,2"],
            "where row 13 has no finite value at step 3 (if it ends there: `lengths",
        ),
        ([*WIDE, "a,1,2,3,4"], "rows do not all have the 4 columns"),
        ([*WIDE, "a,1,much,3"], "where t1 in row 13 is 'much', no number"),
        ([*WIDE, "a,1,NA,3"], "where row 13 has no finite value at step 2"),
        ([*WIDE, ",1,2,3"], "where row 13 has no target"),
        (WIDE[:1], "no rows"),
    ],
)
def test_a_wide_table_is_refused_with_its_row(file, lines, said):
    assert said in refusal(file("wide.csv", *lines), target="kind")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*LONG, "3,9,1,a"], "where kind is 'b' in row 13 and 'a' in row 49 of the same series"),
        ([*LONG, "3,2,1,b"], "row 15 and row 49 have the same time in one series"),
        ([*LONG, "3,soon,1,b"], "where when in row 49 is 'soon', neither a number nor a date"),
        ([*LONG, ",9,1,b"], "where row 49 has no who"),
        ([*LONG, "3,9,,b"], "where series 3 (from row 13) has no finite value at step 5"),
        ([*LONG, "3,9,0x,b"], "where value in row 49 is '0x', no number"),
        ([*LONG, "3,9,1,b"], None),
    ],
)
def test_a_long_table_is_refused_with_its_row(file, lines, said):
    path = file("long.csv", *lines)
    arguments = {"series": "who", "time": "when", "target": "kind"}
    if said is not None:
        assert said in refusal(path, **arguments)
        return
    assert data_spec(path=path, **arguments).has_lengths
    assert "series 3 (from row 13) is ragged: it has 5 steps" in refusal(
        path, **arguments, lengths="equal"
    )


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.zeros((4, 3)), "y": np.arange(3)}, "array y has shape (3,). It must have one"),
        ({"X": np.zeros((4, 3, 2, 1)), "y": np.arange(4)}, "array X has shape (4, 3, 2, 1)"),
        ({"X": np.array(["a", "b"]), "y": np.arange(2)}, "array X has shape (2,)"),
        ({"a": np.zeros((4, 3)), "b": np.zeros((4, 3))}, "cannot be told: it has a, b"),
        ({"X": np.zeros((4, 3))}, "has no array of targets"),
        ({"X": np.zeros((2, 3)), "y": [0, 1], "lengths": [3, 4]}, "series 1 has the length 4"),
        ({"X": np.zeros((2, 3)), "y": [0, 1], "lengths": [3, 0]}, "series 1 has no steps at all"),
        ({"X": np.array([{}, {}]), "y": [0, 1]}, "holds Python objects"),
    ],
)
def test_an_npz_file_is_refused_with_the_name_of_an_array(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    assert said in refusal(str(tmp_path / "a.npz"))


def test_files_that_are_not_there_or_empty_or_broken_are_refused(file, tmp_path):
    assert "which cannot be read" in refusal(str(tmp_path / "none.ts"))
    empty = tmp_path / "empty.ts"
    empty.touch()
    assert "which is empty" in refusal(str(empty))
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    assert "no whole .npz file" in refusal(str(tmp_path / "cut.npz"))
    (tmp_path / "latin.ts").write_bytes(b"@problemName \xe9\n@data\n1,2\n")
    assert "which is not utf-8 from byte 13 on" in refusal(str(tmp_path / "latin.ts"))
    assert "which is not utf-16: UTF-16 stream" in refusal(
        file("plain.ts", *TS, *GOOD), encoding="utf-16"
    )
    path = file("a.ts", *TS, *GOOD)
    assert refusal(path, test_path=str(tmp_path / "b.ts")).startswith("test_path is")
    other = file("b.ts", *TS, "1,2:3,4:a")
    assert "with the channels 0, 1, and" in refusal(path, test_path=other)


def test_a_zip_archive_of_other_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as archive:
        archive.writestr("sheet.xml", "<a/>")
    text = refusal(str(tmp_path / "book.xlsx"))
    assert "book.xlsx, a zip archive with sheet.xml, no array" in text


@pytest.mark.parametrize("place", range(0, 400, 19))
def test_a_damaged_npz_file_is_refused(tmp_path, place):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, X=np.random.default_rng(0).random((20, 3)), y=np.arange(20) % 2)
    content = bytearray(path.read_bytes())
    content[100 + place] ^= 0xFF
    path.write_bytes(content)
    text = refusal(str(path))
    assert text.startswith(f"path is {path}, ")
    assert "Python objects" not in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pth": "a"}, "pth is not an argument of series. Did you mean path?"),
        ({"path": None}, "path is missing"),
        ({"missing": "ignore"}, "missing is 'ignore'. It must be refuse, interpolate, drop"),
        ({"split": "a", "group": "b"}, "group and split both say how to split"),
        ({"split": "a", "test_path": "b.ts"}, "split and test_path both say"),
        ({"task": "forecasting"}, "horizon is missing"),
        ({"task": "classification", "horizon": 3}, "horizon is for forecasting"),
        ({"window": 3}, "window is for forecasting"),
        ({"horizon": 3, "scaling": "series"}, "scaling is series, which a forecast cannot undo"),
        ({"target": ["a", "b"]}, "target is a list"),
        ({"horizon": 0}, "horizon is 0. It must be"),
        ({"validation": 0.4, "test": 0.4}, "validation is 0.4 and test is 0.4"),
        ({"target": 3}, "target is 3. It must be a name"),
    ],
)
def test_arguments_that_say_nothing_sensible_are_refused_before_a_file_is_read(wrong, said):
    with pytest.raises(ConfigurationError) as error:
        check_arguments({"path": "nowhere.ts", **wrong})
    assert said in str(error.value)


def test_a_target_that_is_no_number_is_named_with_its_place(file):
    path = file("a.csv", "y,t0,t1", *(f"{n / 2},{n},{n}" for n in range(20)), "many,1,2")
    assert "where row 21 has the target 'many', which is no number" in refusal(
        path, target="y", task="regression"
    )


def test_a_few_targets_that_are_no_numbers_do_not_make_classes_of_the_others(file):
    path = file("a.csv", "y,t0,t1", *(f"{n / 2},{n},{n}" for n in range(20)), "many,1,2")
    assert "where row 21 has the target 'many', which is no number" in refusal(path, target="y")


def test_a_word_that_is_no_split_is_named_with_its_row(file):
    rows = [f"{'ab'[n % 2]},{n},{n + 1},{'tset' if n == 5 else 'train'}" for n in range(12)]
    path = file("a.csv", "kind,t0,t1,part", *rows)
    said = f"with the values 'tset' in row 6 of {path}. Each row"
    assert said in refusal(path, target="kind", split="part")


def test_gaps_are_filled_or_their_series_dropped_if_the_policy_says_so(file):
    path = file("a.ts", *TS, "1,?,3:a", "?,5,5:b", *GOOD)
    notes = advice(path=path, missing="interpolate")
    assert any("2 missing values are filled" in note for note in notes)
    dropped = [note for note in advice(path=path, missing="drop") if "left out" in note]
    assert dropped == [
        f"2 of 14 series are left out: values are missing. The first is line 3 of {path}."
    ]


@pytest.mark.parametrize("name", ["wide.csv", "wide.npz"])
def test_series_end_where_only_gaps_follow_if_the_policy_says_so(file, tmp_path, name):
    values = np.arange(36.0).reshape(12, 3)
    values[3, 2], values[4, 1] = np.nan, np.nan
    kinds = np.array(["a", "b"] * 6)
    rows = [f"{kind},{','.join(map(str, row))}" for kind, row in zip(kinds, values, strict=True)]
    path = file(name, "kind,t0,t1,t2", *rows)
    if name.endswith("npz"):
        np.savez(path, X=values, kind=kinds)
    assert "has no finite value at step 3 (if it ends there" in refusal(path, target="kind")
    given = {"path": path, "target": "kind", "lengths": "unequal"}
    assert "has no finite value at step 2;" in refusal(**given)
    spec = data_spec(**given, missing="interpolate")
    assert (spec.has_lengths, spec.input_shape) == (True, (1, 3))


def test_series_without_length_or_target_can_be_dropped_and_not_all_of_them(file):
    path = file("a.ts", *TS, ":a", "1,2,3:?", *GOOD)
    left_out = [note for note in advice(path=path, missing="drop") if "left out" in note]
    assert len(left_out) == 2
    path = file("b.ts", *TS, "?,1:a", "?,1:b")
    assert "no series is left" in refusal(path, missing="drop")


def test_a_class_that_training_lacks_is_refused_with_a_series_of_it(file):
    lines = [f"{'ab'[n % 2]},{n},{n + 1},train" for n in range(8)]
    lines += ["a,1,2,val", "b,3,4,val", "c,5,6,test", "a,8,9,test", "c,0,0,test"]
    path = file("a.csv", "kind,t0,t1,part", *lines)
    text = refusal(path, target="kind", split="part")
    assert "class 'c' is missing from the training split" in text
    assert f"The first one is row 11 of {path}" in text


def test_a_class_that_the_test_lacks_is_told(file):
    lines = [f"{'abc'[n % 3]},{n},{n + 1},train" for n in range(9)]
    lines += ["a,1,2,val", "b,3,4,val", "c,1,6,val", "a,8,9,test", "c,0,0,test"]
    path = file("a.csv", "kind,t0,t1,part", *lines)
    notes = advice(path=path, target="kind", split="part")
    assert "The test split has no series of class b." in notes


def test_the_same_series_in_training_and_test_is_told(file):
    path = file("a.ts", *TS, *GOOD)
    other = file("b.ts", *TS, "100,101,102:a", GOOD[3], "7,7,7:b")
    told = [note for note in advice(path=path, test_path=other) if "are the same as" in note]
    assert len(told) == 1
    assert told[0].startswith("1 of 3 test series are the same as a ")
    assert f": line 4 of {other} as line 6 of {path}. What is measured" in told[0]
    assert not [note for note in advice(path=path) if "are the same as" in note]


def test_a_file_that_has_changed_is_refused(file):
    path = file("a.ts", *TS, *GOOD)
    checked = check_arguments({"path": path, "test_path": file("b.ts", *TS, *GOOD)})
    file("b.ts", *TS, *GOOD, *GOOD)
    with pytest.raises(ConfigurationError, match=r"test_fingerprint is .* has changed since"):
        check_arguments(checked)


MACHINES = ["machine,time,temp,load,state"] + [
    f"m{machine},{step},{machine * step % 7},{step},{'ab'[machine % 2]}"
    for machine in range(12)
    for step in range(6)
]


def test_a_long_table_told_nothing_about_is_met_with_what_to_write(file):
    path = file("machines.csv", *MACHINES)
    text = refusal(path, target="state")
    assert "where machine in row 1 is 'm0', no number. If each row is a step of a series" in text
    assert "write `series: machine` and `time: time`. Else mend it" in text
    notes = advice(path=path, target="state", series="machine", time="time")
    assert not any("Each row is taken for" in note for note in notes)


def test_dates_are_proposed_as_time(file):
    days = ["day,load,state", *(f"2026-01-{day:02},{day},{'ab'[day % 2]}" for day in range(1, 20))]
    assert "write `time: day`. Else mend it" in refusal(file("days.csv", *days), target="state")
    text = refusal(file("again.csv", *MACHINES), target="state", series="time")
    assert "machine in row 1 is 'm0', no number. Mend it, or list" in text


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("kind,t0,t1,t2", "a series has only 3 steps"),
        ("kind,time,t1,t2", "the column time is taken for a value and a series has only 3 steps"),
    ],
)
def test_rows_that_are_hardly_series_are_told_of(file, header, said):
    notes = advice(path=file("wide.csv", header, *WIDE[1:]), target="kind")
    assert any(said in note and "`series: COLUMN`" in note for note in notes)


def test_short_series_of_a_long_table_are_told_of(file):
    lines = [LONG[0], *(line for line in LONG[1:] if line.split(",")[1] in "01")]
    notes = advice(path=file("long.csv", *lines), target="kind", series="who", time="when")
    assert any("No series has more than 2 steps" in note for note in notes)
