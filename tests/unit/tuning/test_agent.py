"""What stands for an agent of Ray's tells its ports, and becomes the agent for whoever calls."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import time

import pytest

from raysearch.processes import birth
from raysearch.tuning import agent

WITHIN_S = 60.0


def stand_in(which, folder, *, command):
    words = [
        *command,
        "--node-id=abc",
        f"--session-dir={folder}",
        f"--log-dir={folder}",
        "--runtime-env-agent-port=0",
    ]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", agent.__file__, which, *words], stdin=subprocess.DEVNULL
    )


def text_of(path):
    end = time.monotonic() + WITHIN_S
    while not path.exists():
        assert time.monotonic() < end, f"{path} is not there"
        time.sleep(0.01)
    return path.read_text()


@pytest.fixture
def begun(tmp_path):
    found = []

    def begin(which, command=("python",)):
        found.append(stand_in(which, tmp_path, command=command))
        return found[-1]

    yield begin
    for process in found:
        process.kill()
        process.wait()


def test_of_the_agent_for_dashboards_it_says_that_there_is_none(begun, tmp_path):
    begun(agent.DASHBOARD)
    for name in ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port"):
        assert text_of(tmp_path / f"{name}_abc") == "-1"


def test_the_agent_for_environments_begins_with_a_call_on_the_port_that_was_told(begun, tmp_path):
    said = tmp_path / "said"
    says = f"import sys; open({str(said)!r}, 'w').write(' '.join(sys.argv[1:]))"
    process = begun(agent.RUNTIME_ENV, (sys.executable, "-c", says))
    port = int(text_of(tmp_path / "runtime_env_agent_port_abc"))
    assert process.poll() is None
    socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S).close()
    assert process.wait(WITHIN_S) == 0
    words = said.read_text().split()
    assert words.count(f"--runtime-env-agent-port={port}") == 1
    assert "--runtime-env-agent-port=0" not in words
    assert "--node-id=abc" in words


def test_it_ends_with_the_raylet(tmp_path):
    told = tmp_path / "dashboard_agent_listen_port_abc"
    code = f"""
        import subprocess, sys, time
        from pathlib import Path
        words = ["--node-id=abc", "--session-dir={tmp_path}", "--log-dir={tmp_path}"]
        stand_in = [sys.executable, "-I", "-S", {agent.__file__!r}, "dashboard", "python", *words]
        print(subprocess.Popen(stand_in, stdin=subprocess.DEVNULL, stdout=sys.stderr).pid)
        while not Path({str(told)!r}).exists():  # before, it does not know its raylet
            time.sleep(0.01)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, check=True
    )
    pid, end = int(done.stdout), time.monotonic() + WITHIN_S
    while birth(pid) is not None:
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.05)
