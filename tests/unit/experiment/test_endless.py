"""Does reading an experiment end, whatever stands where a file should be?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from raysearch.cli.main import main
from raysearch.errors import ConfigurationError
from raysearch.experiment import load

HEAD = "data: digits\nmodel: mlp\nobjective: val/accuracy\nfidelity: {max_epochs: 9}\n"
TABLE = HEAD.replace("digits", "{name: table, args: {path: odd, target: price}}")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # relative: such paths are short


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room


ODD = {
    make_pipe: "is a pipe or a device",
    make_device: "is a pipe or a device",
    make_socket: "cannot be read",
    make_folder: "is a folder",
    make_loop: "cannot be read",
    make_huge: "more than 200 kB",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_an_odd_file_is_refused_as_experiment_and_as_a_part_of_one(
    folder: Path, make, capsys: pytest.CaptureFixture[str]
) -> None:
    make(folder / "odd")
    (folder / "sound.yaml").write_text(f"{HEAD}include: odd\n", encoding="utf-8")
    for name in ("odd", "sound.yaml"):
        assert main(["check", name]) == 2
        shown = capsys.readouterr().err
        assert ODD[make] in shown
        assert shown.endswith("Nothing was started.\n")
    assert "sound.yaml, line 5: include:" in shown


def test_files_that_include_each_other_are_refused(folder: Path) -> None:
    (folder / "a.yaml").write_text(f"{HEAD}include: b.yaml\n", encoding="utf-8")
    (folder / "b.yaml").write_text("include: [c.yaml]\n", encoding="utf-8")
    (folder / "c.yaml").symlink_to("a.yaml")
    with pytest.raises(ConfigurationError, match=r"includes itself: a.yaml -> b.yaml -> c.yaml"):
        load("a.yaml")


@pytest.mark.parametrize("make", [make_pipe, make_device, make_socket, make_folder, make_loop])
def test_a_table_that_never_ends_is_refused(folder: Path, make) -> None:
    make(folder / "odd")
    (folder / "table.yaml").write_text(TABLE, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"path is .*odd, "):
        load("table.yaml")
