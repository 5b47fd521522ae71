"""Is what is said of a data set's arguments what the data set takes, and does its example hold?"""

from __future__ import annotations

import dataclasses
import importlib

import pytest
import yaml

from raysearch.data import DATA
from raysearch.data.describing import arguments_of
from raysearch.data.examples import EXAMPLES
from raysearch.models import FAMILIES

KINDS = ("images", "pairs", "series", "table", "text", "trees")


def kind_of(name):
    module = importlib.import_module(f"{DATA[name]}.arguments")
    return getattr(module, f"{name.title()}Arguments")


def test_each_kind_of_files_has_an_example():
    assert tuple(sorted(EXAMPLES)) == KINDS


@pytest.mark.parametrize("name", sorted(DATA))
def test_each_argument_has_a_meaning_and_what_is_legal(name):
    found = arguments_of(name)
    assert all(one.meaning.endswith(".") and one.legal for one in found)
    assert len({one.name for one in found}) == len(found)


@pytest.mark.parametrize("name", KINDS)
def test_they_are_all_that_is_read_and_the_required_come_first(name):
    found = arguments_of(name)
    assert {one.name for one in found} == {
        field.name for field in dataclasses.fields(kind_of(name))
    }
    needs = [one.default is None for one in found]
    assert needs == sorted(needs, reverse=True)
    assert needs[0]


def test_fields_that_share_a_text_have_it_each():
    said = {one.name: one.meaning for one in arguments_of("images")}
    assert said["separator"] == said["encoding"] == "Of a table, as of data `table`."


@pytest.mark.parametrize("name", KINDS)
def test_an_example_has_arguments_and_families_that_there_are(name):
    document = yaml.safe_load(EXAMPLES[name])
    assert document["data"]["name"] == name
    kind_of(name).read(document["data"]["args"])
    models = document["model"]
    assert set([models] if isinstance(models, str) else models) <= set(FAMILIES)
    assert len(EXAMPLES[name].splitlines()) == 5
