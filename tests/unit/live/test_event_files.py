from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import raysearch.live
from raysearch.live import event_files

PATH = f"{event_files.PREFIX}1"


def add(path: Path, *steps: int) -> None:
    for step in steps:
        event_files.append(path, event_files.scalars({"loss": 0.5}, step=step, at=5.0 + step))


def steps(folder: Path) -> list[int]:
    found = EventAccumulator(str(folder))
    found.Reload()
    return [event.step for event in found.Scalars("loss")]


def test_what_is_appended_can_be_read(tmp_path: Path) -> None:
    add(tmp_path / "new" / PATH, 1, 2, 3)
    assert steps(tmp_path / "new") == [1, 2, 3]
    assert event_files.last_step(tmp_path / "new") == 3


def test_several_events_in_one_write(tmp_path: Path) -> None:
    events = [event_files.scalars({"loss": 1.0}, step=i, at=5.0) for i in range(4)]
    event_files.append(tmp_path / PATH, *events)
    assert steps(tmp_path) == [0, 1, 2, 3]


def test_replacing_leaves_only_the_new_events(tmp_path: Path) -> None:
    add(tmp_path / PATH, 1, 2)
    event_files.replace(tmp_path / PATH, event_files.scalars({"loss": 1.0}, step=9, at=5.0))
    assert steps(tmp_path) == [9]
    assert [path.name for path in tmp_path.iterdir()] == [PATH]


def test_no_files_have_no_last_step(tmp_path: Path) -> None:
    assert event_files.last_step(tmp_path / "none") is None
    (tmp_path / "other").write_text("x")
    assert event_files.last_step(tmp_path) is None


@pytest.mark.parametrize("lost", [1, 4, 20, 30])
def test_a_record_that_was_cut_short_does_not_count(tmp_path: Path, lost: int) -> None:
    add(tmp_path / PATH, 1, 2, 3)
    os.truncate(tmp_path / PATH, (tmp_path / PATH).stat().st_size - lost)
    assert event_files.last_step(tmp_path) == 2


def test_records_after_one_that_was_changed_do_not_count(tmp_path: Path) -> None:
    add(tmp_path / PATH, 1)
    length = (tmp_path / PATH).stat().st_size
    add(tmp_path / PATH, 2, 3)
    data = bytearray((tmp_path / PATH).read_bytes())
    data[length + 15] ^= 0xFF
    (tmp_path / PATH).write_bytes(data)
    assert event_files.last_step(tmp_path) == 1


def test_an_empty_file_ends_at_step_0(tmp_path: Path) -> None:
    (tmp_path / PATH).write_bytes(b"")
    assert event_files.last_step(tmp_path) == 0


def test_tensorflow_is_not_loaded_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise RuntimeError('TensorFlow was imported')")
    code = (
        "import pathlib\n"
        "from raysearch.live import event_files, hparams, tensorboard\n"
        "folder = pathlib.Path('events')\n"
        "event = event_files.scalars({'a': 1.0}, step=7, at=1.0)\n"
        f"event_files.append(folder / '{PATH}', event)\n"
        "print(event_files.last_step(folder))\n"
    )
    root = str(Path(raysearch.live.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"},
    )
    assert (done.stdout, done.stderr) == ("7\n", "")
