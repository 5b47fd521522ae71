"""Are lines taken apart, and those that cannot be named together?"""

from __future__ import annotations

import pytest

from raysearch.data.files import Source
from raysearch.data.lines import BadLine, columns, json_object, numbered, objects, taken
from raysearch.errors import ConfigurationError

SOURCE = Source(path="/a.tsv", argument="test_path")
ROLES = {"text": "t", "label": "y"}


def test_columns_are_found_by_name_and_blank_lines_passed_over():
    lines = numbered("1\tx\r\n\n2\n 3 \ty \n")
    found = list(columns(lines, names=["y", "t"], roles=ROLES, remedy="Mend it."))
    assert found == [
        (1, {"text": "x", "label": "1"}),
        (3, "has 1 column between tabs, not 2. Mend it."),
        (4, {"text": "y ", "label": " 3 "}),
    ]


def test_objects_are_found_by_key():
    lines = numbered('{"t": "x", "y": 1, "z": 2}\n{"t": "x", "Y": 1}\n[1]\n{')
    found = list(objects(lines, roles=ROLES, like="{...}"))
    assert found[0] == (1, {"text": "x", "label": 1})
    assert found[1][1] == "has no 'y'. Did you mean Y? Mend the line, or set text and label."
    assert found[2][1] == "is [1], no object. Write it like {...}."
    assert found[3][1].startswith("is not JSON (")


def test_nesting_without_end_is_no_crash():
    with pytest.raises(BadLine, match="is not JSON"):
        json_object("[" * 100_000, like="{}")


def test_the_first_bad_lines_are_told_together_by_file_and_line():
    def take(line, row):
        if line % 2:
            raise BadLine(f"has {row['n']}.")
        return row["n"]

    lines = [(n, {"n": n}) for n in range(20)]
    with pytest.raises(ConfigurationError) as caught:
        taken(lines, take, source=SOURCE)
    assert caught.value.faults == tuple(
        f"test_path is /a.tsv, whose line {n} has {n}." for n in (1, 3, 5, 7, 9)
    )
    assert taken(lines[:1], take, source=SOURCE) == [0]
