"""A local storage is atomic, stays inside its root, and shows no temporary files."""

from __future__ import annotations

import os

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import LocalStorage


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "run")


def test_a_key_exists_once_it_was_put_and_until_it_is_deleted(storage):
    assert not storage.exists("a/b")
    storage.put("a/b", b"")
    assert storage.exists("a/b")
    storage.delete("a/b")
    assert not storage.exists("a/b")


def test_what_cannot_be_looked_at_does_not_exist(storage):
    storage.put("a", b"x")
    assert not storage.exists("a/b")  # below a file
    assert not storage.exists("x" * 1000)  # no file system has such names


def test_put_makes_folders_and_replaces(storage):
    storage.put("a/b.json", b"old")
    storage.put("a/b.json", b"new")
    assert storage.read("a/b.json") == b"new"
    assert list(storage.keys("a")) == ["a/b.json"]


def test_reading_a_missing_key_says_so(storage):
    with pytest.raises(FileNotFoundError):
        storage.read("nothing")


def test_a_folder_that_is_missing_or_a_file_has_no_keys(storage):
    assert list(storage.keys("journal")) == []
    storage.put("journal", b"a file")
    assert list(storage.keys("journal")) == []


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


def test_an_appender_grows_a_new_file_only(storage):
    appender = storage.appender("journal/000001.jsonl")
    appender.append(b"one\n")
    appender.append(b"two\n")
    assert storage.read("journal/000001.jsonl") == b"one\ntwo\n"
    appender.close()
    with pytest.raises(FileExistsError):
        storage.appender("journal/000001.jsonl")


def test_delete_is_safe_to_repeat(storage):
    storage.put("key", b"x")
    storage.delete("key")
    storage.delete("key")
    assert list(storage.keys("")) == []


@pytest.mark.parametrize("key", ["/etc/passwd", "../outside", "a/../../outside", "a\\..\\b"])
def test_a_key_cannot_leave_the_root(storage, key):
    with pytest.raises(RunDirectoryError, match="not a path inside the run directory"):
        storage.put(key, b"x")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(storage):
    storage.put("key", b"old")
    with pytest.raises(TypeError):
        storage.put("key", "not bytes")
    assert storage.read("key") == b"old"
    assert [path.name for path in storage.root.iterdir()] == ["key"]
