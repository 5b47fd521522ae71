"""What `results` shows of one search, and of several."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import pty
import subprocess
import sys

import pytest

from raysearch import imports
from raysearch.experiment import from_settings
from raysearch.results import Results
from raysearch.results.evidence import earlier_runs, to_journal
from raysearch.run_dir.lease import Lease
from tests.recorded import SETTINGS, Bytes, Recorded


@pytest.fixture
def handed_over(search):
    results = Results.open(search.run_dir.path)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    return search


def lines_of(outcome):
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.out.splitlines()


def test_the_ranking_is_shown_best_first(cli, search):
    lines = lines_of(cli("results small-1"))
    assert lines[0] == "runs/small-1: finished: budget of 8 trials used"
    assert lines[1].startswith("4 trials, 7 epochs in ")
    assert lines[1].endswith(": 2 completed, 2 failed")
    header = next(i for i, line in enumerate(lines) if line.startswith("rank"))
    first = lines[header + 1].split()
    assert first[:6] == ["1", "0001", "0.9", "2", "of", "3"]
    assert any(word.startswith("width=") for word in first)
    assert lines[header + 2].split()[:3] == ["2", "0000", "0.6"]
    assert not lines[header + 4]  # 0003 has no value


def test_the_winner_is_compared_with_the_default(cli, handed_over):
    text = "\n".join(lines_of(cli("results small-1")))
    assert "trial 0001, epoch 2 of 3" in text
    assert "0.9, 0.3 better than the default configuration (0.6)" in text
    assert "test/accuracy 0.75" in text
    assert "runs/small-1/winner/model.ckpt (13 B)" in text
    assert "trained again on train + validation data, 2 epochs" in text
    lines = text.splitlines()
    begins = next(n for n, line in enumerate(lines) if line.startswith("failed "))
    failed = [line.removeprefix("failed").strip() for line in lines[begins : begins + 3]]
    assert failed == [
        "1 trial, ValueError: 0002",
        "ValueError: width is 0 (nets.py, line 31)",
        "python -m raysearch trial runs/small-1 0002",
    ]


def test_top_limits_the_table_and_says_so(cli, search):
    text = "\n".join(lines_of(cli("results small-1 --top 1")))
    assert "... and 2 more: --top 3" in text
    assert "   2  0000" not in text


def test_what_is_idle_is_said_while_a_search_runs(cli, folder):
    search = Recorded(folder / "runs" / "busy-1", budget={"trials": 2})
    has = {"cpus": 4.0, "gpus": 0.0, "nodes": 2.0, "slots": 4.0}
    search.engine.know_capacity(lambda: has)
    search.trial(0.5)
    search.begin(0.6)
    lease = Lease(search.run_dir.path)
    lease.acquire()
    try:
        lines = lines_of(cli("results busy-1"))
    finally:
        lease.release()
    assert lines[2] == "3 of 4 CPUs idle: nothing to train"
    assert "idle" not in cli("results busy-1").out  # its driver is gone


def test_json_is_the_document(cli, handed_over):
    outcome = cli("results small-1 --json")
    expected = {**Results.open(handed_over.run_dir.path).to_json(), "run_dir": "runs/small-1"}
    assert outcome.document == expected
    top = cli("results small-1 --json --top 2").document
    assert [entry["id"] for entry in top["trials"]] == ["0001", "0000"]
    assert top["totals"]["trials"] == 4


def test_csv_has_a_line_for_each_trial(cli, search):
    rows = list(csv.DictReader(io.StringIO(cli("results small-1 --csv").out)))
    assert [row["id"] for row in rows] == ["0000", "0001", "0002", "0003"]
    assert rows[1]["val/accuracy"] == "0.9"
    width = search.engine.state.trials["0001"].configuration["width"]
    assert rows[1]["config.width"] == str(width)
    assert rows[3]["val/accuracy"] == ""


def test_csv_takes_the_best_ones_and_has_the_columns_of_the_data_frame(cli, search):
    lines = cli("results small-1 --csv --top 1").out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("small-1,0001,completed,")
    header = cli("results small-1 --csv").out.partition("\n")[0].split(",")
    assert header == ["run", *Results.open(search.run_dir.path).to_dataframe().columns]


def test_csv_of_no_trials_has_a_header_at_least(cli, folder):
    Recorded(folder / "runs" / "new-1").finish()
    assert cli("results new-1 --csv").out == "run\n"


def test_json_and_csv_exclude_each_other(cli, search):
    outcome = cli("results small-1 --json --csv")
    assert outcome.status == 2
    assert "--json and --csv exclude each other" in outcome.err


def test_several_runs_are_compared(cli, search, folder):
    other = Recorded(folder / "runs" / "small-2")
    other.trial(0.95)
    other.finish()
    Results.open(other.run_dir.path).refit(executor=Bytes())
    Results.open(other.run_dir.path).test(executor=Bytes())
    lines = lines_of(cli("results small-1 small-2"))
    assert "2 runs side by side" in lines
    rows = [line.split() for line in lines[lines.index("2 runs side by side") :]]
    one, two = (row for row in rows if row and row[0] in ("small-1", "small-2"))
    assert one[:3] + one[-4:] == ["small-1", "finished", "4", "0001", "val/accuracy", "0.9", "-"]
    assert two[:3] + two[-4:] == [
        "small-2",
        "finished",
        "1",
        "0000",
        "val/accuracy",
        "0.95",
        "0.75",
    ]
    document = cli("results small-1 small-2 --json").document
    assert [run["winner"]["trial"] for run in document["runs"]] == ["0001", "0000"]
    rows = list(csv.DictReader(io.StringIO(cli("results small-1 small-2 --csv").out)))
    assert [row["run"] for row in rows] == ["small-1"] * 4 + ["small-2"]


def test_a_better_trial_without_checkpoint_is_said_on_standard_error(cli, search):
    (search.run_dir.path / "trials/0001/epoch-0002.ckpt").write_bytes(b"")
    outcome = cli("results small-1 --json")
    assert outcome.document["winner"]["trial"] == "0000"
    assert outcome.err == (
        "\nruns/small-1/trials/0001 has measurements up to epoch 3 but no readable checkpoint of "
        "its best one (epoch-0002.ckpt is 0 bytes).\n"
        "The next best trial is 0000 (val/accuracy 0.6 against 0.9).\n"
        "To refit that one: python -m raysearch refit runs/small-1 --trial 0000.\n"
        "To train 0001 again: python -m raysearch refit runs/small-1 --trial 0001.\n"
    )


def test_a_search_without_a_winner_is_shown_with_the_reason(cli, folder):
    search = Recorded(folder / "runs" / "bad-1")
    search.fail(error="ValueError: width is 0 (nets.py, line 31)")
    search.finish()
    outcome = cli("results bad-1")
    assert outcome.status == 0
    assert "winner  none" in outcome.out
    assert "1 trial, ValueError: 0000\n" in outcome.out
    assert "  ValueError: width is 0 (nets.py, line 31)\n" in outcome.out
    assert "None of the 1 trials in runs/bad-1 has a finite val/accuracy" in outcome.err


def test_failures_are_grouped_with_an_example_and_the_way_to_see_more(cli, folder):
    search = Recorded(folder / "runs" / "bad-1")
    search.trial(0.5)
    for width in range(7):
        search.fail(error=f"ValueError: width is {width} (nets.py, line 31)")
    search.fail(error="KeyError: 'y' (nets.py, line 40)")
    search.finish()
    assert (
        "failed         7 trials, ValueError: 0001, 0002, 0003, 0004, 0005 and 2 more\n"
        "                 ValueError: width is 0 (nets.py, line 31)\n"
        "                 python -m raysearch trial runs/bad-1 0001\n"
        "               1 trial, KeyError: 0008\n"
        "                 KeyError: 'y' (nets.py, line 40)\n"
        "                 python -m raysearch trial runs/bad-1 0008\n"
    ) in cli("results bad-1").out


def test_nothing_is_read_as_markup_or_steers_the_terminal(cli, folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    search = Recorded(folder / "runs" / "odd-1")
    search.trial(0.5)
    search.fail(error="KeyError: [bold]x[/bold] \x1b[31m")
    search.finish()
    outcome = cli("results odd-1")
    assert "[bold]x[/bold] ?[31m" in outcome.out
    assert "\x1b[3" not in outcome.out


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_on_a_terminal_lines_fit_its_width(search, folder):
    """In a process of its own, on a real terminal of 90 columns."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "results", "small-1"],
        cwd=folder,
        stdout=slave,
        env={**os.environ, "COLUMNS": "90"},
    )
    os.close(slave)
    text = ""
    with contextlib.suppress(OSError):  # the end of a terminal's output, on Linux
        while part := os.read(master, 65536):
            text += part.decode()
    os.close(master)
    assert process.wait() == 0
    lines = text.splitlines()
    assert all(len(line) <= 90 for line in lines)
    best = next(line for line in lines if line.startswith("   1  0001 "))
    assert len(best) == 90
    assert best.endswith("…")
    assert "\x1b" not in text


def test_what_was_not_finite_stands_among_the_failures(cli, search):
    lines = lines_of(cli("results small-1"))
    head = lines.index("failed        1 trial, ValueError: 0002")
    assert [line.strip() for line in lines[head + 3 : head + 6]] == [
        "1 trial, not finite: 0003",
        "not finite: val/accuracy (nan)",
        "python -m raysearch trial runs/small-1 0003",
    ]
    assert not any(line.startswith("not ranked") for line in lines)


def test_many_without_a_rank_are_counted(cli, folder):
    search = Recorded(folder / "runs" / "bad-1")
    search.begin()
    for _ in range(7):
        search.begin(None)
    search.fail(error="ValueError: width")
    search.finish()
    text = cli("results bad-1").out
    assert (
        "0000: no epoch was measured; "
        "0001, 0002, 0003, 0004, 0005 and 2 more: val/accuracy was never finite\n"
    ) in text


def test_where_all_are_ranked_nothing_is_said(cli, folder):
    search = Recorded(folder / "runs" / "good-1")
    search.trial(0.5)
    search.finish()
    assert "not ranked" not in cli("results good-1").out


def test_the_way_to_open_the_model_is_shown_once_there_is_one(cli, search):
    assert "load_model" not in cli("results small-1").out
    Results.open(search.run_dir.path).refit(executor=Bytes())
    text = cli("results small-1").out
    assert 'model = raysearch.load_model("runs/small-1")  # MLP in eval mode' in text
    (search.run_dir.path / "winner/config.yaml").unlink()
    assert "load_model" not in cli("results small-1").out


def test_earlier_runs_are_named_and_their_trials_are_none_of_this_search(cli, folder, search):
    experiment = from_settings({**SETTINGS, "evidence": ["runs/small-1"]})
    given = to_journal(earlier_runs(experiment), experiment=experiment)
    later = Recorded(folder / "runs" / "small-2", given=given, evidence=["runs/small-1"])
    later.trial(0.6)
    later.finish()
    shown = " ".join(cli("results runs/small-2").out.split())
    assert "3 trials of 4 of runs/small-1, told to the searcher; none of this search" in shown
    document = cli("results runs/small-2 --json").document
    assert document["evidence"] == [{"run": "runs/small-1", "usable": 3, "trials": 4}]
    assert document["totals"]["trials"] == len(document["trials"]) == 1
    assert document["winner"]["trial"] == "0000"


def test_a_model_that_no_other_process_can_make_is_not_handed_over_by_a_command(
    cli, search, folder, monkeypatch
):
    def train(config, report): ...

    monkeypatch.setattr(imports, "_PROVIDED", {"object:train": train})
    other = Recorded(
        folder / "runs" / "small-3",
        data=None,
        model={"function": "object:train"},
        space={"x": {"int": [1, 2]}},
        objective={"metric": "score", "direction": "maximize"},
    )
    other.trial(0.5)
    other.finish()
    by_command = "python -m raysearch refit runs/small-"
    assert f"{by_command}3" in cli("results small-3").out
    monkeypatch.setattr(imports, "_PROVIDED", {})  # as in another process
    shown = " ".join(cli("results small-3").out.split())
    assert "by results.refit() in the Python that searched: train of it cannot be" in shown
    assert "not tested: its model is not handed over" in shown
    assert "python -m raysearch refit" not in shown
    assert "python -m raysearch test" not in shown
    assert f"{by_command}1" in cli("results small-1").out
