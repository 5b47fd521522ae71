"""A journal reads back what was written, and copes with a write that was cut short."""

from __future__ import annotations

import os

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import Journal, LocalStorage, RunDir, read_journal
from raysearch.run_dir import events as ev

START = ev.SearchStarted(at=0.0, settings={}, space={}, versions={})
TRIALS = [ev.TrialCreated(at=1.0, trial=f"{n:04d}", number=n, configuration={}) for n in range(4)]
FIRST, SECOND = "journal/000001.jsonl", "journal/000002.jsonl"


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path)


def write_session(storage, *events):
    journal = Journal(storage)
    journal.append(events)
    journal.close()


def test_events_come_back_in_order_over_sessions(storage):
    write_session(storage, START, TRIALS[0])
    write_session(storage, TRIALS[1], TRIALS[2])
    assert list(read_journal(storage)) == [START, *TRIALS[:3]]
    assert list(storage.keys("journal")) == [FIRST, SECOND]


def test_nothing_is_written_before_the_first_event(storage):
    Journal(storage).close()
    assert list(storage.keys("")) == []


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_torn_last_line_is_left_out_and_the_next_session_goes_on(storage, cut):
    write_session(storage, START, TRIALS[0], TRIALS[1])
    whole = storage.read(FIRST)
    storage.put(FIRST, whole[:-cut])
    assert list(read_journal(storage)) == [START, TRIALS[0]]
    write_session(storage, TRIALS[2])
    assert list(read_journal(storage)) == [START, TRIALS[0], TRIALS[2]]


def test_a_broken_line_in_the_middle_is_named(storage):
    write_session(storage, START, TRIALS[0])
    storage.put(FIRST, storage.read(FIRST).replace(b'{"event":"trial', b'{"evXXX', 1) + b"{}\n")
    with pytest.raises(RunDirectoryError, match=r"journal/000001.jsonl, line 2|event None"):
        list(read_journal(storage))


def test_bytes_that_are_not_json_are_named_with_their_line(storage):
    write_session(storage, START, TRIALS[0])
    lines = storage.read(FIRST).split(b"\n")
    storage.put(FIRST, b"\n".join([lines[0], b"\x00\x00", *lines[1:]]))
    with pytest.raises(RunDirectoryError, match=r"000001.jsonl, line 2 cannot be read.*intact"):
        list(read_journal(storage))


def test_a_missing_first_segment_is_noticed(storage):
    write_session(storage, START)
    write_session(storage, TRIALS[0])
    storage.delete(FIRST)
    with pytest.raises(RunDirectoryError, match=r"000002.jsonl does not begin.*segment before"):
        list(read_journal(storage))


def test_a_newer_version_is_refused_with_both_versions(storage):
    write_session(
        storage, ev.SearchStarted(at=0.0, settings={}, space={}, versions={}, schema_version=99)
    )
    with pytest.raises(RunDirectoryError, match=r"version 99.*reads up to 1"):
        list(read_journal(storage))


def test_a_foreign_file_is_named(storage):
    write_session(storage, START)
    storage.put("journal/notes.txt", b"hello")
    with pytest.raises(RunDirectoryError, match=r"notes.txt is not a segment"):
        list(read_journal(storage))


def test_a_full_disk_is_said_with_what_is_kept(storage, monkeypatch):
    journal = Journal(storage)
    journal.append([START])

    def full(descriptor, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(RunDirectoryError, match=r"No space left.*is kept.*resume"):
        journal.append([TRIALS[0]])
    monkeypatch.undo()
    assert list(read_journal(storage)) == [START]


@pytest.mark.parametrize("can_truncate", [True, False])
def test_after_a_short_write_nothing_more_is_written_and_all_before_is_read(
    storage, monkeypatch, can_truncate
):
    journal = Journal(storage)
    journal.append([START, TRIALS[0]])
    write, sizes = os.write, iter([20])

    def short(descriptor, data):
        size = next(sizes, None)
        if size is None:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:size])

    def refuse(descriptor, size):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.write", short)
    if not can_truncate:
        monkeypatch.setattr("os.ftruncate", refuse)
    with pytest.raises(RunDirectoryError, match=r"could not be written.*No space left"):
        journal.append([TRIALS[1]])
    monkeypatch.undo()
    assert storage.read(FIRST).endswith(b"\n") == can_truncate
    with pytest.raises(RunDirectoryError, match=r"earlier write.*No space left.*nothing more"):
        journal.append([TRIALS[2]])
    journal.close()
    assert list(read_journal(storage)) == [START, TRIALS[0]]
    write_session(storage, TRIALS[3])
    assert list(read_journal(storage)) == [START, TRIALS[0], TRIALS[3]]
    assert list(storage.keys("journal")) == [FIRST, SECOND]


def test_a_lost_lease_refuses_before_anything_is_written(storage):
    journal = Journal(storage, is_ours=lambda: False)
    with pytest.raises(RunDirectoryError, match="another process took the run directory over"):
        journal.append([START])
    assert list(storage.keys("")) == []


def test_a_lease_that_cannot_be_read_is_a_write_that_failed(storage):
    def unknown():
        raise OSError(5, "Input/output error")

    with pytest.raises(RunDirectoryError, match=r"could not be written: .*Input/output error"):
        Journal(storage, is_ours=unknown).append([START])


@pytest.mark.parametrize("content", [b"", b'{"event":"search_st'])
def test_a_search_that_never_started_is_not_a_search(tmp_path, storage, content):
    storage.put(FIRST, content)
    run_dir = RunDir(tmp_path)
    assert not run_dir.has_search()
    with pytest.raises(
        RunDirectoryError, match=rf"{tmp_path}: its search never started.*delete the folder"
    ):
        list(run_dir.events())
    write_session(storage, START)
    assert run_dir.has_search()
    assert list(run_dir.events()) == [START]


def test_a_folder_without_a_search_says_so(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"does not exist"):
        list(RunDir(tmp_path / "nowhere").events())
    with pytest.raises(RunDirectoryError, match=rf"{tmp_path}: there is no journal"):
        list(RunDir(tmp_path).events())
    assert not RunDir(tmp_path).has_search()
