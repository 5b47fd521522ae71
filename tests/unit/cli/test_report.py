"""What `report` and `monitor` write, serve and refuse."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from raysearch.live.tensorboard import TensorBoardWriter
from raysearch.results import Results
from tests.recorded import Recorded


def test_the_report_lies_in_the_run_directory(cli, search):
    outcome = cli("report small-1 --quick")
    assert (outcome.status, outcome.err) == (0, "")
    path = search.run_dir.path / "report.html"
    assert outcome.out.startswith("runs/small-1/report.html (")
    assert "0001" in path.read_text("utf-8")


def test_it_can_be_written_elsewhere(cli, search, folder):
    assert cli("report small-1 small-1 --quick --output out/two.html").status == 0
    assert "2 runs side by side" in (folder / "out" / "two.html").read_text("utf-8")
    assert not (search.run_dir.path / "report.html").exists()


def test_a_file_that_cannot_be_written_is_named(cli, search, folder):
    (folder / "taken").write_text("a file, and no folder")
    outcome = cli("report small-1 --quick --output taken/report.html")
    assert outcome.status == 1
    assert "taken/report.html cannot be written" in outcome.err
    assert "--output" in outcome.err


def test_a_winner_that_cannot_be_opened_is_no_obstacle(cli, search):
    """Its checkpoint in this search is no model."""
    assert cli("report small-1").status == 0
    text = (search.run_dir.path / "report.html").read_text("utf-8")
    assert "the winner&#x27;s model cannot be looked at: " in text


@pytest.mark.parametrize("line", ["report run", "results run", "monitor run"])
def test_a_run_without_a_trial_is_said_to_have_none(cli, folder, line):
    Recorded(folder / "runs" / "run").finish()
    outcome = cli(line)
    told = {
        "report": "runs/run has no trial yet, so there is nothing to show.",
        "results": "no trial",
        "monitor": "runs/run has no TensorBoard files, since no trial has begun there",
    }[line.split()[0]]
    assert told in outcome.err
    assert outcome.status == (0 if line.startswith("results") else 1)
    assert not (folder / "runs" / "run" / "report.html").exists()


def test_a_run_whose_trials_failed_is_said_to_have_no_value(cli, folder):
    search = Recorded(folder / "runs" / "run")
    search.fail(error="ValueError: no")
    search.finish()
    outcome = cli("report run")
    assert (outcome.status, outcome.out) == (1, "")
    assert "its trial has not reported a finite val/accuracy yet" in outcome.err


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_a_port_is_a_number(cli, search, port):
    outcome = cli(f"monitor small-1 --port={port}")
    assert outcome.status == 2
    assert f"{port} is not a port: a whole number up to 65535" in outcome.err


@pytest.mark.timeout(120)  # starts TensorBoard, on a machine that may be busy
def test_monitor_serves_on_loopback_and_ends_by_ctrl_c(folder, search):
    results = Results.read(search.run_dir.path)
    writer = TensorBoardWriter(
        search.run_dir.tensorboard,
        objective=results.objective,
        space=search.experiment.space,
    )
    for event in search.run_dir.events():
        writer(event, results.state)
    words = [sys.executable, "-m", "raysearch", "monitor", "small-1", "--port", "0"]
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        address = re.fullmatch(r"runs/small-1: (http://127\.0\.0\.1:\d+/)\n", line)[1]
        with urllib.request.urlopen(address, timeout=60) as page:
            assert b"TensorBoard" in page.read()
    finally:
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("Ended.\n")
