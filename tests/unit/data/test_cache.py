"""Is data prepared once per node, and never believed when it is damaged?"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from raysearch.data.cache import cached_arrays
from raysearch.scratch import cache_folder
from tests.small_disk import small_disk

ARGUMENTS = {"seed": 0, "share": 0.2}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "data"


class Builder:
    """Builds arrays, and counts how often."""

    def __init__(self, value=1.0):
        self.times = 0
        self.value = value

    def __call__(self):
        self.times += 1
        return {"inputs": np.full((200, 3), self.value, np.float32), "targets": np.arange(200)}


def the_file(folder):
    (file,) = folder.glob("*.npz")
    return file


def assert_same(arrays, expected):
    assert set(arrays) == set(expected)
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_the_second_call_reads_what_the_first_one_built(folder):
    build = Builder()
    for _ in range(2):
        assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=build), Builder()())
    assert build.times == 1
    assert sorted(path.suffix for path in folder.iterdir()) == [".lock", ".npz"]


def test_other_arguments_are_other_data():
    first = cached_arrays("toy", arguments={"seed": 0}, build=Builder(1.0))
    second = cached_arrays("toy", arguments={"seed": 1}, build=Builder(2.0))
    other = cached_arrays("toys", arguments={"seed": 0}, build=Builder(3.0))
    assert [arrays["inputs"][0, 0] for arrays in (first, second, other)] == [1.0, 2.0, 3.0]
    again = cached_arrays("toy", arguments={"seed": 0}, build=Builder(4.0))
    assert again["inputs"][0, 0] == 1.0


def flip_a_byte(path: Path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut_short(path: Path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path):
    path.write_bytes(b"")


def write_text(path: Path):
    path.write_text("not an archive\n" * 100)


def write_pickle(path: Path):
    path.write_bytes(pickle.dumps({"inputs": [1, 2, 3]}))


def write_array(path: Path):
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def write_other_archive(path: Path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")


def write_other_key(path: Path):
    with path.open("wb") as file:
        np.savez(file, raysearch_key=np.array("something else"), inputs=np.zeros(3))


def write_objects(path: Path):
    with np.load(path) as entries:
        key = entries["raysearch_key"]
    with path.open("wb") as file:
        np.savez(file, raysearch_key=key, inputs=np.array([{"a": 1}], dtype=object))


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        cut_short,
        empty,
        write_text,
        write_pickle,
        write_array,
        write_other_archive,
        write_other_key,
        write_objects,
    ],
)
def test_a_damaged_or_foreign_file_is_built_anew(folder, damage):
    cached_arrays("toy", arguments=ARGUMENTS, build=Builder())
    damage(the_file(folder))
    build = Builder()
    assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=build), Builder()())
    assert build.times == 1
    assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=build), Builder()())
    assert build.times == 1


def test_files_of_an_older_format_go_when_one_is_written(folder):
    folder.mkdir(parents=True)
    for name, about in {
        "older-00000001": {"format": 1, "name": "older", "arguments": {}},
        "newer-00000002": {"format": 99, "name": "newer", "arguments": {}},
    }.items():
        with (folder / f"{name}.npz").open("wb") as file:
            np.savez(file, raysearch_key=np.array(json.dumps(about)), inputs=np.zeros(3))
        (folder / f"{name}.seen").write_text("")
    write_other_key(folder / "other-00000003.npz")
    (folder / "torn-00000004.npz").write_bytes(b"PK")
    cached_arrays("toy", arguments=ARGUMENTS, build=Builder())
    left = {path.name.partition("-")[0] for path in folder.glob("*.npz")}
    assert left == {"newer", "other", "torn", "toy"}
    assert [path.stem for path in folder.glob("*.seen")] == ["newer-00000002"]


def test_a_build_that_fails_leaves_nothing_behind(folder):
    def fail():
        return {"inputs": np.array([object()])}

    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        cached_arrays("toy", arguments=ARGUMENTS, build=fail)
    assert [path.suffix for path in folder.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written_costs_a_warning_only(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "file"))
    assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=Builder()), Builder()())
    assert "Set RAYSEARCH_CACHE_DIR" in caplog.text


def test_a_full_disk_costs_a_warning_and_not_a_second_build(tmp_path, monkeypatch, caplog):
    with small_disk(tmp_path / "disk", kilobytes=4) as disk:
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(disk))
        build = Builder()
        assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=build), Builder()())
        assert build.times == 1
        assert "(No space left on device)" in caplog.text
        assert [path.suffix for path in (disk / "data").iterdir()] == [".lock"]


def test_a_lock_that_is_not_let_go_costs_a_warning_only(folder, monkeypatch, caplog):
    cached_arrays("toy", arguments=ARGUMENTS, build=Builder())
    the_file(folder).unlink()
    (lock,) = folder.glob("*.lock")
    monkeypatch.setattr("raysearch.data.cache.LOCK_TIMEOUT_S", 0.1)
    with FileLock(lock):
        assert_same(cached_arrays("toy", arguments=ARGUMENTS, build=Builder()), Builder()())
    assert f"another process has held {lock} for 0.1 s" in caplog.text
    assert not list(folder.glob("*.npz"))


def test_what_goes_wrong_in_a_build_is_no_fault_of_the_cache(folder, caplog):
    def fail():
        failed.append(True)
        raise PermissionError("a file of the data")

    failed = []
    with pytest.raises(PermissionError, match="a file of the data"):
        cached_arrays("toy", arguments=ARGUMENTS, build=fail)
    assert len(failed) == 1
    assert caplog.text == ""
    build = Builder()
    cached_arrays("toy", arguments=ARGUMENTS, build=build)  # the lock was let go
    assert build.times == 1


def test_where_the_folder_is(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("RAYSEARCH_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "raysearch"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "raysearch"


PROCESS = """
import os, sys, time
from pathlib import Path
import numpy as np
from raysearch.data.cache import cached_arrays

folder = Path(sys.argv[1])

def build():
    (folder / f"built-by-{os.getpid()}").touch()
    time.sleep(0.2)
    return {"inputs": np.ones(600)}

(folder / f"ready-{os.getpid()}").touch()
while len(list(folder.glob("ready-*"))) < 3:
    time.sleep(0.01)
print(cached_arrays("toy", arguments={}, build=build)["inputs"].sum())
"""


@pytest.mark.timeout(90)  # starts processes
def test_processes_that_start_at_once_build_it_once(tmp_path):
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=15)[0] for process in processes]
    assert printed == [b"600.0\n"] * 3
    assert len(list(tmp_path.glob("built-by-*"))) == 1
