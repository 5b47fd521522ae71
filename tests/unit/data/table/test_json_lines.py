from __future__ import annotations

import pandas as pd
import pytest

from raysearch.data.files import Source
from raysearch.data.table import space
from raysearch.data.table.reading import read_table
from raysearch.errors import ConfigurationError


def read(path):
    return read_table(Source(path=path)).frame


def test_values_keep_their_types_and_keys_may_be_missing(csv_file):
    frame = read(
        csv_file(
            '{"a": 1, "b": "x", "y": true, "c": 1.5}',
            "",
            '{"b": "two\\nlines", "a": 2, "y": false}',
            '{"a": 3, "b": null, "y": true, "c": NaN, "d": [1, "z"]}',
        )
    )
    assert frame["a"].tolist() == [1, 2, 3]
    assert frame["b"].tolist() == ["x", "two\nlines", None]
    assert frame["y"].dtype == bool
    assert frame["c"].isna().tolist() == [False, True, True]
    assert frame["d"].tolist() == [None, None, '[1, "z"]']


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"a": 1}', '{"a": 2'], "whose line 2 is not JSON"),
        (['{"a": 1}', "[1, 2]"], r"whose line 2 is \[1, 2\], no object"),
        (['{"a": 1}{"a": 2}'], "whose line 1 is not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_named(csv_file, lines, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(csv_file(*lines))
    assert caught.value.faults[0].startswith("path is ")


def test_a_table_of_json_lines_is_prepared_as_one_of_csv(csv_file, tmp_path):
    frame = pd.DataFrame({"a": [n % 7 for n in range(40)], "y": [n % 2 for n in range(40)]})
    (tmp_path / "b.jsonl").write_text(frame.to_json(orient="records", lines=True))
    of_csv = csv_file("a,y", *(f"{a},{y}" for a, y in frame.itertuples(index=False)))
    found = [space.data_spec(path=str(path), target="y") for path in (of_csv, tmp_path / "b.jsonl")]
    assert found[0] == found[1]
