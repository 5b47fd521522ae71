"""Which name was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.errors import did_you_mean, unknown_name

NAMES = ["min_epochs", "max_epochs", "max_steps", "Net", "mlp"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("min_epoch", "min_epochs"),
        ("MIN_EPOCHS", "min_epochs"),
        ("MLP", "mlp"),
        ("net", "Net"),
        ("min", "min_epochs"),  # the beginning of one
        ("max_s", "max_steps"),
    ],
)
def test_a_name_that_is_close_is_asked_about(written, meant):
    assert did_you_mean(written, NAMES) == f"Did you mean {meant}? "


@pytest.mark.parametrize("written", ["zzz", "max", "mi", "ml", ""])
def test_what_is_close_to_none_or_begins_several_is_not(written):
    assert did_you_mean(written, ["min_epochs", "max_epochs", "max_steps", "mlpack"]) == ""


@pytest.mark.parametrize("valid", [["maximize", "minimize"], {"maximize", "minimize"}])
def test_any_collection_will_do(valid):
    assert did_you_mean("max", iter(valid)) == "Did you mean maximize? "


def test_names_that_differ_in_capitals_alone_are_kept_apart_by_their_order():
    assert did_you_mean("NET", ["Net", "net"]) == "Did you mean Net? "


@given(st.text(max_size=12), st.lists(st.text(min_size=1, max_size=12), max_size=6))
def test_it_asks_only_about_valid_names(written, valid):
    found = did_you_mean(written, valid)
    assert not found or found.removeprefix("Did you mean ").removesuffix("? ") in valid


def test_a_message_names_kind_remedy_and_all_that_is_valid():
    assert unknown_name("ASHA", kind="a scheduler", valid=["none", "asha"], where="a.yaml: ") == (
        "a.yaml: ASHA is not a scheduler. Did you mean asha? Valid: asha, none."
    )
