"""Every storage of a run directory keeps the same promises: a folder, and an object store."""

from __future__ import annotations

import uuid

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import LocalStorage
from raysearch.run_dir.remote.addresses import address_of
from raysearch.run_dir.remote.storage import ObjectStorage
from tests.object_store import BUCKET, in_environment, running_store

SEGMENT = "journal/000001.jsonl"


@pytest.fixture(scope="module")
def store():
    with running_store() as store, in_environment(store.environment):
        yield store


@pytest.fixture(params=["folder", "store"])
def storage(request, tmp_path):
    if request.param == "folder":
        return LocalStorage(tmp_path / "run")
    request.getfixturevalue("store")
    return ObjectStorage.at(address_of(f"s3://{BUCKET}/{uuid.uuid4().hex}"))


def test_a_key_exists_once_it_was_put_and_until_it_is_deleted(storage):
    assert not storage.exists("a/b")
    storage.put("a/b", b"")
    assert storage.exists("a/b")
    storage.delete("a/b")
    assert not storage.exists("a/b")


def test_put_replaces(storage):
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


def test_keys_are_those_below_a_folder_in_order(storage):
    for key in ("b/2", "b/10", "b-other/1", "b/c/1", "a"):
        storage.put(key, b"x")
    assert list(storage.keys("b")) == ["b/10", "b/2", "b/c/1"]
    assert list(storage.keys("")) == ["a", "b/10", "b/2", "b/c/1", "b-other/1"]


def test_an_appender_grows_a_new_file_only(storage):
    appender = storage.appender(SEGMENT)
    appender.append(b"one\n")
    appender.append(b"two\n")
    assert storage.read(SEGMENT) == b"one\ntwo\n"
    assert storage.exists(SEGMENT)
    appender.close()
    assert storage.read(SEGMENT) == b"one\ntwo\n"
    assert list(storage.keys("journal")) == [SEGMENT]
    with pytest.raises(FileExistsError):
        storage.appender(SEGMENT)


def test_what_grew_can_be_replaced_moved_and_deleted(storage):
    appender = storage.appender(SEGMENT)
    appender.append(b"one\n")
    appender.append(b"two\n")
    storage.move(SEGMENT, "aside/1.jsonl")
    assert storage.read("aside/1.jsonl") == b"one\ntwo\n"
    assert not storage.exists(SEGMENT)
    storage.put("aside/1.jsonl", b"one\n")
    assert storage.read("aside/1.jsonl") == b"one\n"
    storage.delete("aside/1.jsonl")
    assert list(storage.keys("")) == []


def test_move_gives_another_name(storage):
    storage.put("winner/next.ckpt", b"new")
    storage.put("winner/seeds/1.ckpt", b"old")
    storage.move("winner/next.ckpt", "winner/seeds/1.ckpt")
    assert storage.read("winner/seeds/1.ckpt") == b"new"
    assert list(storage.keys("")) == ["winner/seeds/1.ckpt"]


def test_delete_is_safe_to_repeat(storage):
    storage.put("key", b"x")
    storage.delete("key")
    storage.delete("key")
    assert list(storage.keys("")) == []


@pytest.mark.parametrize("key", ["/etc/passwd", "../outside", "a/../../outside", "a\\..\\b"])
def test_a_key_cannot_leave_the_root(storage, key):
    assert not storage.holds(key)
    assert not storage.exists(key)
    for doing in (storage.read, storage.delete, lambda key: storage.put(key, b"x")):
        with pytest.raises(RunDirectoryError, match="not a path inside the run directory"):
            doing(key)


def test_a_put_that_failed_leaves_the_old_bytes(storage):
    storage.put("key", b"old")
    with pytest.raises(TypeError):
        storage.put("key", "not bytes")
    assert storage.read("key") == b"old"
    assert list(storage.keys("")) == ["key"]
