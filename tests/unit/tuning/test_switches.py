"""Ray is quiet and on loopback while a search runs, and as it was afterwards."""

from __future__ import annotations

import logging
import os

import pytest
import ray
from ray._private import ray_constants
from ray._private import worker as ray_worker

from raysearch.tuning.switches import environment, loopback_only, quiet


def test_a_ray_that_is_started_is_on_loopback(monkeypatch):
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", True)
    with loopback_only():
        assert ray.util.get_node_ip_address() == "127.0.0.1"
    assert ray_constants.ENABLE_RAY_CLUSTER is True


def test_nothing_that_ray_says_of_its_processes_is_printed(capsys):
    said = {"lines": ["A worker died or was killed"], "pid": "raylet", "is_err": False}
    with quiet():
        ray_worker.print_to_stdstream(said, ignore_prefix=False)
    assert capsys.readouterr().out == ""
    ray_worker.print_to_stdstream({**said, "lines": ["Another one"]}, ignore_prefix=False)
    assert "Another one" in capsys.readouterr().out


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
