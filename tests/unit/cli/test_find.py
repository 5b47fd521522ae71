"""Which run directory is meant: paths, names, beginnings of names, and everything else."""

from __future__ import annotations

import os

import pytest

from raysearch.cli.find import NoSuchRun, find_run, runs_below
from raysearch.run_dir import RunDir


@pytest.fixture
def runs(folder):
    """Three run directories, digits-2 the latest, and a folder that is none."""
    for age, name in enumerate(["digits-2", "digits-1", "flat-1"]):
        (folder / "runs" / name / "journal").mkdir(parents=True)
        (folder / "runs" / name / "journal" / "000001.jsonl").write_text("{}\n")
        os.utime(folder / "runs" / name, (1000 - age, 1000 - age))
    (folder / "runs" / "notes").mkdir()
    return folder / "runs"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("runs/digits-1", "runs/digits-1"),
        ("digits-1", "runs/digits-1"),
        ("digits-1/", "runs/digits-1"),
        ("flat", "runs/flat-1"),
        ("runs/flat", "runs/flat-1"),
    ],
)
def test_a_run_is_found_by_path_name_or_beginning(runs, name, found):
    assert find_run(name, storage="runs").path.as_posix() == found


@pytest.mark.parametrize("name", [".", ".."])
def test_a_folder_is_no_beginning_of_a_name(runs, monkeypatch, name):
    for run in ("digits-1", "digits-2"):
        (runs / run / "journal" / "000001.jsonl").unlink()
    with pytest.raises(NoSuchRun, match=r"it holds no journal\. In runs: flat-1"):
        find_run(name, storage="runs")
    monkeypatch.chdir(runs / "flat-1")
    assert find_run(".", storage="runs").path.as_posix() == "."


def test_an_absolute_path_is_taken_as_it_is(runs):
    assert find_run(str(runs / "digits-1"), storage="elsewhere").path == runs / "digits-1"


def test_names_are_looked_up_below_storage(runs):
    runs.rename(runs.with_name("kept"))
    assert find_run("flat-1", storage="kept").path.as_posix() == "kept/flat-1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "digits",
            "digits is the beginning of 2 run directories: digits-2, digits-1. Give more of the "
            "name.",
        ),
        (
            "digts-1",
            "digts-1 is not a run directory. Did you mean digits-1? "
            "In runs: digits-2, digits-1, flat-1.",
        ),
        (
            "digits-20990101-000000",
            "digits-20990101-000000 is not a run directory. Did you mean digits-2? "
            "In runs: digits-2, digits-1, flat-1.",
        ),
        ("qqq", "qqq is not a run directory. In runs: digits-2, digits-1, flat-1."),
        (
            "runs/notes",
            "runs/notes is not a run directory: it holds no journal. "
            "In runs: digits-2, digits-1, flat-1.",
        ),
    ],
)
def test_a_wrong_name_names_the_nearest(runs, name, message):
    with pytest.raises(NoSuchRun) as raised:
        find_run(name, storage="runs")
    assert str(raised.value) == message


def test_an_experiment_file_is_told_from_its_runs(runs):
    (runs.parent / "flat.yaml").write_text("data: digits\n")
    with pytest.raises(NoSuchRun) as raised:
        find_run("flat.yaml", storage="runs")
    assert str(raised.value).startswith(
        "flat.yaml is not a run directory, it is a file. Did you mean flat-1? "
    )


def test_where_there_are_no_runs_the_way_to_one_is_named(folder):
    with pytest.raises(NoSuchRun) as raised:
        find_run("digits", storage="runs")
    assert str(raised.value) == (
        "digits is not a run directory, and there are none in runs. `run` makes one; --storage "
        "says where to look for names."
    )


def test_a_search_that_is_starting_is_told_from_what_is_no_run(folder):
    lease = RunDir(folder / "runs" / "new").lease(doing="searching")
    lease.acquire()
    try:
        for name in ("new", "runs/new"):
            with pytest.raises(NoSuchRun, match=rf"just starting, in process {os.getpid()} on "):
                find_run(name, storage="runs")
    finally:
        lease.release()
    with pytest.raises(NoSuchRun, match="is not a run directory"):
        find_run("runs/new", storage="runs")


def test_a_message_shows_the_latest_names_only(folder):
    for number in range(8):
        (folder / "runs" / f"a-{number}" / "journal").mkdir(parents=True)
        (folder / "runs" / f"a-{number}" / "journal" / "000001.jsonl").write_text("{}\n")
        os.utime(folder / "runs" / f"a-{number}", (number, number))
    with pytest.raises(NoSuchRun, match=r"In runs: a-7, a-6, a-5, a-4, a-3 and 3 more\.$"):
        find_run("qqq", storage="runs")


def test_runs_are_listed_by_name(runs):
    assert [run.path.name for run in runs_below("runs")] == ["digits-1", "digits-2", "flat-1"]


@pytest.mark.parametrize("line", ["results q", "trial q 1", "refit q", "test q", "resume q"])
def test_a_wrong_run_is_wrong_use(cli, runs, line):
    outcome = cli(line)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("RunDirectoryError: q is not a run directory.")
