from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from raysearch.experiment import json_schema
from raysearch.experiment.yaml_text import CoreLoader
from raysearch.models import FAMILIES
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


@pytest.fixture(scope="module")
def validator(schema) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema)


def test_it_is_a_schema_of_the_2020_12_dialect(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_section_and_every_key_is_described(schema):
    def described(value: dict[str, Any]) -> bool:
        target = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
        return bool(target.get("description") or value.get("description"))

    keys = dict(schema["properties"])
    for name, definition in schema["$defs"].items():
        keys |= {f"{name}.{key}": value for key, value in definition["properties"].items()}
    for section in ("searcher", "scheduler"):
        for form in schema["properties"][section]["anyOf"][1:]:
            settings = form.get("properties", {})
            keys |= {key: value for key, value in settings.items() if key != "name"}
    assert [key for key, value in keys.items() if not described(value)] == []
    assert {"min_epochs", "gamma", "Budget.trials", "TrainerSection.precision"} <= keys.keys()


def test_names_are_enumerated(schema):
    sections = schema["properties"]
    assert sections["searcher"]["anyOf"][0] == {"enum": sorted(SEARCHERS)}
    assert sections["scheduler"]["anyOf"][0] == {"enum": sorted(SCHEDULERS)}
    assert sections["model"]["anyOf"][0] == {"enum": sorted(FAMILIES)}
    assert "val/accuracy" in sections["objective"]["anyOf"][0]["enum"]


def test_a_refit_is_true_false_or_a_number_of_seeds(loaded, validator):
    for edit in ("refit: true", "refit: false", "refit: {seeds: 3}"):
        validator.validate(dict(loaded(edit).settings))


def test_resolved_settings_fit_the_schema(loaded, validator):
    edit = "space: {dropout: {float: [0.0, 0.5], default: 0.1}, optimizer: sgd}"
    validator.validate(dict(loaded(edit).settings))


@pytest.mark.parametrize(
    "edit",
    [
        "seed: -1",
        "refit: 3",
        "refit: {seeds: 101}",
        "spac: {}",
        "searcher: bayes",
        "scheduler: {name: asha, eta: 3}",
        "parallel: x",
    ],
)
def test_what_is_refused_does_not_fit_the_schema(edit, write, refused, validator):
    refused(edit)
    values = yaml.load(write(edit).read_text(), Loader=CoreLoader)
    assert not validator.is_valid(values)
