"""`refit` and `test` at the shell, with an executor that trains nothing."""

from __future__ import annotations

import re
import sys

import pytest

from raysearch.errors import Unsupported
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


def test_seeds_are_trained_beside_the_winner_and_shown_with_their_spread(cli, search, executor):
    assert cli("refit small-1").status == 0
    outcome = cli("refit small-1 --seeds 3")
    assert outcome.status == 0
    doing = "refitting the winner on train + validation data"
    assert outcome.err.splitlines() == [f"{doing}: refits 2 to 3 of 3"]
    assert "with 2 other seeds: runs/small-1/winner/seeds\n" in outcome.out
    assert executor.repeats == [0, 1, 2]
    executor.values = {"test/loss": 0.5, "test/accuracy": 0.75}
    tested = cli("test small-1")
    assert "test/accuracy 0.75 \u00b7 over 3 seeds 0.75 \u00b1 0\n" in tested.out
    assert " test/loss 0.5 (0.5 \u00b1 0)\n" in tested.out
    winner = cli("results small-1 --json").document["winner"]
    assert winner["refit"] == {"epochs": 2, "seeds": 3}
    assert winner["test_seeds"]["std"] == {"test/loss": 0.0, "test/accuracy": 0.0}


def test_seeds_after_the_test_name_the_line_to_type(cli, search, executor):
    cli("refit small-1")
    cli("test small-1")
    shown = cli("refit small-1 --seeds 2").out
    assert re.search(r"^test +test/accuracy 0\.75$", shown, flags=re.MULTILINE)
    assert "python -m raysearch test runs/small-1 --force\n" in shown
    forced = cli("test small-1 --force").out
    assert "over 2 seeds" in forced
    assert "1 of the 2 models joined after an earlier test of the others" in forced


@pytest.mark.parametrize("text", ["0", "101", "two"])
def test_a_number_of_seeds_out_of_range_is_wrong_use(cli, search, executor, text):
    outcome = cli(f"refit small-1 --seeds {text}")
    assert (outcome.status, executor.refits) == (2, [])
    assert text in outcome.err
    assert "seeds" in outcome.err


def refusing(*, doing, error):
    """Return an executor whose refit or test is not possible."""

    def refuse(self, job, **asked):
        raise error

    return type("Refusing", (Bytes,), {doing: refuse})()


def test_a_refit_that_is_not_possible_says_why_and_what_was_done_instead(cli, search, monkeypatch):
    error = Unsupported("MyData has no loader of train and validation data together. Add one.")
    refuses = refusing(doing="refit", error=error)
    monkeypatch.setattr("raysearch.results.collect.LocalExecutor", lambda: refuses)
    outcome = cli("refit small-1")
    assert (outcome.status, outcome.err) == (0, "")
    reason = (
        "not refitted: MyData has no loader of train and validation data together; the best "
        "checkpoint, of epoch 2, is the winner"
    )
    assert f"{reason}\n" in outcome.out
    assert cli("refit small-1 --json").document["winner"]["refit_reason"] == reason
    assert reason in cli("results small-1").out


def test_a_test_that_is_not_possible_says_why(cli, search, monkeypatch):
    refuses = refusing(doing="evaluate", error=Unsupported("MyNet has no test_step. Write one."))
    monkeypatch.setattr("raysearch.results.collect.LocalExecutor", lambda: refuses)
    cli("refit small-1")
    outcome = cli("test small-1")
    assert (outcome.status, outcome.err) == (1, "")
    assert "test          not tested: MyNet has no test_step\n" in outcome.out
    winner = cli("results small-1 --json").document["winner"]
    assert (winner["test"], winner["test_reason"]) == (None, "not tested: MyNet has no test_step")


def train(config, report):
    """Is never called here: what it would report is recorded by the tests."""


def test_a_function_without_a_checkpoint_wins_without_a_model(cli, folder, executor):
    search = Recorded(
        folder / "runs" / "mine-1",
        data=None,
        model={"function": f"{__name__}:train"},
        space={"width": {"int": [8, 16]}},
        objective={"metric": "loss", "direction": "minimize"},
    )
    search.trial(0.5, 0.25, keep=False)
    search.finish()
    outcome = cli("refit mine-1")
    assert (outcome.status, outcome.err, executor.refits) == (0, "", [])
    assert "trial 0000, epoch 2 of 2" in outcome.out
    assert "model          none: train wrote no checkpoint at its best epoch, 2" in outcome.out
    assert "use it   its configuration is in runs/mine-1/winner/config.yaml" in outcome.out
    tested = cli("test mine-1")
    assert tested.status == 1
    assert "not tested: a function trains by itself" in tested.out


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
    handover = Results.open(search.run_dir.path).handover
    assert handover.refit is not None
    assert handover.refit.trial == "0001"


PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x03"
"""The head of a picture of 2 x 3 pixels."""


def test_refit_shows_in_tensorboard_what_the_winner_drew(cli, search, executor):
    shown = search.run_dir.path / "tensorboard" / "winner"
    assert cli("refit small-1").status == 0
    assert not shown.exists()
    executor.pictures = {"samples": PICTURE}
    assert cli("refit small-1 --again").status == 0
    assert [PICTURE in file.read_bytes() for file in shown.iterdir()].count(True) == 1


def test_pictures_that_tensorboard_cannot_show_are_said_and_end_nothing(cli, search, executor):
    executor.pictures = {"samples": PICTURE}
    (search.run_dir.path / "tensorboard").write_text("in the way")
    outcome = cli("refit small-1")
    assert outcome.status == 0
    assert "TensorBoard does not show the winner's pictures: " in outcome.err
