from __future__ import annotations

import logging

import numpy as np
import pytest

from raysearch.data.images.storage import stored_pixels

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
