from __future__ import annotations

import logging

import numpy as np
import pytest
from filelock import FileLock

from raysearch.data.images.storage import stored_pixels
from raysearch.errors import ConfigurationError
from tests.small_disk import fill, small_disk

SHAPE = (5, 1, 2, 2)
PIXELS = np.arange(20, dtype=np.uint8).reshape(SHAPE)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    return tmp_path / "data"


class Decoder:
    """Counts how often it is asked."""

    def __init__(self):
        self.n_calls = 0

    def __call__(self, failures):
        self.n_calls += 1
        failures[3] = "broken"
        yield PIXELS[:3]
        yield PIXELS[3:]


def stored(decode, *, memory_gb=1.0, key="a"):
    return stored_pixels({"key": key}, shape=SHAPE, decode=decode, memory_gb=memory_gb)


@pytest.mark.parametrize(("memory_gb", "is_mapped"), [(1.0, False), (0.0, True)])
def test_pixels_are_decoded_once_and_mapped_where_they_do_not_fit(cache, memory_gb, is_mapped):
    decode = Decoder()
    for _ in range(2):
        pixels, failures = stored(decode, memory_gb=memory_gb)
        assert (pixels == PIXELS).all()
        assert failures == {3: "broken"}
        assert isinstance(pixels, np.memmap) == is_mapped
    assert decode.n_calls == 1
    assert not list(cache.glob("*.tmp"))


def test_what_is_mapped_cannot_change_the_file(cache):
    pixels, _ = stored(Decoder(), memory_gb=0.0)
    with pytest.raises(ValueError, match="read-only"):
        pixels[:] = 7
    assert (stored(Decoder(), memory_gb=0.0)[0] == PIXELS).all()


@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_a_damaged_file_is_made_anew(cache, damage):
    stored(Decoder())
    (path,) = cache.glob("*.npy")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    elif damage == "other":
        path.write_bytes(b"nothing")
    else:
        path.with_suffix(".json").unlink()
    decode = Decoder()
    assert (stored(decode)[0] == PIXELS).all()
    assert decode.n_calls == 1


def test_another_key_is_another_file(cache):
    stored(Decoder())
    decode = Decoder()
    stored(decode, key="b")
    assert decode.n_calls == 1


def test_what_fails_leaves_no_file(cache):
    def decode(failures):
        yield PIXELS[:3]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stored(decode)
    assert not list(cache.glob("*.npy")) + list(cache.glob("*.tmp"))


def test_without_a_cache_the_pixels_are_kept_in_memory(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        pixels, failures = stored(Decoder())
    assert (pixels == PIXELS).all()
    assert failures == {3: "broken"}
    assert "cannot be used to keep prepared images" in caplog.text


LARGE = (4, 1, 256, 256)
"""256 kB."""


def large(decode=None, *, memory_gb=1.0):
    def chunks(failures):
        yield from np.ones((2, 2, 1, 256, 256), dtype=np.uint8)

    return stored_pixels(
        {"key": "large"},
        shape=LARGE,
        decode=decode or chunks,
        memory_gb=memory_gb,
        what="path is /leaves, whose 4 images",
    )[0]


@pytest.mark.parametrize("memory_gb", [1.0, 0.0])
def test_a_lock_that_is_not_let_go_costs_memory_and_a_warning(
    cache, monkeypatch, caplog, memory_gb
):
    stored(Decoder())
    (lock,) = cache.glob("*.lock")
    (path,) = cache.glob("*.npy")
    path.unlink()
    monkeypatch.setattr("raysearch.data.images.storage.LOCK_TIMEOUT_S", 0.1)
    with FileLock(lock), caplog.at_level(logging.WARNING):
        pixels, failures = stored(Decoder(), memory_gb=memory_gb)
    assert (pixels == PIXELS).all()
    assert failures == {3: "broken"}
    assert f"(another process has held {lock} for 0.1 s)" in caplog.text
    assert not list(cache.glob("*.npy"))
    assert (stored(Decoder())[0] == PIXELS).all()  # it is made once the lock is free
    assert list(cache.glob("*.npy"))


def test_a_lock_that_is_not_let_go_ends_it_where_memory_does_not_do(cache, monkeypatch, memory):
    cache.mkdir()
    large()
    (path,) = cache.glob("*.npy")
    path.unlink()
    monkeypatch.setattr("raysearch.data.images.storage.LOCK_TIMEOUT_S", 0.1)
    memory(200_000)
    lock = path.with_suffix(".lock")
    with FileLock(lock), pytest.raises(ConfigurationError) as caught:
        large()
    (fault,) = caught.value.faults
    assert fault.startswith(
        f"path is /leaves, whose 4 images take 0.0002 GiB. They cannot be kept in {cache} (another "
        f"process has held {lock} for 0.1 s), nor in memory, of which 0.0002 GiB can be had."
    )


def test_a_disk_without_room_costs_memory_and_a_warning_that_says_how_much(
    tmp_path, monkeypatch, caplog
):
    with small_disk(tmp_path / "disk", kilobytes=100) as disk:
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(disk))
        with caplog.at_level(logging.WARNING):
            assert (large(memory_gb=0.0) == 1).all()
        assert f"{disk / 'data'} cannot be used to keep prepared images (it has " in caplog.text
        assert "of room), so each process prepares them by itself" in caplog.text
        assert "can be written and has 0.0002 GiB of room" in caplog.text
        assert [path.suffix for path in (disk / "data").iterdir()] == [".lock"]


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_disk_that_fills_up_meanwhile_leaves_no_part_of_a_file(
    tmp_path, monkeypatch, caplog, memory, has_memory
):
    with small_disk(tmp_path / "disk", kilobytes=600) as disk:
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(disk))

        def decode(failures):
            yield np.ones((2, 1, 256, 256), dtype=np.uint8)
            if not (disk / "something-big").exists():
                fill(disk)
            yield np.ones((2, 1, 256, 256), dtype=np.uint8)

        memory(10**9 if has_memory else 1000)
        if has_memory:
            assert (large(decode) == 1).all()
            assert "(No space left on device)" in caplog.text
        else:
            with pytest.raises(ConfigurationError) as caught:
                large(decode)
            (fault,) = caught.value.faults
            assert f"cannot be kept in {disk / 'data'} (No space left on device), nor in" in fault
            assert "a folder on this machine with 0.0002 GiB of room" in fault
        assert [path.suffix for path in (disk / "data").iterdir()] == [".lock"]
        (disk / "something-big").unlink()
        assert (large() == 1).all()  # with room again it is kept
        assert list((disk / "data").glob("*.npy"))


def test_what_a_killed_process_left_is_cleared_away(cache):
    stored(Decoder())
    (path,) = cache.glob("*.npy")
    path.unlink()
    left = cache / f"{path.stem}-killed.tmp"
    left.write_bytes(bytes(1000))
    other = cache / "images-0123456789abcdef-busy.tmp"
    other.write_bytes(bytes(10))
    stored(Decoder())
    assert not left.exists()
    assert other.exists()


def test_pixels_that_memory_does_not_take_are_mapped_whatever_is_allowed(cache, memory):
    memory(200_000)
    assert isinstance(large(memory_gb=4096.0), np.memmap)
    memory(10**9)
    assert not isinstance(large(memory_gb=4096.0), np.memmap)
