"""Does a run directory of an earlier version still open?

tests/fixtures/run-v1 was written by the first version of the journal: four trials of digits, one of
them failed (a subclass of the model raised, whose name was replaced by the family's own in
winner/config.yaml), refitted and tested. Its checkpoints are those of two trials; TensorBoard's
files were left out. It is never regenerated: what stands in it is what is on people's disks, and
code that no longer reads it is wrong. A new version of the journal gets a folder of its own.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import raysearch
from raysearch.cli.main import main
from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results import Results
from raysearch.run_dir import events as ev
from raysearch.search import Search
from raysearch.trial import TrialStatus

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(params=["run-v1"])
def run(request, tmp_path):
    """A copy of an old run directory."""
    return shutil.copytree(FIXTURES / request.param, tmp_path / "run")


def printed(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_every_version_up_to_this_one_has_a_run_directory():
    kept = [FIXTURES / f"run-v{version}" for version in range(1, ev.SCHEMA_VERSION + 1)]
    assert all(path.is_dir() for path in kept)


def test_no_old_run_directory_is_large():
    size = sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file())
    assert size < 200_000


def test_results_says_who_won(run, capsys):
    text = printed(capsys, "results", run)
    assert "0002" in text
    assert "0.891" in text
    document = json.loads(printed(capsys, "results", run, "--json"))
    assert document["winner"]["trial"] == "0002"
    assert {t["id"]: t["status"] for t in document["trials"]} == {
        "0000": "completed",
        "0001": "failed",
        "0002": "completed",
        "0003": "completed",
    }


def test_trial_tells_all_of_each(run, capsys):
    assert "too wide for this machine" in printed(capsys, "trial", run, "0001")
    document = json.loads(printed(capsys, "trial", run, "0002", "--json"))
    assert [m["epoch"] for m in document["measurements"]] == [1, 2, 3]
    assert document["configuration"]["width"] == 12


def test_the_search_can_be_extended(run):
    search = Search.resume(run, overrides=["budget.trials=6"])
    assert search.plan.max_trials == 6
    assert search.experiment.space.default()["width"] == 8
    results = Results.open(run)
    assert [t.status for t in results.state.trials.values()].count(TrialStatus.FAILED) == 1
    assert results.winner is not None
    assert results.test_outcome.values["test/accuracy"] == pytest.approx(0.8913649)


@pytest.mark.parametrize(
    ("written", "became"),
    [
        ('"block":{"choice":["plain","residual"]}', "`block: basic` with `connections: residual`"),
        ('"block":"residual"', "`block: basic` with `connections: residual`"),
        ('"beta_warmup":{"int":[0,9]}', "a share of all steps now, from 0 to 1"),
        ('"beta_warmup":5', "a share of all steps now, from 0 to 1"),
    ],
)
def test_words_that_families_had_before_are_explained(run, capsys, written, became):
    journal = run / "journal" / "000001.jsonl"
    family = "vae" if "beta" in written else "cnn"
    text = journal.read_text().replace('"name":"mlp"', f'"name":"{family}"', 1)
    journal.write_text(text.replace('"space":{', f'"space":{{{written},', 1))
    with pytest.raises(ConfigurationError) as raised:
        Search.resume(run)
    assert became in str(raised.value)
    assert "`results` still shows what it found" in str(raised.value)
    assert "0.891" in printed(capsys, "results", run)


def test_keys_that_are_newer_than_a_run_are_no_change_of_it(run):
    search = Search.resume(run)
    assert "allow" not in Results.open(run).state.settings["checkpoint"]
    assert search.experiment.settings["checkpoint"]["allow"] == []
    assert (search._drive.changed, search._drive.notes) == ((), ())


def test_its_space_can_be_changed(run):
    search = Search.resume(run, overrides=["budget.trials=6", "space.width.int=[8, 256]"])
    assert search._drive.changed == ("budget.trials", "space.width")
    assert search._drive.notes == ()  # all its trials lie in the wider space


def test_damaged_settings_beside_the_journal_cost_nothing(run, capsys):
    (run / "experiment.yaml").write_bytes(b"\x00\xff: [")
    assert "0002" in printed(capsys, "results", run)
    assert Search.resume(run).experiment.name == "small"
    (run / "experiment.yaml").unlink()
    assert Search.resume(run).plan.max_trials == 4


def test_the_winner_predicts(run):
    model = raysearch.load_model(run)
    with torch.no_grad():
        assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_a_damaged_winner_is_named_with_how_to_make_it_again(run):
    path = run / "winner" / "model.ckpt"
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(RunDirectoryError, match=r"model.ckpt is damaged.*refit .*run --again"):
        raysearch.load_model(run)
