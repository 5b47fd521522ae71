"""Checkpoints of run directories in stores take no more of a machine's disk than they may."""

from __future__ import annotations

import os
import time

import pytest

from raysearch.errors import ConfigurationError
from raysearch.run_dir.remote import evicting
from raysearch.run_dir.remote.copies import Copies
from raysearch.run_dir.remote.evicting import LIMIT, evict, limit_bytes, use

HOUR_S = 3600.0


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    return tmp_path / "runs"


def written(cache, name, *, age_s, read=False, run="digits-1", is_copy=True):
    """Write a checkpoint of ten bytes as it was some time ago."""
    root = cache / "0123" / run
    path = root / "trials" / name / "epoch-0001.ckpt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"0123456789")
    at = time.time() - age_s
    os.utime(path, (at, at - 1 if read else at))
    if is_copy:
        Copies(root).note(f"trials/{name}/epoch-0001.ckpt", "v1")
    return path


def left(cache):
    return sorted(path.parent.name for path in cache.glob("*/*/trials/*/*.ckpt"))


def test_those_that_were_used_longest_ago_go_first_whatever_search_they_are_of(cache):
    written(cache, "a", age_s=9 * HOUR_S, run="another")
    old = written(cache, "b", age_s=8 * HOUR_S)
    written(cache, "c", age_s=7 * HOUR_S)
    written(cache, "d", age_s=6 * HOUR_S)
    assert use(old)
    evict(cache, limit_bytes=25, now=time.time() + 2 * HOUR_S)
    assert left(cache) == ["b", "d"]
    root = cache / "0123" / "another"
    assert Copies(root).known("trials/a/epoch-0001.ckpt") is None  # it may come again
    assert evict(cache, limit_bytes=25, now=time.time() + 2 * HOUR_S) == []


def test_what_somebody_may_be_about_to_read_stays(cache):
    written(cache, "asked-for", age_s=HOUR_S / 2, read=True)
    written(cache, "just-written", age_s=30)
    written(cache, "only-written", age_s=HOUR_S / 2)
    evict(cache, limit_bytes=0, now=time.time())
    assert left(cache) == ["asked-for", "just-written"]


def test_what_is_not_in_the_store_stays(cache):
    written(cache, "never-brought", age_s=9 * HOUR_S, is_copy=False)
    changed = written(cache, "changed-since", age_s=9 * HOUR_S)
    changed.write_bytes(b"others")
    written(cache, "there", age_s=8 * HOUR_S)
    evict(cache, limit_bytes=0, now=time.time() + 2 * HOUR_S)
    assert left(cache) == ["changed-since", "never-brought"]


def test_what_is_used_between_a_look_and_the_removal_stays(cache, monkeypatch):
    path = written(cache, "a", age_s=9 * HOUR_S)
    known = Copies.holds
    monkeypatch.setattr(Copies, "holds", lambda *given: use(path) and known(*given))
    assert evict(cache, limit_bytes=0, now=time.time()) == []
    assert left(cache) == ["a"]


def test_one_process_at_a_time_removes(cache):
    written(cache, "a", age_s=9 * HOUR_S)
    with evicting._alone(cache) as is_alone:
        assert is_alone
        assert evict(cache, limit_bytes=0, now=time.time()) == []
    assert len(evict(cache, limit_bytes=0, now=time.time())) == 1


def test_a_small_disk_lowers_the_limit_that_nobody_set(cache, monkeypatch):
    for name in "abc":
        written(cache, name, age_s=9 * HOUR_S)
    room = type("Usage", (), {"free": 10})
    monkeypatch.setattr(evicting.shutil, "disk_usage", lambda path: room)
    evict(cache, limit_bytes=None, now=time.time())  # 40 bytes of room, of which half
    assert len(left(cache)) == 2


def test_a_reader_that_has_opened_a_file_reads_it_to_its_end(cache):
    path = written(cache, "a", age_s=9 * HOUR_S)
    with path.open("rb") as reader:
        assert evict(cache, limit_bytes=0, now=time.time()) == [path]
        assert reader.read() == b"0123456789"


def test_use_leaves_the_time_of_the_last_change(cache):
    path = written(cache, "a", age_s=9 * HOUR_S)
    assert use(path)
    assert Copies(cache / "0123" / "digits-1").holds("trials/a/epoch-0001.ckpt")
    assert time.time() - path.stat().st_atime < HOUR_S
    assert not use(path.parent)
    assert not use(path.with_name("none"))


@pytest.mark.parametrize("said", ["many", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_said(monkeypatch, said):
    monkeypatch.setenv(LIMIT, said)
    with pytest.raises(ConfigurationError, match=rf"{LIMIT} is '{said}'.*at least 0.*unset it"):
        limit_bytes()


def test_a_limit_is_in_gigabytes_and_none_where_nobody_says_one(monkeypatch):
    monkeypatch.setenv(LIMIT, "0.5")
    assert limit_bytes() == 5e8
    monkeypatch.delenv(LIMIT)
    assert limit_bytes() is None
