"""Where does Ray run, and what does it have?

By default a private Ray is started on this machine for one search; it listens on loopback only, and
everything it leaves behind is removed with it. With an address, a cluster that runs already is used
and left running.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import ray

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.experiment import Resources
from raysearch.notices import unheard_by_children
from raysearch.preflight.machine import cores
from raysearch.scratch import scratch_folder
from raysearch.tuning.addresses import (
    ANSWER_WITHIN_S,
    LOOPBACK,
    check_answers,
    found,
    is_loopback,
    no_cluster,
    refuse_other_kinds,
)
from raysearch.tuning.capacity import Capacity, capacity, described
from raysearch.tuning.orphans import end_processes, sweep
from raysearch.tuning.switches import (
    PRIVATE_ENVIRONMENT,
    alone,
    environment,
    loopback_only,
    quiet,
)

TOO_SLOW = "timed out during startup"
"""What Ray says when its processes do not come up."""

ATTEMPTS = 2
"""How often a private Ray is started that does not come up in time. At the second time its files
are in memory, and it is quicker."""

MOST_WAITING = 100_000
"""Trials that Ray Tune may have at a time which wait for an actor. No limit: how many there are our
own source says, and Ray's default of 1 would ask for no other trial while one waits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running Ray that this process is connected to."""

    scratch: Path
    """A folder for what Ray Tune writes; removed at the end, and never read back."""
    is_private: bool
    """Whether it was started for this search, so that it neither grows nor serves others."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Those on which a private Ray's own processes listen, by the name of the process."""

    def slots(self, resources: Resources, *, has: Capacity | None = None) -> int:
        """Return how many trials to have at once: those that fit, or will when it has grown.

        What does not fit yet is what an autoscaler adds nodes for.

        Args:
            resources: What one trial is given.
            has: What the cluster has; None to ask it.
        """
        has = capacity() if has is None else has
        return has.slots(resources) if self.is_private else has.most(resources)

    def check(self) -> None:
        """See whether a private Ray still stands, which takes less than a millisecond.

        Raises:
            RayGone: One of its processes is gone.
        """
        process = _gone(self.ports)
        if process is not None:
            raise RayGone(
                f"the {process} of the private Ray is gone: it was killed, as on a machine without "
                "memory, or it crashed. What was measured is kept; `resume` goes on in a new Ray."
            )


class RayGone(BaseException):
    """A private Ray does not stand any more.

    No Exception, after which Ray Tune would clean up: without GCS that blocks for a minute, and
    then Ray ends the whole process.
    """


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
        Environment variables, log levels and two constants of Ray are set for the time of the
        connection. What killed drivers have left on this machine is cleared away.
    """
    if ray.is_initialized():
        raise ConfigurationError(
            "this process is connected to a Ray already, and a search needs a connection of its "
            "own. Call ray.shutdown() first, or run the search in another process. Nothing was "
            "started."
        )
    sweep()
    is_private, ports = address is None, {}
    with quiet(), environment(), _scratch() as folder:
        try:
            _init(address, folder=folder)
            ports = _ports() if is_private else {}
            cluster = Cluster(scratch=folder / "tune", is_private=is_private, ports=ports)
            fits = cluster.slots(resources)
            _check_fits(fits, resources=resources, parallel=slots if is_private else None)
            os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(MOST_WAITING)
            if is_private:
                os.environ.update(PRIVATE_ENVIRONMENT)
            yield cluster
        finally:
            if _gone(ports) is not None or (is_private and not ray.is_initialized()):
                end_processes(folder)  # what is left of it would not answer, or is half started
            ray.shutdown()


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yield a temporary folder for a Ray, or say what it needs."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder("ray"))
        except OSError as error:
            raise SearchAborted(_no_place(error)) from error
        yield folder


def _no_place(error: BaseException) -> str:
    return (
        f"Ray could not be started in {tempfile.gettempdir()}: {error}. Its folder must be on a "
        "local disk with room, under a short path; TMPDIR chooses it. Nothing was written."
    )


def _too_slow() -> str:
    return (
        "Ray's own processes were not up in time, as on a machine with much else to do. Nothing of "
        "the search is lost: start it again, or `resume` it if it had begun, when there is less."
    )


def _gone(ports: Mapping[str, int]) -> str | None:
    """Return the name of a process that has left its port on loopback, or None."""
    for process, port in ports.items():
        try:
            socket.create_connection((LOOPBACK, port), timeout=ANSWER_WITHIN_S).close()
        except ConnectionRefusedError:
            return process
        except OSError:
            continue  # a machine too busy to answer, or out of sockets, is another matter
    return None


def _ports() -> dict[str, int]:
    """Return the ports of a private Ray's own processes, and say so if they are not on loopback."""
    (node,) = ray.nodes()
    if node["NodeManagerAddress"] != LOOPBACK:
        _log.warning(
            "Ray listens on %s and not on loopback only: set RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 "
            "before Python starts.",
            node["NodeManagerAddress"],
        )
        return {}
    gcs = ray.get_runtime_context().gcs_address
    return {"GCS": int(gcs.rpartition(":")[2]), "raylet": int(node["NodeManagerPort"])}


def _init(address: str | None, *, folder: Path) -> None:
    if address is None:
        _start_private(folder)
        return
    refuse_other_kinds(address)
    try:
        known = found(address)
        check_answers(known)
        with loopback_only() if is_loopback(known) else nullcontext():
            ray.init(address=known, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(no_cluster(address, error)) from error


def _start_private(folder: Path) -> None:
    """Start a private Ray, once more if it does not come up in time."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _start(folder / f"{attempt}")
        except (OSError, ValueError, RuntimeError) as error:
            raise SearchAborted(_no_place(error)) from error
        except Exception as error:
            if TOO_SLOW not in str(error):  # Ray has no class of its own for it
                raise
            end_processes(folder)
            ray.shutdown()
            if attempt == ATTEMPTS:
                raise SearchAborted(_too_slow()) from error
            _log.warning("Ray's own processes were not up in time, and are started once more")
        else:
            return


def _start(folder: Path) -> None:
    """Start a private Ray in a folder."""
    with loopback_only(), alone(), unheard_by_children():
        ray.init(
            address="local",
            num_cpus=cores(),
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=str(folder),
        )


def _check_fits(fits: int, *, resources: Resources, parallel: int | None) -> None:
    if fits and parallel is not None and parallel > fits:
        raise ConfigurationError(
            f"parallel is {parallel}, but only {fits} trials with resources.cpus "
            f"{resources.cpus:g} and resources.gpus {resources.gpus:g} fit at once. Set it to at "
            f"most {fits}, or to auto. Nothing was started."
        )
    if fits:
        return
    raise ConfigurationError(
        f"a trial needs resources.cpus {resources.cpus:g} and resources.gpus {resources.gpus:g} on "
        f"one node, but Ray has {described(capacity())}, so no trial could ever start. Lower them, "
        "or give a larger cluster with --address. Nothing was started."
    )
