"""What a dead driver has left is cleared away, and nothing else is touched."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from raysearch.scratch import OWNER
from raysearch.tuning.orphans import processes_of, sweep

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

WRITES = "import sys, time; sys.stdout.write('x'); sys.stdout.flush(); time.sleep(600)"
READS = "import sys, time; sys.stdin.read(1); print('reads', flush=True); time.sleep(600)"


@pytest.fixture
def dead(tmp_path, monkeypatch):
    """The temporary folder of a process that has ended."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    folder = tmp_path / "raysearch-ray-abc"
    (folder / "session" / "logs").mkdir(parents=True)
    owner = {"host": socket.gethostname(), "pid": process.pid, "birth": "1"}
    (folder / OWNER).write_text(json.dumps(owner))
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
    (tmp_path / "raysearch-20261123-170912" / "journal").mkdir(parents=True)  # a run directory
    sweep()
    sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["raysearch-20261123-170912"]


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
