"""What the commands say of a run directory of which something is damaged, missing or in the way."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.results import Results
from raysearch.results.collect import JournalWarning
from raysearch.search import Search
from tests.recorded import Bytes

SEGMENT = Path("runs/small-1/journal/000001.jsonl")
RUN = SEGMENT.parents[1]


@pytest.fixture
def damaged(search):
    """The finished search, whose journal cannot be read from the creation of trial 0002 on."""
    lines = SEGMENT.read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"trial_created"' in line and b"0002" in line)
    lines[at] = b"\xff" + lines[at][1:]
    SEGMENT.write_bytes(b"".join(lines))
    return f"{RUN}: journal/000001.jsonl, line {at + 1} cannot be read"


@pytest.mark.parametrize(
    "command", ["results small-1", "trial small-1 1", "list runs", "stop small-1"]
)
def test_what_comes_before_the_damage_is_shown_with_a_warning(cli, damaged, command):
    outcome = cli(command)
    assert outcome.status == 0
    assert damaged in outcome.err
    assert "left out: this line," in outcome.err
    assert f": python -m raysearch resume {RUN} --from-intact\n" in outcome.err
    assert "0.9" in outcome.out or command.startswith("stop")
    recommended = re.findall(r"raysearch (resume|refit|test)( .*)", outcome.out + outcome.err)
    assert set(recommended) == {("resume", f" {RUN} --from-intact")}
    assert "Traceback" not in outcome.out + outcome.err


def test_a_document_has_the_trials_before_the_damage_and_nothing_else_on_stdout(cli, damaged):
    outcome = cli("results small-1 --json")
    assert [trial["id"] for trial in outcome.document["trials"]] == ["0000", "0001"]
    assert outcome.document["damage"].startswith(damaged)
    assert damaged in outcome.err
    assert [m["epoch"] for m in cli("trial small-1 1 --json").document["measurements"]] == [1, 2, 3]


def test_the_line_to_type_has_quotes_where_the_shell_needs_them(cli, damaged):
    RUN.rename(RUN.with_name("with space"))
    outcome = cli("list runs")
    assert ": python -m raysearch resume 'runs/with space' --from-intact\n" in outcome.err


def test_a_handed_over_winner_with_a_damage_behind_it_is_shown_and_not_to_be_tested(cli, search):
    Results.open(RUN).refit(executor=Bytes())
    Results.open(RUN).test(executor=Bytes())
    segments = sorted(SEGMENT.parent.iterdir())
    lines = segments[-1].read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"test_opened"' in line)
    segments[-1].write_bytes(b"".join([*lines[:at], b"x\n", *lines[at:]]))
    outcome = cli("results small-1")
    assert "model.ckpt" in outcome.out
    assert re.search(r"test +not tested yet\n", outcome.out)
    assert "raysearch test" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    "command", ["resume small-1", "refit small-1", "test small-1", "resume small-1 seed=1"]
)
def test_nothing_is_written_behind_the_damage(cli, damaged, command):
    before = SEGMENT.read_bytes()
    outcome = cli(command)
    assert outcome.status == 1
    assert f"RunDirectoryError: {damaged}" in outcome.err
    assert SEGMENT.read_bytes() == before
    assert len(list(SEGMENT.parent.iterdir())) == 1


def test_python_warns_or_refuses(damaged):
    with pytest.warns(JournalWarning, match="line .* cannot be read"):
        results = Results.open(RUN)
    assert list(results.state.trials) == ["0000", "0001"]
    with pytest.raises(RunDirectoryError, match="--from-intact"):
        Search.resume(RUN)
    assert Results.read(RUN).damage is not None


@pytest.mark.parametrize("change", ["objective=val/loss", "WRONG=1", "budget.trials=1"])
def test_a_refused_change_sets_nothing_aside(cli, damaged, change):
    before = {path: path.read_bytes() for path in RUN.rglob("*") if path.is_file()}
    outcome = cli(f"resume small-1 --from-intact {change}")  # refused before Ray starts
    assert outcome.status == 2
    assert {path: path.read_bytes() for path in RUN.rglob("*") if path.is_file()} == before


def test_resume_goes_on_from_what_is_intact_when_asked_to(damaged):
    search = Search.resume(RUN, overrides=["budget.trials=70"], from_intact=True)
    assert f"is in {RUN}/set-aside-1 now" in search._drive.notes[0]
    assert search._drive.changed == ("budget.trials",)
    assert (RUN / "set-aside-1/journal/000001.jsonl").is_file()
    assert (RUN / "set-aside-1/trials/0002/epoch-0001.ckpt").is_file()
    assert list(Results.open(RUN).state.trials) == ["0000", "0001"]  # without a warning
    again = Search.resume(RUN, from_intact=True)
    assert again._drive.notes == ("the journal is not damaged; nothing was set aside",)


def test_a_search_that_is_done_up_to_the_damage_says_what_was_set_aside(cli, search):
    results = Results.open(RUN)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    (SEGMENT.parent / "000009.jsonl").write_bytes(b"x\n")
    outcome = cli("resume small-1 --from-intact")
    assert outcome.status == 0
    assert f"is in {RUN}/set-aside-1 now" in outcome.out
    assert "nothing is left to do" in outcome.out
    assert (RUN / "winner/model.ckpt").is_file()
    assert (RUN / "set-aside-1/journal/000009.jsonl").is_file()
    assert "not damaged" in cli("resume small-1 --from-intact").out


def test_a_test_that_was_set_aside_still_counts(cli, search):
    results = Results.open(RUN)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    segments = sorted(SEGMENT.parent.iterdir())
    lines = segments[-1].read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"test_opened"' in line)
    segments[-1].write_bytes(b"".join([*lines[:at], b"x\n", *lines[at + 1 :]]))
    assert "not opened again unless forced" in cli("resume small-1 --from-intact").out
    outcome = Results.open(RUN).test(executor=Bytes())
    assert outcome.values is None
    assert "already opened, as the damaged part of the journal tells" in outcome.reason
    assert Results.open(RUN).test(executor=Bytes(), force=True).values is not None


@pytest.mark.parametrize("missing", ["experiment.yaml", "trials", "winner", "tensorboard"])
def test_what_the_journal_knows_better_may_be_missing(cli, search, missing):
    Results.open(RUN).refit(executor=Bytes())
    path = RUN / missing
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    for command in ("results small-1", "trial small-1 1", "list runs", "stop small-1"):
        outcome = cli(command)
        assert outcome.status == 0
        assert "Traceback" not in outcome.err
    assert "0.9" in cli("results small-1").out


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '{"token": 1}', '{"host": "x", "pid": "y"}', "\0" * 400]
)
def test_a_lease_that_says_nothing_is_nobodys(cli, search, content):
    (RUN / "lease.json").write_text(content, encoding="utf-8")
    for command in ("results small-1", "list runs", "stop small-1"):
        outcome = cli(command)
        assert (outcome.status, outcome.err) == (0, "")
    with search.run_dir.writing():
        pass


@pytest.mark.parametrize("place", ["lease.json", "stop"])
def test_a_folder_in_the_place_of_a_file_is_named(cli, search, place):
    (RUN / place).mkdir()
    with pytest.raises(RunDirectoryError, match=place), search.run_dir.writing():
        pytest.fail("nothing may be written")


@pytest.mark.parametrize("name", ["metrics.json", "config.yaml", "model.ckpt"])
def test_a_winner_that_cannot_be_read_is_not_handed_over_yet(cli, search, name):
    Results.open(RUN).refit(executor=Bytes())
    (RUN / "winner" / name).unlink()
    (RUN / "winner" / name).mkdir()
    outcome = cli("results small-1")
    assert outcome.status == 0
    assert "Traceback" not in outcome.err
