"""A journal reads back what was written, and copes with a write that was cut short."""

from __future__ import annotations

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


def write(storage, *events):
    journal = Journal(storage)
    journal.append(events)
    journal.close()


def test_events_come_back_in_order_over_sessions(storage):
    write(storage, START, TRIALS[0])
    write(storage, TRIALS[1], TRIALS[2])
    assert list(read_journal(storage)) == [START, *TRIALS[:3]]
    assert list(storage.keys("journal")) == [FIRST, SECOND]


def test_nothing_is_written_before_the_first_event(storage):
    Journal(storage).close()
    assert list(storage.keys("")) == []


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_torn_last_line_is_left_out_and_the_next_session_goes_on(storage, cut):
    write(storage, START, TRIALS[0], TRIALS[1])
    whole = storage.read(FIRST)
    storage.put(FIRST, whole[:-cut])
    assert list(read_journal(storage)) == [START, TRIALS[0]]
    write(storage, TRIALS[2])
    assert list(read_journal(storage)) == [START, TRIALS[0], TRIALS[2]]


def test_a_broken_line_in_the_middle_is_named(storage):
    write(storage, START, TRIALS[0])
    storage.put(FIRST, storage.read(FIRST).replace(b'{"event":"trial', b'{"evXXX', 1) + b"{}\n")
    with pytest.raises(RunDirectoryError, match=r"journal/000001.jsonl, line 2|event None"):
        list(read_journal(storage))


def test_bytes_that_are_not_json_are_named_with_their_line(storage):
    write(storage, START, TRIALS[0])
    lines = storage.read(FIRST).split(b"\n")
    storage.put(FIRST, b"\n".join([lines[0], b"\x00\x00", *lines[1:]]))
    with pytest.raises(RunDirectoryError, match=r"000001.jsonl, line 2 cannot be read.*intact"):
        list(read_journal(storage))


def test_a_missing_first_segment_is_noticed(storage):
    write(storage, START)
    write(storage, TRIALS[0])
    storage.delete(FIRST)
    with pytest.raises(RunDirectoryError, match=r"000002.jsonl does not begin.*segment before"):
        list(read_journal(storage))


def test_a_newer_version_is_refused_with_both_versions(storage):
    write(storage, ev.SearchStarted(at=0.0, settings={}, space={}, versions={}, schema_version=99))
    with pytest.raises(RunDirectoryError, match=r"version 99.*reads up to 1"):
        list(read_journal(storage))


def test_a_foreign_file_is_named(storage):
    write(storage, START)
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


def test_a_folder_without_a_search_says_so(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"does not exist"):
        list(RunDir(tmp_path / "nowhere").events())
    with pytest.raises(RunDirectoryError, match=rf"{tmp_path}: there is no journal"):
        list(RunDir(tmp_path).events())
    assert not RunDir(tmp_path).has_search()
