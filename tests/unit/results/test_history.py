"""Results tell with what a model was trained, epoch by epoch, and a refit is given all of it."""

from __future__ import annotations

import json

import pytest
import yaml

from raysearch.cli.descent import print_descent, schedule_facts
from raysearch.results import Results
from raysearch.run_dir import events as ev
from tests.recorded import Bytes, Recorded


class Remembers(Bytes):
    """An executor that also remembers the jobs."""

    def refit(self, job, *, epochs, path):
        self.job = job
        return super().refit(job, epochs=epochs, path=path)


@pytest.fixture
def found(tmp_path):
    """A search in which 0002 takes over 0001 after epoch 2, and wins."""
    search = Recorded(tmp_path / "run")
    search.trial(0.1, 0.1, 0.1, 0.1)
    one = search.begin(0.3, 0.5)
    two = search.begin(0.2, 0.2)
    configuration = {**one.configuration, "dropout": 0.25, "learning_rate": 0.0123}
    changes = {key: [one.configuration[key], configuration[key]] for key in ("dropout",)}
    search.engine.record(
        ev.Exploited(
            at=2000.0,
            trial=two.id,
            source=one.id,
            epoch=2,
            path=one.checkpoints[-1].path,
            size_bytes=1000,
            configuration=configuration,
            changes=changes,
            reason="rung 2: rank 3 of 3, takes over trial 0001",
        )
    )
    search.engine.attempt_started(two.id, worker="here:1")
    search.measure(two.id, 3, 0.9)
    search.engine.finished(two.id, reason="ended early")
    search.engine.finished(one.id, reason="ended early")
    search.finish()
    return Results.open(tmp_path / "run")


def test_the_document_has_the_schedule_and_the_lineage(found):
    document = found.to_json()
    json.dumps(document, allow_nan=False)
    entries = {entry["id"]: entry for entry in document["trials"]}
    assert [(s["trial"], s["from_epoch"], s["to_epoch"]) for s in entries["0002"]["schedule"]] == [
        ("0001", 1, 2), ("0002", 3, 3),
    ]  # fmt: skip
    assert entries["0002"]["configuration"]["dropout"] == 0.25
    assert "schedule" not in entries["0001"]
    (copied,) = document["lineage"]
    assert (copied["trial"], copied["source"], copied["epoch"]) == ("0002", "0001", 2)
    assert copied["changes"]["dropout"][1] == 0.25


def test_a_refit_is_given_the_whole_schedule_and_leaves_it_as_a_file(found):
    executor = Remembers()
    found.refit(executor=executor)
    job = executor.job
    assert job.model_arguments["dropout"] == 0.25
    (stage,) = job.history
    assert stage.until == 2
    assert stage.model_arguments["dropout"] != 0.25
    written = yaml.safe_load((found.run_dir.path / "winner" / "schedule.yaml").read_text())
    assert [stretch["to_epoch"] for stretch in written["schedule"]] == [2, 3]
    config = yaml.safe_load((found.run_dir.path / "winner" / "config.yaml").read_text())
    assert config["configuration"]["dropout"] == 0.25
    assert config["schedule"] == written["schedule"]


def test_a_winner_with_one_configuration_has_no_such_file(found):
    found.refit(executor=Bytes())
    found.refit(trial="0001", executor=Bytes())
    assert not (found.run_dir.path / "winner" / "schedule.yaml").exists()


def test_the_best_epoch_before_the_change_has_the_configuration_of_then(tmp_path):
    search = Recorded(tmp_path / "run")
    one = search.begin(0.9, 0.1)
    other = search.begin(0.1, 0.8)
    search.engine.record(
        ev.Exploited(
            at=2000.0, trial=one.id, source=other.id, epoch=2, path=other.checkpoints[-1].path,
            size_bytes=1000, configuration={**other.configuration, "dropout": 0.25}, changes={},
        )
    )  # fmt: skip
    search.engine.attempt_started(one.id, worker="here:1")
    search.measure(one.id, 3, 0.2)
    search.finish()
    found = Results.open(tmp_path / "run")
    executor = Remembers()
    found.refit(executor=executor)
    assert found.winner.id == one.id
    assert executor.job.history == ()
    assert executor.job.model_arguments["width"] == one.configuration["width"]
    entry = found.to_json()["trials"][0]
    assert entry["configuration"] == dict(one.configuration)


def test_a_person_sees_who_took_over_whom(found, capsys):
    print_descent(found)
    out = capsys.readouterr().out
    assert "0001 from its start" in out
    assert "└─ 0002 from epoch 2: dropout" in out
    first, second = schedule_facts(found, found.trial("0002"))
    assert first[1].startswith("epochs 1 to 2, as 0001: ")
    assert "dropout 0.25" in second[1] or "dropout=0.25" in second[1]
    assert schedule_facts(found, found.trial("0001")) == []
