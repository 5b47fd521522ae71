"""Are arrays that take more than their share of the memory made in files?"""

from __future__ import annotations

import mmap

import numpy as np
import pytest

from raysearch.data.room import SHARE, memory_bytes, room_for
from raysearch.errors import ConfigurationError
from tests.small_disk import small_disk

TOLD = {"what": "path is a, whose rows", "remedy": "Take less"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv(SHARE, raising=False)
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    return tmp_path / "data"


def lies_in_a_file(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    base = array.base.obj if isinstance(array.base, memoryview) else array.base
    return isinstance(base, mmap.mmap)


def test_half_of_the_memory_is_for_prepared_arrays(memory):
    memory(10_000)
    assert memory_bytes(1) == 5000
    assert room_for(5000, **TOLD) is np.zeros
    assert lies_in_a_file(room_for(5001, **TOLD)((5001,), np.uint8))


def test_the_share_can_be_set(memory, monkeypatch):
    memory(10_000)
    monkeypatch.setenv(SHARE, "0.9")
    assert room_for(9000, **TOLD) is np.zeros
    monkeypatch.setenv(SHARE, "0")
    assert lies_in_a_file(room_for(1, **TOLD)((1,), np.uint8))


@pytest.mark.parametrize("share", ["2", "-0.1", "half", "nan"])
def test_a_share_that_is_none_is_refused(memory, monkeypatch, share):
    memory(10_000)
    monkeypatch.setenv(SHARE, share)
    with pytest.raises(ConfigurationError, match=rf"{SHARE} is '{share}'. It must be a share"):
        room_for(1, **TOLD)


def test_what_lies_in_a_file_is_an_array_as_any_other_and_leaves_nothing(memory, cache):
    memory(100)
    array = room_for(2000, **TOLD)((10, 50), np.float32)
    assert (array == 0).all()
    array[3:5, 7] = 1.5
    assert array.sum() == 3.0
    assert room_for(2000, **TOLD)((0, 50), np.float32).shape == (0, 50)
    assert list(cache.iterdir()) == []


def test_what_fits_neither_into_memory_nor_onto_the_disk_is_refused(memory, disk, cache):
    memory(2**30)
    disk(2**31)
    assert room_for(2**30, **TOLD) is not np.zeros
    with pytest.raises(ConfigurationError) as caught:
        room_for(3 * 2**29, **TOLD)
    (fault,) = caught.value.faults
    assert fault == (
        "path is a, whose rows take 1.5 GiB of memory, and 1.0 GiB can be had on this machine. In "
        f"{cache} they need 3.0 GiB of room, and there are 2.0 GiB: set RAYSEARCH_CACHE_DIR to a "
        "folder on this machine with more. Take less."
    )


def test_what_the_disk_has_no_room_for_takes_the_memory_if_it_can(memory, disk):
    memory(2**30)
    disk(0)
    assert room_for(2**30, **TOLD) is np.zeros


def test_a_disk_that_is_full_is_refused_and_ends_no_process(memory, monkeypatch, tmp_path):
    memory(100)
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(disk))
        allocate = room_for(200, **TOLD)
        with pytest.raises(ConfigurationError, match=r"does not take .* \(No space left on device"):
            allocate((10**6,), np.uint8)
