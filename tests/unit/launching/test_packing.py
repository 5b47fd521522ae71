"""What is sent to a cluster, and what stays here."""

from __future__ import annotations

import zipfile

import pytest

from raysearch.errors import ConfigurationError
from raysearch.launching import packing
from raysearch.launching.packing import packed, write_archive
from tests.recorded import Recorded


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "work"
    for name in (
        "nets.py", "mine.yaml", "data/small.csv", "pkg/__init__.py", "pkg/__pycache__/x.pyc",
        ".git/config", ".venv/lib/a.py", "env/pyvenv.cfg", "env/lib/b.py", "x.egg-info/PKG-INFO",
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_what_only_burdens_stays_here(folder):
    package = packed(folder)
    assert package.files == ("mine.yaml", "nets.py", "data/small.csv", "pkg/__init__.py")
    assert package.n_bytes == sum(map(len, package.files))
    assert package.left_out() == []


def test_run_directories_stay_here_and_are_named(folder):
    search = Recorded(folder / "runs" / "small-1")
    search.trial(0.5)
    search.finish()
    package = packed(folder)
    assert not any(name.startswith("runs/") for name in package.files)
    assert package.left_out() == ["run directories stay here: runs/small-1"]


def test_a_large_file_stays_here_with_what_to_do(folder, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST_FILE", 2_000_000)
    with (folder / "data" / "big.bin").open("wb") as file:
        file.truncate(7_000_000)
    package = packed(folder)
    assert "data/big.bin" not in package.files
    (line,) = package.left_out()
    assert line.startswith("data/big.bin (7 MB) stays here")
    assert "where all nodes reach it" in line


def test_too_much_is_refused_with_the_largest(folder, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST_SUM", 2_000_000)
    with (folder / "data" / "big.bin").open("wb") as file:
        file.truncate(7_000_000)
    with pytest.raises(ConfigurationError, match=r"too much to send.*largest: data \(7 MB\)"):
        packed(folder)
    assert "data/big.bin" not in packed(folder, exclude=["data/*"]).files
    assert packed(folder, exclude=["data"]).files == ("mine.yaml", "nets.py", "pkg/__init__.py")


def test_the_same_files_make_the_same_archive(folder, tmp_path):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    write_archive(packed(folder), first)
    (folder / "nets.py").touch()
    write_archive(packed(folder), second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.read("data/small.csv") == b"data/small.csv"
