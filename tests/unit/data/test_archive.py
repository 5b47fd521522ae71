"""Do mapped arrays equal those that are read, and are they believed only when they are right?"""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from raysearch.data.archive import MAPPED_FROM, read_archive, write_archive
from raysearch.data.cache import cached_arrays
from raysearch.data.pages import ahead, are_streamed, as_tensor
from raysearch.data.room import SHARE
from raysearch.data.tensors import splits_of
from raysearch.errors import ConfigurationError

N = MAPPED_FROM // 4 // 32


def examples(part, n):
    values = np.arange(n * 32, dtype=np.float32).reshape(n, 32)
    return {f"{part}_inputs": values + len(part), f"{part}_targets": np.arange(n)}


def large():
    return {**examples("train", N), **examples("validation", 7), **examples("test", 5)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    return tmp_path / "data"


def the_file(folder):
    (path,) = folder.glob("*.npz")
    return path


def cached(build=large):
    return cached_arrays("toy", arguments={}, build=build)


def assert_equal(found, wanted):
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


def refuse():
    raise AssertionError("it was built again")


def test_large_arrays_are_mapped_aligned_and_the_same(folder):
    found = cached()
    for name, array in large().items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable
    assert found["train_inputs"].ctypes.data % 64 == 0
    assert found["train_inputs"].flags.aligned
    assert cached(refuse)["test_targets"].tolist() == [0, 1, 2, 3, 4]


def test_small_arrays_are_read(folder):
    found = cached(lambda: examples("train", 3) | examples("validation", 2))
    assert found["train_inputs"].flags.writeable
    assert sorted(path.suffix for path in folder.iterdir()) == [".lock", ".npz"]


def test_numpy_opens_the_file_as_any_other(folder):
    cached()
    with np.load(the_file(folder)) as entries:
        np.testing.assert_array_equal(entries["test_inputs"], large()["test_inputs"])
        assert len(entries["refit_targets"]) == N + 7


@pytest.mark.parametrize("n", [N, 4])
def test_training_and_validation_are_views_of_both_together(n):
    found = cached(lambda: examples("train", n) | examples("validation", 7))
    both = found["refit_inputs"]
    assert len(both) == n + 7
    assert np.shares_memory(both[:n], found["train_inputs"])
    assert np.shares_memory(both[n:], found["validation_inputs"])


def test_what_differs_in_form_is_kept_apart():
    def build():
        return {
            "train_inputs": np.zeros((3, 2)),
            "validation_inputs": np.zeros((3, 4)),
            "train_targets": np.zeros(3),
            "train_only": np.zeros(0),
            "about": np.array("text"),
        }

    for found in (cached(build), cached(refuse)):
        assert set(found) == set(build())
        assert found["validation_inputs"].shape == (3, 4)
        assert str(found["about"]) == "text"


def test_arrays_of_several_chunks_and_orders_are_written_whole(monkeypatch, tmp_path):
    monkeypatch.setattr("raysearch.data.archive._CHUNK_BYTES", 100)
    arrays = {
        "a": np.asfortranarray(np.arange(60).reshape(20, 3)),
        "b": np.arange(400, dtype=np.int16)[::2],
        "c": np.zeros((0, 4)),
    }
    with (tmp_path / "a.npz").open("wb") as file:
        write_archive(file, arrays, key="k")
    found = read_archive(tmp_path / "a.npz", key="k")
    assert found is not None
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert read_archive(tmp_path / "a.npz", key="other") is None


def test_a_mapped_file_that_was_changed_is_built_anew(folder):
    cached()
    path = the_file(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    built = []
    found = cached(lambda: built.append(1) or large())
    np.testing.assert_array_equal(found["train_inputs"], large()["train_inputs"])
    assert built == [1]


def test_what_was_compared_once_is_not_read_again_on_this_node(folder, monkeypatch):
    cached()
    seen = the_file(folder).with_suffix(".seen")
    compared = []
    monkeypatch.setattr("zipfile.ZipFile.testzip", lambda archive: compared.append(1))
    cached(refuse)
    assert compared == []
    seen.unlink()
    cached(refuse)
    assert compared == [1]
    cached(refuse)
    assert compared == [1]


@pytest.fixture
def unmapped(monkeypatch):
    """Let the system map no file."""

    def refused(*given, **named):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("raysearch.data.archive.mmap.mmap", refused)


def test_what_the_system_does_not_map_is_read_and_not_called_damaged(unmapped, folder, caplog):
    assert_equal(cached(), large())
    built = the_file(folder).stat().st_mtime_ns
    caplog.clear()
    assert_equal(cached(refuse), large())
    assert the_file(folder).stat().st_mtime_ns == built
    assert (
        f"{the_file(folder)} cannot be mapped into memory (Cannot allocate memory)" in caplog.text
    )
    assert "`ulimit -v unlimited`" in caplog.text


def test_what_can_neither_be_mapped_nor_read_is_a_limit(unmapped, folder, monkeypatch):
    cached()

    def full(*given, **named):
        raise MemoryError

    monkeypatch.setattr("raysearch.data.archive._of_memory", full)
    with pytest.raises(ConfigurationError, match=r"0\.00\d GiB of prepared.*not damaged.*limit"):
        cached(refuse)


def test_a_tensor_of_what_is_mapped_shares_it():
    array = cached()["train_inputs"]
    tensor = as_tensor(array)  # a warning would be an error
    assert tensor.data_ptr() == array.ctypes.data
    assert tensor.shape == (N, 32)


@pytest.mark.parametrize("is_bucketed", [False, True])
def test_what_is_streamed_gives_the_same_batches(monkeypatch, is_bucketed):
    def build():
        made = large()
        for part in ("train", "validation", "test"):
            made[f"{part}_lengths"] = made[f"{part}_targets"] % 9 + 1
        return made

    arrays = {"read": build(), "mapped": cached(build), "streamed": cached(refuse)}
    found = {}
    for name, given in arrays.items():
        monkeypatch.setenv(SHARE, "0" if name == "streamed" else "1")
        splits = splits_of(given, is_bucketed=is_bucketed)
        assert splits.is_streamed == (name == "streamed")
        torch.manual_seed(0)
        loaders = (
            splits.training_loader(batch_size=64),
            splits.validation_loader(),
            splits.refit_loader(batch_size=64),
            splits.test_loader(),
        )
        found[name] = [tensor for loader in loaders for batch in loader for tensor in batch]
    for name in ("mapped", "streamed"):
        assert len(found[name]) == len(found["read"])
        assert all(map(torch.equal, found[name], found["read"]))


def test_only_what_is_mapped_is_streamed(memory):
    memory(1000)
    assert are_streamed(cached())
    assert not are_streamed(large())


def test_one_is_asked_for_ahead():
    said = []
    for item in ahead([1, 2, 3], lambda item: said.append(f"ask {item}")):
        said.append(f"take {item}")
    assert said == ["ask 1", "ask 2", "take 1", "ask 3", "take 2", "take 3"]
    assert list(ahead([], said.append)) == []


PROCESS = """
import sys
from raysearch.data.cache import cached_arrays
found = cached_arrays("toy", arguments={}, build=dict)["train_inputs"]
before = found.sum()
usage = dict(line.split()[:2] for line in open("/proc/self/smaps_rollup") if line[0] in "PS")
print(usage["Private_Dirty:"], usage["Shared_Clean:"])
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="Linux tells it")  # noqa: PTH110
def test_processes_share_the_pages(folder):
    n = 2**18  # 32 MiB

    def build():
        return examples("train", n) | examples("validation", 7)

    found = cached(build)
    assert found["train_inputs"].sum() > 0  # its pages belong to this process, too
    done = subprocess.run(
        [sys.executable, "-c", PROCESS], capture_output=True, text=True, check=True
    )
    private, shared = (int(kilobytes) / 1024 for kilobytes in done.stdout.split())
    assert private < 32
    assert shared > 32


def test_a_file_of_objects_is_not_written():
    with pytest.raises(ValueError, match="Object arrays cannot be saved, such as a"):
        write_archive(io.BytesIO(), {"a": np.array([object()])}, key="k")
