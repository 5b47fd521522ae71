"""Temporary folders of the dead are found, and no others, whatever they are called."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys

import pytest

from raysearch import scratch
from raysearch.processes import UNKNOWN, birth
from raysearch.scratch import OWNER, abandoned_folders, scratch_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(temporary, *, pid, host=None, born="1", name="raysearch-ray-abc"):
    """Make a folder as a process leaves it."""
    folder = temporary / name
    folder.mkdir()
    owner = {"host": host or socket.gethostname(), "pid": pid, "birth": born}
    (folder / OWNER).write_text(json.dumps(owner))
    return folder


def test_a_folder_lives_as_long_as_it_is_used(temporary):
    with scratch_folder("preflight") as folder:
        assert folder.parent == temporary
        assert folder.name.startswith("raysearch-preflight-")
        assert list(abandoned_folders()) == []
    assert list(temporary.iterdir()) == []


def test_what_a_dead_process_left_is_found(temporary, dead_pid):
    folder = left_by(temporary, pid=dead_pid)
    assert list(abandoned_folders()) == [folder]


def test_a_process_id_that_is_used_again_is_another_process(temporary):
    folder = left_by(temporary, pid=os.getpid(), born="1")
    assert list(abandoned_folders()) == [folder]


@pytest.mark.parametrize("born", [birth(os.getpid()), UNKNOWN], ids=["its own", "unknown"])
def test_what_belongs_to_a_live_process_is_left_alone(temporary, born):
    left_by(temporary, pid=os.getpid(), born=born)
    assert list(abandoned_folders()) == []


@pytest.mark.parametrize(
    "name", ["raysearch-20261123-170912", "raysearch-4194300-results", "raysearch-ray-mine"]
)
def test_a_folder_of_somebodys_own_is_left_alone_whatever_it_is_called(temporary, name):
    (temporary / name / "journal").mkdir(parents=True)
    assert list(abandoned_folders()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": 1}', "\x00"])
def test_a_folder_whose_owner_cannot_be_read_is_left_alone(temporary, dead_pid, text):
    (left_by(temporary, pid=dead_pid) / OWNER).write_text(text)
    assert list(abandoned_folders()) == []


def test_another_machine_on_the_same_disk_is_left_alone(temporary, dead_pid):
    left_by(temporary, pid=dead_pid, host="elsewhere")
    assert list(abandoned_folders()) == []


def test_a_link_is_not_followed(temporary, dead_pid, tmp_path_factory):
    folder = left_by(tmp_path_factory.mktemp("other"), pid=dead_pid)
    (temporary / "raysearch-ray-link").symlink_to(folder)
    assert list(abandoned_folders()) == []


def test_a_folder_that_is_locked_has_an_owner_as_in_another_container(temporary, dead_pid):
    folder = left_by(temporary, pid=dead_pid)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        assert list(abandoned_folders()) == []
    finally:
        os.close(descriptor)
    assert list(abandoned_folders()) == [folder]


def test_a_file_system_without_locks_serves_too(temporary, dead_pid, monkeypatch):
    def none(descriptor, operation):
        raise OSError("locks are not supported")

    monkeypatch.setattr(scratch.fcntl, "flock", none)
    folder = left_by(temporary, pid=dead_pid)
    with scratch_folder("ray"):
        assert list(abandoned_folders()) == [folder]


def test_a_folder_that_cannot_be_made_leaves_nothing(temporary, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(temporary / "nowhere"))
    with pytest.raises(OSError, match="nowhere"), scratch_folder("ray"):
        pass
    assert list(abandoned_folders()) == []


def test_a_process_that_nobody_waited_for_is_dead():
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    try:
        assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert birth(process.pid) is None
    finally:
        process.communicate()
