"""Where does Ray run, and what does it have?

By default a private Ray is started on this machine for one search, and everything it leaves behind
is removed with it; with an address, a cluster that runs already is used and left running.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ray

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.experiment import Resources
from raysearch.preflight.machine import cores

_ENVIRONMENT = {
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
_SET_LATER = ("TUNE_MAX_PENDING_TRIALS_PG", "RAY_AUTH_MODE", "PYTHONBREAKPOINT")
"""Set by `connect`, by Ray itself for a cluster that it starts, and by Ray when it connects."""
_QUIET_LOGGERS = ("ray", "ray.tune", "ray.train", "ray.air", "ray.data")


PREFIX = "raysearch-"
"""Begins the name of the temporary folder of a private Ray; the driver's process id follows."""

ANSWER_WITHIN_S = 10.0
"""How long a head node may take to accept a connection, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running Ray that this process is connected to."""

    scratch: Path
    """A folder for what Ray Tune writes; removed at the end, and never read back."""
    is_private: bool
    """Whether it was started for this search, so that it neither grows nor serves others."""

    def slots(self, resources: Resources) -> int:
        """Return how many trials fit at once, as the cluster is now."""
        return fitting(resources, available=ray.cluster_resources())


def fitting(resources: Resources, *, available: Mapping[str, float]) -> int:
    """Return how many times the resources of one trial fit into those available.

    Example:
        >>> fitting(Resources(cpus=1, gpus=0.5), available={"CPU": 16.0, "GPU": 2.0})
        4
    """
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus}
    return int(
        min(available.get(name, 0.0) / amount + 1e-9 for name, amount in wanted.items() if amount)
    )


def check_machine(resources: Resources, *, parallel: int | None) -> None:
    """Refuse what this machine cannot give, before anything is started.

    Raises:
        ConfigurationError: A trial needs more cores than there are, or all trials together do.
    """
    n_cores = cores()
    if resources.cpus > n_cores:
        raise ConfigurationError(
            f"resources.cpus is {resources.cpus:g}, but this machine has {n_cores} cores, so no "
            f"trial could ever start. Set it to at most {n_cores}, or give a larger cluster with "
            "--address. Nothing was started."
        )
    fits = int(n_cores / resources.cpus) if resources.cpus else None
    if parallel is not None and fits is not None and parallel > fits:
        raise ConfigurationError(
            f"parallel is {parallel}, but with resources.cpus {resources.cpus:g} only {fits} "
            f"trials fit on the {n_cores} cores of this machine. Set it to at most {fits}, or to "
            "auto. Nothing was started."
        )


@contextmanager
def connect(address: str | None, *, resources: Resources, slots: int | None) -> Iterator[Cluster]:
    """Start a private Ray or join a cluster, and leave nothing behind.

    Args:
        address: Of a running cluster: "auto" or "HOST:PORT"; None starts a private Ray here.
        resources: What one trial needs.
        slots: Trials at once, when the experiment says so.

    Raises:
        ConfigurationError: No cluster answers, or no trial would ever fit.

    Side effects:
        Environment variables and log levels are set for the time of the connection.
    """
    if ray.is_initialized():
        raise ConfigurationError(
            "this process is connected to a Ray already, and a search needs a connection of its "
            "own. Call ray.shutdown() first, or run the search in another process. Nothing was "
            "started."
        )
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    with _quiet(), _environment():
        try:
            _init(address, folder=folder)
            cluster = Cluster(scratch=folder / "tune", is_private=address is None)
            fits = cluster.slots(resources)
            _check_fits(fits, resources=resources, parallel=slots if address is None else None)
            os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(slots or fits)
            yield cluster
        finally:
            ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the temporary folders of drivers on this machine that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if not pid.isdecimal() or folder.stat().st_uid != os.getuid():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


def _init(address: str | None, *, folder: Path) -> None:
    if address is None:
        try:
            ray.init(
                address="local",
                num_cpus=cores(),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                _temp_dir=str(folder),
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise SearchAborted(
                f"Ray could not be started in {folder}: {error}. Its folder must be on a local "
                "disk with room, under a short path; TMPDIR chooses it. Nothing was written."
            ) from error
        return
    try:
        _check_reachable(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(_no_answer(address, error)) from error


def _check_reachable(address: str) -> None:
    """Raise OSError when nothing listens at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_WITHIN_S).close()


def _no_answer(address: str, error: BaseException) -> str:
    if "auth" in f"{error} {error.__cause__}".lower():
        return (
            f"--address {address}: the Ray cluster there wants a token. Set RAY_AUTH_MODE=token "
            "and RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, to the cluster's. Nothing was started."
        )
    return (
        f"--address {address}: no Ray cluster answers there ({error}). Give HOST:PORT of a running "
        "head node, or leave --address away to use this machine. Nothing was started."
    )


def _check_fits(fits: int, *, resources: Resources, parallel: int | None) -> None:
    has = ray.cluster_resources()
    if fits and parallel is not None and parallel > fits:
        raise ConfigurationError(
            f"parallel is {parallel}, but only {fits} trials with resources.cpus "
            f"{resources.cpus:g} and resources.gpus {resources.gpus:g} fit at once. Set it to at "
            f"most {fits}, or to auto. Nothing was started."
        )
    if fits:
        return
    raise ConfigurationError(
        f"a trial needs resources.cpus {resources.cpus:g} and resources.gpus {resources.gpus:g}, "
        f"but Ray has {has.get('CPU', 0):g} CPUs and {has.get('GPU', 0):g} GPUs, so no trial could "
        "ever start. Lower them, or give a larger cluster with --address. Nothing was started."
    )


@contextmanager
def _environment() -> Iterator[None]:
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
def _quiet() -> Iterator[None]:
    """Keep Ray's loggers from writing into the live view; what matters reaches the journal."""
    loggers = [logging.getLogger(name) for name in _QUIET_LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
