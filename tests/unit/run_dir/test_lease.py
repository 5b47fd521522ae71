"""One driver at a time; a lease of a dead one is taken over."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import Lease, lease


@pytest.fixture
def root(tmp_path):
    return tmp_path / "run"


def test_a_second_driver_is_refused_and_told_who_works(root):
    first = Lease(root)
    first.acquire()
    with pytest.raises(RunDirectoryError, match=rf"in use by process {os.getpid()} on "):
        Lease(root).acquire()
    first.release()
    second = Lease(root)
    second.acquire()
    second.release()
    assert Lease.holder(root) is None


def test_release_is_safe_to_repeat(root):
    held = Lease(root)
    held.acquire()
    held.release()
    held.release()
    assert list(root.iterdir()) == []


def test_the_lease_of_a_killed_process_is_taken_over(root):
    code = (
        "import sys, os, pathlib; from raysearch.run_dir import Lease;"
        "Lease(pathlib.Path(sys.argv[1])).acquire(); print('held', flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    process = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True)
    assert process.stdout == "held\n"
    assert json.loads((root / "lease.json").read_text())["pid"] > 0
    survivor = Lease(root)
    survivor.acquire()
    assert Lease.holder(root)["pid"] == os.getpid()
    survivor.release()


def test_a_process_id_used_again_is_not_the_owner(root):
    held = Lease(root)
    held.acquire()
    path = root / "lease.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "birth": "1"}))
    assert Lease.holder(root) is None
    held.release()


def test_a_lease_of_another_machine_expires(root):
    root.mkdir()
    now = time.time()
    record = {"token": "x", "host": "elsewhere", "pid": 1, "birth": "1", "renewed_at": now}
    (root / "lease.json").write_text(json.dumps(record))
    assert Lease.holder(root)["host"] == "elsewhere"
    with pytest.raises(RunDirectoryError, match="process 1 on elsewhere"):
        Lease(root).acquire()
    later = now + lease.EXPIRES_AFTER_S + 1
    assert Lease.holder(root, clock=lambda: later) is None


def test_a_lease_is_renewed_and_its_loss_noticed(root, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    held = Lease(root)
    held.acquire()
    path = root / "lease.json"
    first = json.loads(path.read_text())["renewed_at"]
    _wait_until(lambda: json.loads(path.read_text())["renewed_at"] > first)
    assert held.is_held()
    foreign = {"token": "other", "host": socket.gethostname(), "pid": 1, "birth": "1"}
    with _guarded(root):
        path.write_text(json.dumps({**foreign, "renewed_at": time.time()}))
    _wait_until(lambda: not held.is_held())
    held.release()
    assert json.loads(path.read_text())["token"] == "other"


def test_a_lease_that_is_gone_is_lost(root, monkeypatch):
    """Another driver took over, ended, and gave its lease back."""
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    held = Lease(root)
    held.acquire()
    with _guarded(root):
        (root / "lease.json").unlink()
    _wait_until(lambda: not held.is_held())
    assert not (root / "lease.json").exists()
    held.release()


def test_a_removed_run_directory_is_not_made_again(root, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    held = Lease(root)
    held.acquire()
    with _guarded(root):
        shutil.rmtree(root)
    _wait_until(lambda: not held.is_held())
    held.release()
    assert not root.exists()


def test_a_lease_is_held_from_acquire_to_release(root):
    held = Lease(root)
    assert not held.is_held()
    held.acquire()
    assert held.is_held()
    held.release()
    assert not held.is_held()


@pytest.mark.parametrize("jump_s", [lease.EXPIRES_AFTER_S + 1, -3600.0])
def test_after_a_long_sleep_the_file_is_read_again(root, monkeypatch, jump_s):
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 1000.0)
    now = [time.time()]
    held = Lease(root, clock=lambda: now[0])
    held.acquire()
    now[0] += jump_s
    assert held.is_held()
    assert json.loads((root / "lease.json").read_text())["renewed_at"] == now[0]
    now[0] += jump_s
    record = json.loads((root / "lease.json").read_text())
    (root / "lease.json").write_text(json.dumps({**record, "token": "other"}))
    assert not held.is_held()
    held.release()
    assert json.loads((root / "lease.json").read_text())["token"] == "other"


def test_an_old_lease_on_a_full_disk_is_still_held(root, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 1000.0)
    now = [time.time()]
    held = Lease(root, clock=lambda: now[0])
    held.acquire()
    now[0] += 60
    monkeypatch.setattr("os.fsync", _no_room)
    assert held.is_held()
    monkeypatch.undo()
    held.release()


def test_a_stopped_process_of_this_machine_keeps_its_lease(root):
    code = (
        "import sys, time, pathlib; from raysearch.run_dir import Lease;"
        "Lease(pathlib.Path(sys.argv[1])).acquire(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, root], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGSTOP)
        tomorrow = time.time() + 86400
        assert Lease.holder(root, clock=lambda: tomorrow)["pid"] == process.pid
        with pytest.raises(RunDirectoryError, match=rf"process {process.pid} on "):
            Lease(root, clock=lambda: tomorrow).acquire()
        process.kill()
    assert Lease.holder(root) is None


def test_where_births_are_unknown_age_decides(root):
    root.mkdir()
    record = {"token": "x", "host": socket.gethostname(), "pid": os.getpid(), "birth": "alive"}
    (root / "lease.json").write_text(json.dumps({**record, "renewed_at": 100.0}))
    assert Lease.holder(root, clock=lambda: 101.0)["pid"] == os.getpid()
    assert Lease.holder(root, clock=lambda: 200.0) is None


def test_a_lease_that_cannot_be_read_is_said_to_be(root):
    (root / "lease.json").mkdir(parents=True)
    with pytest.raises(RunDirectoryError, match=r"lease\.json cannot be read: Is a directory"):
        Lease.refuse_if_held(root)


def test_a_file_has_no_holder(tmp_path):
    (tmp_path / "file").write_text("")
    assert Lease.holder(tmp_path / "file") is None


def _no_room(descriptor):
    raise OSError(28, "No space left on device")


@contextmanager
def _guarded(root):
    """Keep the renewing thread out, as another driver does."""
    descriptor = os.open(root, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _wait_until(condition, timeout_s=15.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
