"""What `trial` shows of one trial."""

from __future__ import annotations

from types import SimpleNamespace

from raysearch.cli.descent import origin_text, repeat_facts
from raysearch.cli.trial import ROWS, telling
from raysearch.experiment import from_settings
from raysearch.trial import Measurement, Trial
from tests.lab import ACCURACY, trained
from tests.recorded import SETTINGS, Recorded


def test_configuration_curve_and_value_are_shown(cli, search):
    outcome = cli("trial small-1 1")
    assert (outcome.status, outcome.err) == (0, "")
    text = outcome.out
    assert "0001 of runs/small-1" in text
    assert "completed: ended early" in text
    assert "came from     random\n" in text
    assert "width=" in text
    assert "2: val/accuracy 0.9, 0.3 better than the default configuration (0.6)" in text
    assert "runs/small-1/trials/0001/epoch-0002.ckpt (1 kB)" in text
    assert "▁█▅  0.7 to 0.8" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("    ")]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert rows[1] == ["2", "0.5", "0.9", "1.0s", "best"]


def test_the_default_is_said_to_be_it(cli, search):
    text = cli("trial small-1 0").out
    assert "2: val/accuracy 0.6, of the default configuration" in text
    assert "configuration  depth=1" in text


def test_an_error_is_shown_in_full(cli, search):
    folder = search.run_dir.trial("0002")
    (folder / "error.txt").write_text("all of it")
    text = cli("trial small-1 2").out
    assert "failed: exception" in text
    assert "attempt 1: exception (ValueError: width is 0 (nets.py, line 31))" in text
    assert text.count("Traceback: more of it") == 1
    assert "See also runs/small-1/trials/0002/error.txt" in text
    assert "log.txt" not in text


def test_what_was_not_finite_is_said(cli, search):
    text = cli("trial small-1 3").out
    assert "not finite: val/accuracy (nan)" in text


def test_decisions_and_attempts_are_told_with_reasons(cli, folder):
    search = Recorded(folder / "runs" / "long-1")
    search.trial(0.5)
    trial = search.begin(0.5)
    search.engine.worker_lost(trial.id, error="node-3 went away")
    search.engine.attempt_started(trial.id, worker="there:2")
    search.scheduler.reason = "rung 1: rank 3 of 3, cutoff 0.9"
    search.measure(trial.id, 2, 0.4)
    search.finish()
    text = cli("trial long-1 1").out
    assert "stopped: rung 1: rank 3 of 3, cutoff 0.9" in text
    assert "in 2 attempts" in text
    assert "attempt 1: worker lost (node-3 went away)" in text
    assert "stop: rung 1: rank 3 of 3, cutoff 0.9" in text
    document = cli("trial long-1 1 --json").document
    assert document["status"] == "stopped"
    assert document["decisions"] == [
        {"epoch": 2, "kind": "stop", "reason": "rung 1: rank 3 of 3, cutoff 0.9"}
    ]
    assert document["attempts_made"] == [
        {"attempt": 1, "worker": "here:1", "from_epoch": 0, "reason": "", "cause": "worker lost"},
        {"attempt": 2, "worker": "there:2", "from_epoch": 1, "reason": "", "cause": None},
    ]


def test_other_trainings_of_a_configuration_are_told():
    again = trained(3, 40, 0.75, kind="repeat", of="0001")
    trials = [trained(1, 40, 0.5), trained(2, 60, 0.7), again, trained(4, 60, None)]
    state = SimpleNamespace(trials={trial.id: trial for trial in trials})
    results = SimpleNamespace(state=state, objective=ACCURACY)
    told = [repeat_facts(results, trial) for trial in trials]
    assert told[0] == [("also trained as", "0003 (0.75)")]
    assert told[2] == [("also trained as", "0001 (0.5)")]
    assert told[1] == told[3] == []  # alike, and none of them is a repeat


def test_json_has_the_whole_curve(cli, search):
    document = cli("trial small-1 0001 --json").document
    assert document["schema_version"] == 1
    assert document["id"] == "0001"
    assert [m["values"]["val/accuracy"] for m in document["measurements"]] == [0.7, 0.9, 0.8]
    assert document["checkpoints"] == [
        {"epoch": 2, "path": "trials/0001/epoch-0002.ckpt", "size_bytes": 1000, "fold": 0}
    ]
    assert document["origin"] == {"kind": "random"}
    failed = cli("trial small-1 2 --json").document
    assert failed["error"].startswith("ValueError: width is 0")


def test_a_trial_that_is_not_there_is_wrong_use(cli, search):
    outcome = cli("trial small-1 17")
    assert (outcome.status, outcome.out) == (2, "")
    assert "17 is not a trial of runs/small-1. It has 0000 to 0003." in outcome.err


def test_a_long_curve_keeps_the_rows_that_tell_something():
    measurements = tuple(
        Measurement(epoch=epoch, step=epoch, values={}, seconds=0.0) for epoch in range(1, 101)
    )
    shown = [m.epoch for m in telling(measurements, always={50})]
    assert {1, 50, 100} <= set(shown)
    assert len(shown) <= ROWS + 2
    assert shown == sorted(shown)
    assert [m.epoch for m in telling(measurements[:5], always=set())] == [1, 2, 3, 4, 5]


def test_a_damaged_checkpoint_is_told(cli, folder):
    search = Recorded(folder / "runs" / "back-1")
    trial = search.begin(0.5, 0.4)
    search.engine.worker_lost(trial.id, error="node-3 went away")
    damaged = {f"trials/{trial.id}/epoch-0002.ckpt": "epoch-0002.ckpt is 0 bytes"}
    search.engine.attempt_started(trial.id, worker="there:2", damaged=damaged)
    search.journal.close()
    said = "went back to epoch 1, since epoch-0002.ckpt is 0 bytes"
    assert f"attempt 2: {said}" in cli("trial back-1 0").out
    document = cli("trial back-1 0 --json").document
    assert document["attempts_made"][1]["from_epoch"] == 1
    assert document["attempts_made"][1]["reason"] == said


def test_a_trial_outside_a_changed_space_says_where_it_left_it(cli, folder):
    search = Recorded(folder / "runs" / "moved-1")
    search.trial(0.5)
    search.trial(0.6)
    search.experiment = from_settings(
        {**SETTINGS, "space": {"width": {"int": [10, 16], "default": 12}, "depth": 2}}
    )
    search.extend().finish()
    text = cli("trial moved-1 0").out
    assert "outside the space since that was changed: depth, now 2, width, now 10 to 16" in text
    assert "outside the space" not in cli("trial moved-1 1 --json").out


def test_an_origin_is_told_in_one_line_without_the_state_of_the_searcher():
    origin = {"kind": "genetic", "parents": ["0003", "0007"], "generation": 2, "state": {"x": 1}}
    trial = Trial(id="0009", number=9, configuration={}, origin=origin)
    assert origin_text(trial) == "genetic, parents 0003 0007, generation 2"
