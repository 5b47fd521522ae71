"""A folder as storage: what is special about it; tests/contracts/test_storages.py has the rest."""

from __future__ import annotations

import os

import pytest

from raysearch.run_dir import LocalStorage


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "run")


def test_what_cannot_be_looked_at_does_not_exist(storage):
    storage.put("a", b"x")
    assert not storage.exists("a/b")  # below a file
    assert not storage.exists("x" * 1000)  # no file system has such names


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_failed_append_leaves_the_segment_as_it_was(storage, monkeypatch, failing):
    appender = storage.appender("segment")
    appender.append(b"one\n")
    write = os.write

    def short(descriptor, data):
        if len(data) < 8:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:4])

    def broken(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(f"os.{failing}", {"write": short, "fsync": broken}[failing])
    with pytest.raises(OSError, match=r"No space|Input/output"):
        appender.append(b"two two\n")
    monkeypatch.undo()
    assert storage.read("segment") == b"one\n"
    appender.append(b"three\n")
    assert storage.read("segment") == b"one\nthree\n"
    appender.close()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(storage):
    storage.put("key", b"old")
    with pytest.raises(TypeError):
        storage.put("key", "not bytes")
    assert storage.read("key") == b"old"
    assert [path.name for path in storage.root.iterdir()] == ["key"]
