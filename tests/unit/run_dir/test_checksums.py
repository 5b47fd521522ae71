"""Each line of a journal is tied to the one before it, so that no change goes unnoticed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import Journal, JournalDamaged, LocalStorage, read_journal
from raysearch.run_dir import events as ev
from raysearch.run_dir.checksums import START, checked, left_by, sealed
from raysearch.run_dir.events import Event
from raysearch.run_dir.lines import to_line

FIRST, SECOND, THIRD = (f"journal/{number:06d}.jsonl" for number in (1, 2, 3))
BEGIN = ev.SearchStarted(at=0.0, settings={}, space={}, versions={})
CREATED = [ev.TrialCreated(at=1.0, trial=f"{n:04d}", number=n, configuration={}) for n in range(3)]
FAULT = "its checksum does not fit"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """Two sessions: the start and two trials, then one trial and the end."""
    storage = LocalStorage(tmp_path)
    write_session(storage, BEGIN, *CREATED[:2])
    write_session(storage, CREATED[2], ev.SearchEnded(at=2.0, status="finished"))
    return storage


def write_session(storage: LocalStorage, *events: Event) -> None:
    """Write a segment, event by event."""
    journal = Journal(storage)
    for event in events:
        journal.append([event])
    journal.close()


def read_what_can_be_read(storage: LocalStorage) -> list[Event]:
    events = []
    try:
        for event in read_journal(storage):
            events.append(event)
    except RunDirectoryError:
        pass
    return events


def lines_of(storage: LocalStorage, key: str) -> list[bytes]:
    return storage.read(key).splitlines(keepends=True)


def test_a_sealed_line_fits_where_it_was_written_and_nowhere_else() -> None:
    line, left = sealed(b'{"event":"x"}', before=7)
    assert checked(line, before=7) == left == left_by(line)
    for before in (START, 6, left):
        with pytest.raises(ValueError, match=FAULT):
            checked(line, before=before)


@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_a_bit_that_flips_is_found_or_changes_nothing(storage: LocalStorage, key: str) -> None:
    data, whole = storage.read(key), list(read_journal(storage))
    last_break = len(data) - 1
    for place, bit in itertools.product(range(len(data)), (1, 8, 64)):
        flipped = bytearray(data)
        flipped[place] ^= bit
        (storage.root / key).write_bytes(flipped)
        found = read_what_can_be_read(storage)
        assert found == whole[: len(found)], (place, bit)
        if place != last_break and len(found) < len(whole):
            with pytest.raises(RunDirectoryError):
                list(read_journal(storage))


@pytest.mark.parametrize("number", [1, 2])
def test_a_line_that_is_gone_or_there_twice_is_found(storage: LocalStorage, number: int) -> None:
    lines = lines_of(storage, FIRST)
    assert len(lines) == 3
    for changed in (lines[:number] + lines[number + 1 :], [*lines[: number + 1], *lines[number:]]):
        storage.put(FIRST, b"".join(changed))
        with pytest.raises(JournalDamaged, match=FAULT):
            list(read_journal(storage))


def test_a_segment_that_ends_too_early_is_found_by_the_one_after_it(storage: LocalStorage) -> None:
    storage.put(FIRST, b"".join(lines_of(storage, FIRST)[:-1]))
    with pytest.raises(JournalDamaged, match=f"{SECOND}, line 1 cannot be read: {FAULT}"):
        list(read_journal(storage))


def test_a_torn_end_is_followed_by_a_line_that_fits(storage: LocalStorage) -> None:
    data = storage.read(SECOND)
    (storage.root / SECOND).write_bytes(data[:-5])
    (storage.root / THIRD).write_bytes(b"")  # a session that was killed before its first event
    resumed = ev.SearchResumed(at=3.0, settings={})
    write_session(storage, resumed)
    assert list(read_journal(storage)) == [BEGIN, *CREATED, resumed]


def test_a_write_that_failed_leaves_no_mark_on_what_follows(storage: LocalStorage) -> None:
    journal = Journal(storage)
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.append([ev.SearchEnded(at=float("nan"), status="finished")])
    journal.append([ev.SearchResumed(at=3.0, settings={})])
    journal.append([ev.SearchEnded(at=4.0, status="finished")])
    journal.close()
    assert len(list(read_journal(storage))) == 7


def test_lines_of_older_versions_have_no_checksum_and_fit(storage: LocalStorage) -> None:
    resumed = ev.SearchResumed(at=3.0, settings={})
    (storage.root / THIRD).write_text(to_line(resumed) + "\n")
    write_session(storage, ev.SearchEnded(at=4.0, status="finished"))
    events = list(read_journal(storage))
    assert events[-2:] == [resumed, ev.SearchEnded(at=4.0, status="finished")]
    assert len(events) == 7
