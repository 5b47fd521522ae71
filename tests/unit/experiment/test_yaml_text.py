from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raysearch.experiment.reading import parse
from raysearch.experiment.yaml_text import compose, in_one_line, scalar, to_yaml

SURPRISES = {
    # as it is written: what YAML 1.2 says; YAML 1.1 says otherwise to most of these
    "1e-4": 1e-4,
    "1.e5": 1e5,
    ".5": 0.5,
    "+3": 3,
    "010": 10,
    "0o17": 15,
    "0xff": 255,
    "no": "no",
    "On": "On",
    "1:30": "1:30",
    "1_000": "1_000",
    "2026-01-01": "2026-01-01",
    "16-mixed": "16-mixed",
    "none": "none",
    "nan": "nan",
    "~": None,
    "null": None,
    "TRUE": True,
    "'1e-4'": "1e-4",
    "!!str 5": "5",
}


@pytest.mark.parametrize(("written", "value"), SURPRISES.items())
def test_scalars_are_read_as_yaml_1_2_has_them(written, value):
    read = scalar(compose(f"key: {written}").value[0][1])
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", ["!!int abc", "!!float x", "!!binary aGk=", "!mine x"])
def test_tags_that_do_not_fit_are_refused(written):
    with pytest.raises(ValueError):
        scalar(compose(f"key: {written}").value[0][1])


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.sampled_from([str(key) for key in SURPRISES])
)
KEYS = TEXTS.filter(bool) | st.sampled_from(["no", "1", "null", "<<", "="])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@settings(deadline=None)  # the machine is shared; pytest's timeout holds
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_back_unchanged(values):
    read = parse(to_yaml(values), source="x")
    assert read.faults == ()
    assert read.values == values
    assert repr(read.values) == repr(values)  # types as well, and the order of keys


@settings(deadline=None)  # the machine is shared; pytest's timeout holds
@given(VALUES)
def test_one_line_is_one_line_and_read_back_unchanged(value):
    text = in_one_line(value)
    assert "\n" not in text
    assert parse(f"key: {text}", source="x").values == {"key": value}
