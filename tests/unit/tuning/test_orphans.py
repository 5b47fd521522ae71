"""What a dead driver has left is cleared away, and nothing else is touched."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from raysearch.tuning import orphans
from raysearch.tuning.orphans import private_folder, processes_of, sweep, temporary_prefix

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

WRITES = "import sys, time; sys.stdout.write('x'); sys.stdout.flush(); time.sleep(600)"
READS = "import sys, time; sys.stdin.read(1); print('reads', flush=True); time.sleep(600)"


@pytest.fixture
def dead(tmp_path, monkeypatch):
    """The temporary folder of a process that has ended."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    folder = tmp_path / f"raysearch-{process.pid}-abc"
    (folder / "session" / "logs").mkdir(parents=True)
    return folder


@contextmanager
def running(code, **streams):
    """A Python that runs some code, in a session of its own as Ray's workers may be."""
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_folder_of_a_dead_process_is_removed_and_no_other(dead, tmp_path):
    others = {f"raysearch-{os.getpid()}-abc", "raysearch-preflight-y", "raysearch-0", "other-1-x"}
    for name in others:
        (tmp_path / name / "session").mkdir(parents=True)
    (tmp_path / f"{dead.name}-link").symlink_to(tmp_path / "other-1-x")
    sweep()
    sweep()
    assert {path.name for path in tmp_path.iterdir()} == {*others, f"{dead.name}-link"}


def test_a_process_that_nobody_waited_for_is_dead(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    try:
        folder = tmp_path / f"raysearch-{process.pid}-abc"
        folder.mkdir()
        assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        sweep()
        assert not folder.exists()
    finally:
        process.communicate()


def test_processes_that_write_there_are_ended(dead):
    log = dead / "session" / "logs" / "worker.out"
    with log.open("w") as out, running(WRITES, stdout=out) as worker:
        while not log.read_text():
            pass
        assert processes_of(dead) == [worker.pid]  # and not this one, which has it open as well
        sweep()
        assert not dead.exists()
        assert worker.wait(timeout=30) < 0


def test_a_process_that_reads_a_log_there_goes_on(dead):
    log = dead / "session" / "logs" / "worker.out"
    log.write_text("what happened")
    streams = {"stdin": log.open(), "stdout": subprocess.PIPE}
    with streams["stdin"], running(READS, **streams) as reader, reader.stdout:
        assert reader.stdout.readline() == b"reads\n"
        assert processes_of(dead) == []
        sweep()
        assert reader.poll() is None


def test_a_folder_that_is_locked_has_an_owner_whatever_its_process_id_says(dead):
    descriptor = os.open(dead, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        sweep()
        assert dead.exists()
    finally:
        os.close(descriptor)
    sweep()
    assert not dead.exists()


def test_a_private_folder_stays_as_long_as_it_is_needed(dead, tmp_path, monkeypatch):
    with private_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(temporary_prefix())
        (folder / "file").write_text("x")
        monkeypatch.setattr(orphans, "_lives", lambda pid: False)  # as in another container
        sweep()
        assert (folder / "file").exists()
    assert not folder.exists()
    assert not dead.exists()


def test_who_makes_a_folder_is_in_its_name():
    assert temporary_prefix("preflight-") == f"raysearch-{os.getpid()}-preflight-"
