"""`refit` and `test` at the shell, with an executor that trains nothing."""

from __future__ import annotations

import re
import sys

import pytest

from raysearch.results import Results
from tests.recorded import Bytes, Recorded


@pytest.fixture
def executor(monkeypatch):
    """What the commands use in place of training in this process."""
    executor = Bytes()
    monkeypatch.setattr("raysearch.results.collect.LocalExecutor", lambda: executor)
    return executor


def test_refit_hands_the_winner_over_and_says_how_to_open_it(cli, search, executor):
    outcome = cli("refit small-1")
    assert (outcome.status, outcome.err) == (0, "")
    assert executor.refits == [("0001", 2)]
    assert "trial 0001, epoch 2 of 3" in outcome.out
    assert re.search(r"^open it +import raysearch$", outcome.out, flags=re.MULTILINE)
    assert (
        'model = raysearch.load_model("runs/small-1")  # MLP in eval mode; '
        'or MLP.load_from_checkpoint("runs/small-1/winner/model.ckpt")\n'
    ) in outcome.out
    assert cli("refit small-1").status == 0
    assert len(executor.refits) == 1
    assert cli("refit small-1 --again").status == 0
    assert len(executor.refits) == 2


def test_refit_of_another_trial_is_said_to_be_a_choice(cli, search, executor):
    outcome = cli("refit small-1 --trial 0")
    assert executor.refits == [("0000", 2)]
    assert "trial 0000, epoch 2 of 2 (the best on validation data is 0001)" in outcome.out
    document = cli("refit small-1 --trial 0 --json").document
    assert document["winner"]["trial"] == "0000"
    assert len(executor.refits) == 1


def test_refit_says_whom_it_passed_over(cli, search, executor):
    (search.run_dir.path / "trials/0001/epoch-0002.ckpt").unlink()
    outcome = cli("refit small-1")
    assert outcome.status == 0
    assert executor.refits == [("0000", 2)]
    assert "0001 has measurements up to epoch 3 but no readable checkpoint" in outcome.err
    assert "epoch-0002.ckpt is missing" in outcome.err


def test_refit_without_a_winner_fails(cli, folder, executor):
    search = Recorded(folder / "runs" / "bad-1")
    search.fail(error="ValueError: width")
    search.finish()
    outcome = cli("refit bad-1")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("RunDirectoryError: None of the 1 trials in runs/bad-1 has")
    assert outcome.err.count("None of the 1 trials") == 1


def test_refit_while_the_search_runs_is_refused(cli, search, executor):
    lease = search.run_dir.lease()
    lease.acquire()
    try:
        outcome = cli("refit small-1")
    finally:
        lease.release()
    assert outcome.status == 1
    assert "is in use by process" in outcome.err
    assert executor.refits == []


def test_the_test_is_opened_once(cli, search, executor):
    cli("refit small-1")
    assert "test/accuracy 0.75" in cli("test small-1").out
    assert cli("test small-1 --json").document["winner"]["test"] == {"test/accuracy": 0.75}
    assert executor.tests == [("0001", "test")]
    outcome = cli("test small-1 --force")
    assert outcome.status == 0
    assert outcome.err == "The test split was opened again, and the journal says so.\n\n"
    assert len(executor.tests) == 2


def test_a_result_that_is_known_already_is_said_to_be(cli, search, executor):
    cli("refit small-1")
    assert cli("test small-1").err == ""
    outcome = cli("test small-1")
    assert (outcome.status, outcome.err) == (
        0,
        "The test result of this winner is known already; nothing was measured. --force opens the "
        "test split again, and the journal says so.\n\n",
    )
    assert executor.tests == [("0001", "test")]


def test_a_first_test_that_is_forced_is_no_second_one(cli, search, executor):
    cli("refit small-1")
    assert cli("test small-1 --force").err == ""


def test_the_test_of_another_winner_is_refused_with_the_way_to_it(cli, search, executor):
    cli("refit small-1")
    cli("test small-1")
    cli("refit small-1 --trial 0")
    outcome = cli("test small-1")
    assert outcome.status == 1
    assert "python -m raysearch test runs/small-1 --force" in outcome.out
    assert cli("test small-1 --json").document["winner"]["test"] is None
    assert executor.tests == [("0001", "test")]


def test_a_test_before_the_refit_is_wrong_use(cli, search, executor):
    outcome = cli("test small-1")
    assert (outcome.status, outcome.out) == (2, "")
    assert "no model of trial 0001, the winner, in runs/small-1/winner" in outcome.err
    assert "python -m raysearch refit runs/small-1" in outcome.err


def test_what_training_prints_does_not_reach_the_document(cli, search, executor, monkeypatch):
    def noisy(job, *, epochs, path):
        sys.stdout.write("epoch 1 of many\n")
        Bytes.refit(executor, job, epochs=epochs, path=path)

    monkeypatch.setattr(executor, "refit", noisy)
    outcome = cli("refit small-1 --json")
    assert outcome.document["winner"]["checkpoint"] == "winner/model.ckpt"
    assert "epoch 1 of many" in outcome.err
    assert Results.open(search.run_dir.path).state.refits[-1].trial == "0001"
