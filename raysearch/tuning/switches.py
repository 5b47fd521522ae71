"""Which of Ray's ways are switched off while a search runs?

Most switches are environment variables that Ray reads when it is used. Two it reads when it is
imported, which may be long ago, so their constants are set instead, and put back. For some
processes that it starts there is no switch, so the methods that start them are set aside meanwhile.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from ray._private import node as ray_node
from ray._private import ray_constants
from ray._private import services as ray_services
from ray._private import worker as ray_worker

from raysearch.imports import without_collecting
from raysearch.tuning import agent

_ENVIRONMENT = {
    "PL_DISABLE_FORK": "1",  # which Ray Tune sets for its actors, since Ray has threads
    "RAY_AIR_NEW_OUTPUT": "0",  # Ray's own progress display is off: ours shows it
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # the user's working directory is not changed under him
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else Ray warns about this default on every start
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # curves are written from the journal's events
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # the driver has its own
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # Ray's experiment state is scratch
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "1000000",
}
PRIVATE_ENVIRONMENT = {"TUNE_STATE_REFRESH_PERIOD": "1000000000"}
"""For a Ray of our own, whose size does not change: asked for it, a GCS that is gone blocks."""

_SET_LATER = (
    "TUNE_MAX_PENDING_TRIALS_PG", *PRIVATE_ENVIRONMENT, "RAY_AUTH_MODE", "PYTHONBREAKPOINT",
)  # fmt: skip
"""Set by `connect`, by Ray itself for a cluster that it starts, and by Ray when it connects."""
_QUIET_LOGGERS = ("ray", "ray.tune", "ray.train", "ray.air", "ray.data")


_log = logging.getLogger(__name__)


@contextmanager
def environment() -> Iterator[None]:
    """Set the switches that Ray reads from the environment, and put back what was there."""
    names = [*_ENVIRONMENT, *_SET_LATER]
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Ray from writing into the live view; what matters reaches the journal.

    Beside its loggers, a thread of Ray prints what became of workers, whatever `log_to_driver` is.
    """
    loggers = [logging.getLogger(name) for name in _QUIET_LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with _set(ray_worker, "_worker_logs_enabled", False):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def loopback_only() -> AbstractContextManager[None]:
    """Let a Ray that is started listen on 127.0.0.1 only, as where Ray forms no clusters."""
    return _set(ray_constants, "ENABLE_RAY_CLUSTER", False)


@contextmanager
def alone() -> Iterator[None]:
    """Let a Ray that is started begin without those of its processes that nobody needs here.

    Those are its web server, whose start the start of everything else waits for, the monitor of a
    cluster that does not grow, whose end Ray waits for, that of logs that nobody is sent, and the
    raylet's two agents, for which others stand; see `agent`. Each is a Python that imports Ray.
    """
    start_process = getattr(ray_services, _START, None)

    def begin_none(node: Any, **_: Any) -> None:
        """Begin nothing, in place of a method of Ray's `Node`."""

    def begin(command: Any, *args: Any, **options: Any) -> Any:
        """Begin a process of Ray's, a raylet with agents that wait."""
        assert start_process is not None
        return start_process([_with_waiting_agent(word) for word in command], *args, **options)

    with ExitStack() as stack:
        for method in ("start_api_server", "start_monitor", "start_log_monitor"):
            stack.enter_context(_set(ray_node.Node, method, begin_none))
        stack.enter_context(_set(ray_services, _START, begin))
        yield


_START = "start_ray_process"


def _with_waiting_agent(word: str) -> str:
    """Return a word of a command; the command of an agent in it gets one that stands for it."""
    for which in (agent.DASHBOARD, agent.RUNTIME_ENV):
        option = f"--{which}_agent_command="
        if word.startswith(option):
            stands = [sys.executable, "-I", "-S", agent.__file__, which]
            return f"{option}{subprocess.list2cmdline(stands)} {word.removeprefix(option)}"
    return word


@contextmanager
def actors_in_waiting_workers() -> Iterator[None]:
    """Let Ray Tune's actors run in the workers that a private Ray has started already.

    Ray Tune hands variables of the environment to its actors, which makes Ray start another process
    for each. Workers of a private Ray are on this machine and have the driver's environment anyway.
    """
    with without_collecting():
        from ray.tune.execution import class_cache

    with (
        _set(class_cache, "DEFAULT_ENV_VARS", {}),
        _set(class_cache, "ENV_VARS_TO_PROPAGATE", frozenset()),
    ):
        yield


@contextmanager
def _set(module: Any, name: str, value: object) -> Iterator[None]:
    """Set what Ray took from the environment when it was imported, which may be long ago.

    The variables themselves, RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER and RAY_DEDUP_LOGS_SKIP_REGEX, would
    have to be set before, and would reach into what else this process does with Ray.
    """
    if not hasattr(module, name):  # another Ray, which may say or open more than it should
        _log.warning("%s of this Ray has no %s", module.__name__, name)
        yield
        return
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
