"""A run directory says early where it cannot be, and clears away what nothing speaks of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.training.checkpoints import write_whole

START = ev.SearchStarted(at=0.0, settings={}, space={}, versions={})


def test_a_new_folder_and_a_present_one_are_usable_and_nothing_is_written(tmp_path):
    RunDir(tmp_path).refuse_if_unusable()
    RunDir(tmp_path / "a" / "b").refuse_if_unusable()
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_is_usable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RunDir(Path("runs/new")).refuse_if_unusable()


@pytest.mark.parametrize("below", [".", "run", "runs/run"])
def test_a_file_in_the_way_is_named(tmp_path, below):
    file = tmp_path / "file"
    file.write_text("mine")
    run_dir = RunDir(file / below)
    message = rf"{run_dir.path} cannot be a run directory: {file} is not a folder.*Nothing was"
    with pytest.raises(RunDirectoryError, match=message):
        run_dir.refuse_if_unusable()
    assert not run_dir.has_search()
    with pytest.raises(RunDirectoryError, match=rf"{run_dir.path} cannot be written"):
        _enter(run_dir)
    assert file.read_text() == "mine"


def test_a_link_to_nowhere_is_named(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RunDirectoryError, match="link is not a folder"):
        RunDir(tmp_path / "link").refuse_if_unusable()


@pytest.mark.parametrize("name", ["there", "there/new/run"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, name):
    folder = tmp_path / "there"
    folder.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != folder)  # root may write anywhere
    with pytest.raises(RunDirectoryError, match=rf"the folder {folder} cannot be written.*new or"):
        RunDir(tmp_path / name).refuse_if_unusable()


@pytest.mark.parametrize(
    ("number", "text", "remedy"),
    [
        (28, "No space left on device", "Make room"),
        (30, "Read-only file system", "ask for the right to write"),
    ],
)
def test_a_full_or_read_only_disk_is_said_at_the_start(tmp_path, monkeypatch, number, text, remedy):
    def fail(descriptor):
        raise OSError(number, text)

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(RunDirectoryError, match=rf"run cannot be written: {text}\..*{remedy}"):
        _enter(RunDir(tmp_path / "run"))
    monkeypatch.undo()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_process_at_work_is_not_taken_for_a_broken_disk(tmp_path):
    run_dir = RunDir(tmp_path)
    with run_dir.writing():
        with pytest.raises(RunDirectoryError, match=r"in use by process") as refused:
            _enter(run_dir)
        assert "cannot be written" not in str(refused.value)


def test_a_journal_that_cannot_be_read_is_said_to_be(tmp_path, monkeypatch):
    with RunDir(tmp_path).writing() as journal:
        journal.append([START])

    def fail(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    with pytest.raises(RunDirectoryError, match=r"journal cannot be read: .*000001\.jsonl"):
        list(RunDir(tmp_path).events())


def test_an_unreadable_segment_is_not_written_over(tmp_path):
    (tmp_path / "journal" / "000001.jsonl").mkdir(parents=True)  # opening it fails, even for root
    assert RunDir(tmp_path).has_search()


def test_a_lost_lease_ends_the_journal(tmp_path, monkeypatch):
    monkeypatch.setattr("raysearch.run_dir.lease.EXPIRES_AFTER_S", -1.0)  # as after a long sleep
    run_dir = RunDir(tmp_path)
    with run_dir.writing() as journal:
        journal.append([START])
        (tmp_path / "lease.json").unlink()
        with pytest.raises(RunDirectoryError, match="took the run directory over"):
            journal.append([START])
    assert list(run_dir.events()) == [START]


def test_orphans_are_deleted_and_nothing_else(tmp_path):
    kept = ["trials/0001/epoch-0002.ckpt", "trials/0002/epoch-0001-2.ckpt"]
    others = [
        "experiment.yaml",
        "trials/0001/log.txt",
        "trials/0001/notes.tmp",
        "trials/0001/deeper/epoch-0001.ckpt",
        "winner/model.ckpt",
        ".hidden",
        ".notes.tmp",
    ]
    orphans = [
        ".writing-1-abc",
        "journal/.writing-1-abc",
        "trials/0001/.epoch-0003.ckpt.17.tmp",
        "trials/0001/epoch-0001.ckpt",
        "trials/0003/epoch-0001-2.ckpt",
        "winner/.next.ckpt.17.tmp",
    ]
    for name in [*kept, *others, *orphans]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    run_dir = RunDir(tmp_path)
    assert run_dir.remove_orphans(kept) == orphans
    assert _files(tmp_path) == sorted([*kept, *others])
    assert run_dir.remove_orphans(kept) == []


def test_what_a_worker_or_the_storage_was_writing_is_an_orphan(tmp_path, monkeypatch):
    """The names come from those who write, so that the two cannot drift apart."""
    run_dir = RunDir(tmp_path)
    monkeypatch.setattr("os.getpid", lambda: 17)  # of a process that was killed
    monkeypatch.setattr("pathlib.Path.unlink", lambda path, missing_ok=False: None)

    def fail(*arguments):
        raise KeyboardInterrupt

    def save(path):
        path.write_bytes(b"half")
        fail()

    with pytest.raises(KeyboardInterrupt):
        write_whole(save, path=tmp_path / "trials" / "0001" / "epoch-0001.ckpt")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        run_dir.storage.put("winner/metrics.json", b"{}")
    left = _files(tmp_path)
    assert len(left) == 2
    monkeypatch.undo()
    assert run_dir.remove_orphans([]) == left
    assert _files(tmp_path) == []


def test_the_lease_that_is_being_renewed_is_no_orphan(tmp_path):
    own, other = f".writing-{os.getpid()}-abc", f"winner/.writing-{os.getpid()}-abc"
    (tmp_path / "winner").mkdir()
    for name in (own, other):
        (tmp_path / name).write_bytes(b"x")
    with RunDir(tmp_path).writing():
        assert RunDir(tmp_path).remove_orphans([]) == [other]
    assert _files(tmp_path) == [own]


def test_an_orphan_that_cannot_be_deleted_is_left_for_the_next_time(tmp_path, monkeypatch):
    (tmp_path / "trials" / "0001").mkdir(parents=True)
    (tmp_path / "trials" / "0001" / "epoch-0001.ckpt").write_bytes(b"x")

    def refuse(path, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    assert RunDir(tmp_path).remove_orphans([]) == []
    monkeypatch.undo()
    assert RunDir(tmp_path).remove_orphans([]) == ["trials/0001/epoch-0001.ckpt"]


def _enter(run_dir):
    with run_dir.writing():
        pass


def _files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
