from __future__ import annotations

import pandas as pd
import pytest

from raysearch.data.files import Source
from raysearch.data.table.reading import read_table
from raysearch.errors import ConfigurationError


def read(path, **arguments):
    return read_table(Source(path=path), **arguments)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_told_by_the_first_lines(csv_file, separator):
    lines = [separator.join(row) for row in (["a", "b", "y"], ["1", "x z", "0"], ["2", "w", "1"])]
    table = read(csv_file(*lines))
    assert table.separator == separator
    assert table.frame.to_dict("list") == {"a": ["1", "2"], "b": ["x z", "w"], "y": ["0", "1"]}


def test_decimal_commas_do_not_cut_a_table_of_semicolons(csv_file):
    table = read(csv_file("a;y", "1,5;2,5", "3,5;4,5"))
    assert table.frame["a"].tolist() == ["1,5", "3,5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_encodings_are_told_by_the_bytes(csv_file, encoding):
    table = read(csv_file("größe,y", "grün,1", "blau,2", encoding=encoding))
    assert list(table.frame) == ["größe", "y"]
    assert table.frame["größe"].tolist() == ["grün", "blau"]
    assert any("not UTF-8" in note for note in table.notes) == (encoding in ("latin-1", "cp1252"))


def test_bytes_that_windows_has_not_are_latin_1(csv_file):
    assert read(csv_file(content=b"a,y\n\x81\xe4,1\n")).frame["a"].tolist() == ["\x81ä"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_any_way_and_begin_late(csv_file, end):
    frame = read(csv_file(content=end.join([b"", b"a,y", b"1,2", b"3,4", b""]))).frame
    assert frame.to_dict("list") == {"a": ["1", "3"], "y": ["2", "4"]}


def test_values_stay_text_whatever_they_look_like(csv_file):
    frame = read(csv_file("a,b,y", '007,"1,5",NA', " x ,,", "short")).frame
    assert frame["a"].tolist() == ["007", "x ", "short"]
    assert frame["b"].tolist() == ["1,5", "", ""]
    assert frame["y"].tolist() == ["NA", "", ""]


def test_names_and_values_may_follow_a_blank_and_stand_in_quotes(csv_file):
    frame = read(csv_file('x, "b, c", y', '1, "2, 3", 4')).frame
    assert frame.to_dict("records") == [{"x": "1", "b, c": "2, 3", "y": "4"}]


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "table.parquet"
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "y": [0.5, 1.5]}, index=[7, 8])
    frame.to_parquet(path)
    found = read(str(path)).frame
    assert found["a"].tolist() == [1, 2]
    assert pd.isna(found["b"][1])
    assert found["y"].dtype == float


def test_nested_values_of_parquet_become_text(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"a": [[1, 2], None], "y": [0.5, 1.5]}).to_parquet(path)
    assert read(str(path)).frame["a"][0] == "[1 2]"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "which is empty. Give a file with a line of column names"),
        (b" \n\n", "which is empty"),
        (b"\xef\xbb\xbf", "which is empty"),
        (b"\xff\xfe\n\x00", "which is empty"),
        (b"just\nsome\nlines\n", "no separator cuts .* It is 'just'. Set separator"),
        (b"1,2\n3,4\n", "first line is 1, 2: these are values, not names"),
        (b"a,b,a\n1,2,3\n", "several columns named a. Give each column a name of its own"),
        (b"a,y\n1,2\n1,2,3\n1,2\n", r"do not all have the 2 columns .*line 3"),
        (b"PAR1 and no more", "no whole Parquet file"),
    ],
)
def test_what_is_no_table_is_refused(csv_file, content, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(csv_file(content=content))
    assert caught.value.faults[0].startswith("path is ")
    assert "table.csv" in caught.value.faults[0]


@pytest.mark.parametrize("content", [b"\x00AR1a,b\n1,2\n", b"a,b\n1,2\n"])
def test_what_only_its_name_makes_a_parquet_file_is_refused_as_damaged(tmp_path, content):
    path = tmp_path / "table.Parquet"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"with PAR1: it is damaged, or .* Write it anew"):
        read(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"path is .*none\.csv, which cannot be read"):
        read(str(tmp_path / "none.csv"))


def test_another_encoding_than_the_one_given_is_refused(csv_file):
    path = csv_file("ä,y", "1,2", encoding="latin-1")
    with pytest.raises(ConfigurationError, match=r"encoding is utf-8, but byte 0 of .* is not"):
        read(path, encoding="utf-8")


def test_rows_that_are_too_short_are_named(csv_file):
    path = csv_file("a,b,y", "1,2,3", "1,2", "1,,", "1", "1,2,3", "1,2")
    (note,) = read(path).notes
    assert note == (
        f"3 rows of {path} have fewer than the 3 columns of its first line: row 2, row 4, row 6. "
        "What is not there counts as missing."
    )
    assert read(csv_file("a,y", "1,", ",")).notes == ()


def test_a_file_that_only_begins_as_utf_16_is_refused(csv_file):
    with pytest.raises(ConfigurationError, match="which begins as UTF-16, but is none from byte"):
        read(csv_file(content=b"\xff\xfea"))
    with pytest.raises(ConfigurationError, match=r"encoding is utf-16, but byte \d+ of .* is not"):
        read(csv_file("a,y", "1,2"), encoding="utf-16")
