"""What the commands say of a run directory of which something is damaged, missing or in the way."""

from __future__ import annotations

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


@pytest.mark.parametrize("command", ["results small-1", "trial small-1 1", "list runs"])
def test_what_comes_before_the_damage_is_shown_with_a_warning(cli, damaged, command):
    outcome = cli(command)
    assert outcome.status == 0
    assert damaged in outcome.err
    assert "left out: this line," in outcome.err
    assert f"`resume {RUN} --from-intact`" in outcome.err
    assert "0.9" in outcome.out
    assert "Traceback" not in outcome.out + outcome.err


def test_a_document_has_the_trials_before_the_damage_and_nothing_else_on_stdout(cli, damaged):
    outcome = cli("results small-1 --json")
    assert [trial["id"] for trial in outcome.document["trials"]] == ["0000", "0001"]
    assert damaged in outcome.err
    assert [m["epoch"] for m in cli("trial small-1 1 --json").document["measurements"]] == [1, 2, 3]


@pytest.mark.parametrize("command", ["resume small-1", "refit small-1", "resume small-1 seed=1"])
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


def test_resume_goes_on_from_what_is_intact_when_asked_to(cli, damaged):
    outcome = cli("resume small-1 --from-intact objective=val/loss")  # refused before Ray starts
    assert outcome.status == 2
    assert f"is in {RUN}/set-aside-1 now" in outcome.err
    assert (RUN / "set-aside-1/journal/000001.jsonl").is_file()
    assert (RUN / "set-aside-1/trials/0002/epoch-0001.ckpt").is_file()
    assert cli("results small-1").err.count("cannot be read") == 0
    again = cli("resume small-1 --from-intact objective=val/loss")
    assert "The journal is not damaged; nothing was set aside." in again.err


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
