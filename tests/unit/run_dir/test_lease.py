"""One driver at a time; a lease of a dead one is taken over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

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
    assert not held.is_lost
    foreign = {"token": "other", "host": socket.gethostname(), "pid": 1, "birth": "1"}
    path.write_text(json.dumps({**foreign, "renewed_at": time.time()}))
    _wait_until(lambda: held.is_lost)
    held.release()
    assert json.loads(path.read_text())["token"] == "other"


def _wait_until(condition, timeout_s=3.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
