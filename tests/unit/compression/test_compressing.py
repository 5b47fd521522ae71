"""A search for recipes from its beginning to the record, and where it goes on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from raysearch.compression.adopting import adopt
from raysearch.compression.bound import COST, DROP_ERROR, LATENCY, SIZE
from raysearch.compression.compressing import compress_winner, search_folder
from raysearch.compression.recipe import Recipe, first_recipes
from raysearch.compression.searching import search_recipes
from raysearch.compression.wish import Wish
from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import TrialStatus
from tests.object_store import BUCKET, in_environment, running_store
from tests.unit.compression.trained import SMALL, opened, searched

pytestmark = [
    pytest.mark.timeout(300),  # torch's exporter takes seconds, and a busy machine ten times that
    pytest.mark.filterwarnings(
        "ignore"
    ),  # what torch, its exporter and Lightning say of each other
]
WISH = Wish(max_drop=1.0, trials=2, max_epochs=1, batch_size=4, runs=3, trainings=1)
"""The model as it is, and the first recipe."""
FIRST = first_recipes(max_epochs=1)[0]


def kinds(run_dir):
    return [type(event) for event in run_dir.events()]


def test_the_winner_is_compressed_and_recorded_and_nothing_is_done_twice(tmp_path):
    search = searched(tmp_path / "run")
    results = opened(search)
    results.refit()
    told: list[str] = []
    wish = replace(WISH, trainings=2)
    with results.recording() as record:
        outcome = compress_winner(results, wish=wish, record=record, say=told.append)
    first, second = outcome.chosen.trials
    best = outcome.chosen.best
    assert (best.trial, best.n_trainings, outcome.why_not) == (second, 2, "")
    again = RunDir(outcome.chosen.run_dir.path).events()
    (repeat,) = [event for event in again if getattr(event, "repeat", 0)]
    accuracies = [values["val/accuracy"] for values in (second.last.values, repeat.values)]
    assert best.values["val/accuracy"] == pytest.approx(sum(accuracies) / 2)
    assert 0 < best.values[DROP_ERROR] < 0.1
    assert outcome.made.values["val/accuracy"] == best.values["val/accuracy"]
    assert not {COST, DROP_ERROR} & outcome.made.values.keys()
    assert second.configuration == FIRST
    assert 0 < second.last.values[COST] < 1
    assert second.last.values[SIZE] < first.last.values[SIZE]
    assert second.last.values[LATENCY] > 0
    assert [line.partition(":")[0] for line in told] == [
        "trying 2 recipes on trial 0000, with up to 1 epoch of training each; "
        "after Ctrl-C the same command goes on",
        "0000 unchanged",
        f"0001 {Recipe.of(FIRST).describe()}",
        f"0001 {Recipe.of(FIRST).describe()}, training 2 of 2",
    ]

    made = opened(search).handover.compression_of(results.model_of(results.winner))
    assert made == outcome.made
    assert made.recipe == FIRST
    path = search.run_dir.path / made.path
    assert path.stat().st_size == made.size_bytes < made.original_bytes
    assert json.loads(path.with_name("recipe.json").read_text())["recipe"] == made.recipe
    assert kinds(search.run_dir)[-2:] == [ev.Refitted, ev.Compressed]

    again = opened(search)
    told.clear()
    with again.recording() as record:
        compress_winner(again, wish=wish, record=record, say=told.append)
    assert told == []  # the recipes that were tried are read back


def test_a_search_that_was_killed_goes_on_where_it_was(tmp_path, subject):
    search = searched(tmp_path / "run")
    found = opened(search)
    run_dir = search_folder(found, found.winner, wish=WISH)

    class Killed(BaseException):
        pass

    def die(text):
        if text.startswith("0000"):
            raise Killed

    with pytest.raises(Killed):
        search_recipes(subject, wish=WISH, run_dir=run_dir, say=die)
    assert search_folder(found, found.winner, wish=WISH).path == run_dir.path
    told: list[str] = []
    chosen = search_recipes(subject, wish=WISH, run_dir=run_dir, say=told.append)
    assert told.pop(0).startswith("trying 2 recipes on trial 0000, 1 of which are done, with up")
    assert [line.partition(":")[0] for line in told] == [f"0001 {Recipe.of(FIRST).describe()}"]
    assert all(trial.status is TrialStatus.COMPLETED for trial in chosen.trials)
    another = search_folder(found, found.winner, wish=Wish(trials=3))
    assert another.path.name == "0002"


def test_a_checkpoint_from_anywhere_is_taken_in(tmp_path, subject):
    stored = torch.load(subject.checkpoint, weights_only=True)
    path = tmp_path / "somebody.ckpt"
    torch.save({**stored, "hyper_parameters": {"width": 16, "stages": 2, "dropout": 0.0}}, path)
    run_dir = RunDir(tmp_path / "adopted")
    adopt(path, experiment=from_settings(SMALL), run_dir=run_dir)
    results = Results.read(run_dir.path)
    assert results.winner.configuration["width"] == 16
    assert results.winner.value(results.objective) is not None
    assert results.refit().refit is False
    with pytest.raises(OSError, match="holds a search already"):
        adopt(path, experiment=from_settings(SMALL), run_dir=run_dir)
    (tmp_path / "broken.ckpt").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ConfigurationError, match=r"broken\.ckpt cannot be taken in: "):
        adopt(tmp_path / "broken.ckpt", experiment=from_settings(SMALL), run_dir=RunDir(tmp_path))


def test_one_that_is_taken_into_a_store_is_there_before_its_journal_says_so(tmp_path, subject):
    stored = torch.load(subject.checkpoint, weights_only=True)
    path = tmp_path / "somebody.ckpt"
    torch.save({**stored, "hyper_parameters": {"width": 16, "stages": 2, "dropout": 0.0}}, path)
    with running_store() as store, in_environment(store.environment):
        run_dir = RunDir(f"s3://{BUCKET}/adopted")
        adopt(path, experiment=from_settings(SMALL), run_dir=run_dir)
        (written,) = [e for e in run_dir.events() if isinstance(e, ev.CheckpointWritten)]
        there = store.client().head_object(Bucket=BUCKET, Key=f"adopted/{written.path}")
        assert there["ContentLength"] == written.size_bytes
        objects = store.client().list_objects_v2(Bucket=BUCKET, Prefix="adopted/")["Contents"]
    at = {each["Key"]: each["LastModified"] for each in objects}
    journal = max(at[key] for key in at if "/journal/" in key)
    assert at[f"adopted/{written.path}"] <= journal


def test_a_checkpoint_that_lightning_would_not_open_is_refused(tmp_path, subject):
    stored = torch.load(subject.checkpoint, weights_only=True)
    path, run_dir = tmp_path / "weights.ckpt", RunDir(tmp_path / "adopted")
    torch.save({"state_dict": stored["state_dict"]}, path)
    with pytest.raises(ConfigurationError, match=r"weights\.ckpt does not say which Lightning"):
        adopt(path, experiment=from_settings(SMALL), run_dir=run_dir)
    assert not run_dir.has_search()
