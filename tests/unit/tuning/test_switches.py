"""Ray is quiet and on loopback while a search runs, and as it was afterwards."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys

import pytest
import ray
from ray._private import ray_constants, services
from ray._private import worker as ray_worker
from ray._private.node import Node

from raysearch.notices import unheard_by_children
from raysearch.tuning import agent
from raysearch.tuning.switches import alone, environment, loopback_only, quiet


def test_a_ray_that_is_started_is_on_loopback(monkeypatch):
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", True)
    with loopback_only():
        assert ray.util.get_node_ip_address() == "127.0.0.1"
    assert ray_constants.ENABLE_RAY_CLUSTER is True


def test_what_nobody_needs_of_a_ray_is_not_started_and_may_be_later():
    names = ("start_api_server", "start_monitor", "start_log_monitor")
    before = [getattr(Node, name) for name in names]
    with alone():
        node = object.__new__(Node)  # none of them looks at it, or it would raise
        node.start_api_server(include_dashboard=False, raise_on_failure=False)
        node.start_monitor()
        node.start_log_monitor()
    assert [getattr(Node, name) for name in names] == before


def test_what_stands_for_the_agents_of_a_raylet_is_told_what_would_start_them(monkeypatch):
    begun = []
    monkeypatch.setattr(services, "start_ray_process", lambda *args, **kw: begun.append((args, kw)))
    given = ["raylet", "--head", "--dashboard_agent_command=python a.py", "--labels="]
    with alone():
        asked = [*given, "--runtime_env_agent_command=python b.py"]
        services.start_ray_process(asked, "raylet", x=1)
    services.start_ray_process(given, "raylet")
    ((words, kind), keywords), later = begun
    stands = f"{sys.executable} -I -S {agent.__file__}"
    assert words == [
        "raylet",
        "--head",
        f"--dashboard_agent_command={stands} dashboard python a.py",
        "--labels=",
        f"--runtime_env_agent_command={stands} runtime_env python b.py",
    ]
    assert (kind, keywords) == ("raylet", {"x": 1})
    assert later == ((given, "raylet"), {})


def test_nothing_that_ray_says_of_its_processes_is_printed(capsys):
    said = {"lines": ["A worker died or was killed"], "pid": "raylet", "is_err": False}
    with quiet():
        ray_worker.print_to_stdstream(said, ignore_prefix=False)
    assert capsys.readouterr().out == ""
    ray_worker.print_to_stdstream({**said, "lines": ["Another one"]}, ignore_prefix=False)
    assert "Another one" in capsys.readouterr().out


DEAF = "import os, signal; os.kill(os.getpid(), signal.{}); print('still there')"


@pytest.mark.parametrize(
    ("name", "is_deaf"),
    [("SIGHUP", True), ("SIGUSR1", True), ("SIGUSR2", True), ("SIGTERM", False)],
)
def test_what_is_started_meanwhile_is_deaf_to_what_is_sent_to_a_group(name, is_deaf):
    words = [sys.executable, "-c", DEAF.format(name)]
    with unheard_by_children():
        child = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (child.stdout == "still there\n") is is_deaf
    assert subprocess.run(words, capture_output=True, check=False).returncode < 0


def test_what_comes_meanwhile_is_heard_afterwards():
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        with unheard_by_children():
            signal.raise_signal(signal.SIGUSR1)
            assert heard == []
        assert heard == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_loggers_are_as_they_were_afterwards_also_after_an_error():
    logger = logging.getLogger("ray.tune")
    before = logger.level
    with pytest.raises(ValueError, match="that"), quiet():
        assert not logger.isEnabledFor(logging.CRITICAL)
        raise ValueError("that")
    assert logger.level == before


def test_the_environment_is_as_it_was_afterwards(monkeypatch):
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "17")
    monkeypatch.delenv("RAY_CHDIR_TO_TRIAL_DIR", raising=False)
    before = dict(os.environ)
    with environment():
        assert os.environ["RAY_CHDIR_TO_TRIAL_DIR"] == "0"
        os.environ["TUNE_STATE_REFRESH_PERIOD"] = "7"
    assert dict(os.environ) == before
