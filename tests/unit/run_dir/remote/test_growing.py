"""A file that grows out of parts is read whole at any time, and quickly once it is long."""

from __future__ import annotations

import pytest

from raysearch.run_dir.remote.faults import Unreachable
from raysearch.run_dir.remote.growing import FAN, GrowingFile, Part, parts_of, read_growing
from tests.unit.run_dir.remote.objects import MemoryObjects

KEY = "journal/000001.jsonl"


def lines(n):
    return [f"line {number}\n".encode() for number in range(n)]


def test_long_files_are_put_together():
    objects, data = MemoryObjects(), lines(FAN**2 + 3 * FAN + 5)
    file = GrowingFile(objects, KEY)
    for number, line in enumerate(data):
        file.append(line)
        if number % 300 == 0:
            assert read_growing(objects, KEY) == b"".join(data[: number + 1])
    file._thread.submit(lambda: None).result()
    assert len(parts_of(objects, KEY)) == 1 + 3 + 5
    file.close()
    assert len(parts_of(objects, KEY)) == 1
    assert read_growing(objects, KEY) == b"".join(data)


def test_each_line_is_written_once_before_append_returns():
    objects = MemoryObjects()
    file = GrowingFile(objects, KEY)
    file.append(b"one\n")
    assert objects.puts == [Part(0, 4).name(KEY)]
    file.append(b"")
    assert len(objects.puts) == 1
    file.close()


def test_a_reader_meets_old_and_new_parts_at_once():
    objects = MemoryObjects()
    for part, data in [((0, 4), b"one\n"), ((4, 8), b"two\n"), ((0, 8), b"one\ntwo\n")]:
        objects.put(Part(*part).name(KEY), data)
    assert read_growing(objects, KEY) == b"one\ntwo\n"


def test_a_reader_looks_again_when_parts_were_put_together_meanwhile():
    class Moving(MemoryObjects):
        def get(self, key):
            if key == Part(0, 4).name(KEY):
                self.put(Part(0, 8).name(KEY), b"one\ntwo\n")
                self.delete([Part(0, 4).name(KEY), Part(4, 8).name(KEY)])
            return super().get(key)

    objects = Moving()
    objects.put(Part(0, 4).name(KEY), b"one\n")
    objects.put(Part(4, 8).name(KEY), b"two\n")
    assert read_growing(objects, KEY) == b"one\ntwo\n"


def test_a_missing_part_is_damage_and_not_an_end():
    objects = MemoryObjects()
    objects.put(Part(0, 4).name(KEY), b"one\n")
    objects.put(Part(8, 12).name(KEY), b"six\n")
    with pytest.raises(OSError, match=rf"bytes 4 to 8 of {KEY} are missing"):
        read_growing(objects, KEY)


def test_nothing_follows_a_part_that_was_given_up():
    class Gone(MemoryObjects):
        is_gone = False

        def put(self, key, data, *, replaces=None):
            if self.is_gone:
                raise Unreachable("503")
            return super().put(key, data, replaces=replaces)

    objects = Gone()
    file = GrowingFile(objects, KEY)
    file.append(b"one\n")
    objects.is_gone = True
    with pytest.raises(Unreachable):
        file.append(b"two\n")
    objects.is_gone = False
    with pytest.raises(OSError, match="given up"):
        file.append(b"three\n")
    file.close()
    assert read_growing(objects, KEY) == b"one\n"


def test_what_cannot_be_put_together_stays_as_it_is():
    class NoMerging(MemoryObjects):
        def put(self, key, data, *, replaces=None):
            if replaces is None:
                raise Unreachable("503")
            return super().put(key, data, replaces=replaces)

    objects, data = NoMerging(), lines(3 * FAN)
    file = GrowingFile(objects, KEY)
    for line in data:
        file.append(line)
    file.close()
    assert len(parts_of(objects, KEY)) == 3 * FAN
    assert read_growing(objects, KEY) == b"".join(data)
