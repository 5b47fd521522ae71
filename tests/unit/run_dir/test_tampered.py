"""Does a changed journal lead out of the run directory?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import RunDir
from raysearch.run_dir.storage import is_inside
from tests.recorded import Recorded

OUTSIDE = ("../../victim", "/etc/passwd", "trials/0001/../../../victim", "a\\b", "a\0b", 7)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    recorded = Recorded(tmp_path / "run")
    recorded.trial(0.5, 0.6)
    return recorded.finish().run_dir


def tamper(run: RunDir, *, event: str, **fields: object) -> None:
    """Change these fields in every event of a kind."""
    changed = 0
    for segment in (run.path / "journal").glob("*.jsonl"):
        records = [json.loads(line) for line in segment.read_text(encoding="utf-8").splitlines()]
        for record in records:
            if record["event"] == event:
                record.update(fields)
                changed += 1
        text = "".join(json.dumps(record) + "\n" for record in records)
        segment.write_text(text, encoding="utf-8")
    assert changed


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("event", ["checkpoint_written", "checkpoint_removed"])
def test_a_checkpoint_outside_is_refused_on_reading(run: RunDir, event: str, path: object) -> None:
    tamper(run, event=event, path=path)
    with pytest.raises(RunDirectoryError, match="leads out of the run directory"):
        list(run.events())


@pytest.mark.parametrize("trial", ["..", ".", "a/b", "/etc", "../0001"])
def test_a_trial_that_is_no_folder_name_is_refused(run: RunDir, trial: str) -> None:
    tamper(run, event="trial_created", trial=trial)
    with pytest.raises(RunDirectoryError, match="cannot name a folder"):
        list(run.events())


@pytest.mark.parametrize("path", ["../victim", "/etc/passwd", "a/../../victim", "a\0b"])
def test_storage_touches_nothing_outside(run: RunDir, path: str) -> None:
    victim = run.path.parent / "victim"
    victim.write_text("mine", encoding="utf-8")
    for touch in (run.storage.delete, run.storage.read, run.storage.appender):
        with pytest.raises(RunDirectoryError, match="not a path inside the run directory"):
            touch(path)
    with pytest.raises(RunDirectoryError, match="not a path inside the run directory"):
        run.storage.put(path, b"theirs")
    assert not run.storage.exists(path)
    assert victim.read_text(encoding="utf-8") == "mine"


def test_names_with_two_dots_in_them_are_inside() -> None:
    assert is_inside("trials/a..b/epoch-0001.ckpt")
