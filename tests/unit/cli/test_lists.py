"""What `list` and `schema` print."""

from __future__ import annotations

import json

import pytest

from raysearch.data import DATA
from raysearch.data.describing import arguments_of
from raysearch.data.examples import EXAMPLES
from raysearch.models import FAMILIES
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS
from tests.recorded import Recorded


@pytest.mark.parametrize(
    ("kind", "table"),
    [("families", FAMILIES), ("data", DATA), ("searchers", SEARCHERS), ("schedulers", SCHEDULERS)],
)
def test_names_are_listed_with_what_they_are(cli, kind, table):
    outcome = cli(f"list {kind}")
    assert (outcome.status, outcome.err) == (0, "")
    described = dict(line.split(None, 1) for line in outcome.out.splitlines())
    assert set(described) == set(table)
    assert all(text.endswith(".") and len(text) > 20 for text in described.values())


def test_metrics_are_listed_with_task_and_direction(cli):
    rows = [line.split() for line in cli("list metrics").out.splitlines()]
    assert ["val/accuracy", "classification", "maximize"] in rows
    assert ["val/rmse", "regression", "minimize"] in rows


def test_runs_are_listed_with_status_and_winner(cli, search, folder):
    Recorded(folder / "runs" / "young-1")
    (folder / "runs" / "torn-1" / "journal").mkdir(parents=True)
    (folder / "runs" / "torn-1" / "journal" / "000001.jsonl").write_text("no json\n")
    outcome = cli("list runs")
    assert (outcome.status, outcome.err) == (0, "")
    _, small, torn, young = [line.split() for line in outcome.out.splitlines()]
    assert small == ["small-1", "finished", "4", "0001", "val/accuracy", "0.9"]
    assert torn[:2] == ["torn-1", "unreadable"]
    assert young == ["young-1", "interrupted", "0", "-", "-"]


def test_where_there_are_no_runs_it_is_said(cli):
    outcome = cli("list runs --storage elsewhere")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "There are no run directories in elsewhere. `run` makes one.\n"


def test_a_wrong_kind_names_the_nearest(cli):
    outcome = cli("list famlies")
    assert outcome.status == 2
    assert "famlies is not something to list. Did you mean families? Valid: data," in outcome.err


def test_the_schema_is_one_json_document(cli):
    outcome = cli("schema")
    assert outcome.status == 0
    schema = json.loads(outcome.out)
    assert "objective" in schema["properties"]


@pytest.mark.parametrize("name", sorted(DATA))
def test_a_data_set_is_listed_with_all_its_arguments(cli, name):
    outcome = cli(f"list data {name}")
    assert (outcome.status, outcome.err) == (0, "")
    for argument in arguments_of(name):
        (line,) = [x for x in outcome.out.splitlines() if x.split(None, 1)[:1] == [argument.name]]
        assert argument.meaning and argument.meaning in line
        assert argument.legal in line
        said = "must be given)" if argument.default is None else f"default {argument.default})"
        assert said in line
    assert ("An experiment file:" in outcome.out) == (name in EXAMPLES)


def test_a_name_that_is_no_data_set_and_names_of_other_lists_are_refused(cli):
    outcome = cli("list data imges")
    assert outcome.status == 2
    assert "imges is not a data set. Did you mean images?" in outcome.err
    outcome = cli("list families cnn")
    assert outcome.status == 2
    assert "list families takes no name, and cnn is given. Leave it out" in outcome.err
