"""How does one driver session of a search run on Ray Tune, from its start to any kind of end?"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import cloudpickle
import ray
from ray import tune

from raysearch.engine import Engine
from raysearch.errors import SearchAborted
from raysearch.experiment import Experiment, Resources
from raysearch.notices import heeded
from raysearch.run_dir import RunDir
from raysearch.run_dir.group_commit import GroupCommit
from raysearch.training.jobs import job_for
from raysearch.tuning.adapter import EngineScheduler, SessionStopper
from raysearch.tuning.cluster import Cluster, RayGone
from raysearch.tuning.room import Room
from raysearch.tuning.scratch_trial import Nominal, SaysNothing
from raysearch.tuning.session import Opening, Session, SessionEnd
from raysearch.tuning.source import TrialSource
from raysearch.tuning.switches import actors_in_waiting_workers
from raysearch.tuning.worker import WorkerRules

TOGETHER_S = 1.0
"""Notices within so many seconds are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """Whom a session tells that something is about to happen."""

    first_measured: Callable[[], None] = lambda: None
    """Called once, when the workers have started and a trial has reported."""
    last_trials: Callable[[], None] = lambda: None
    """Called once, when the last few trials are under way."""
    stopping: Callable[[], None] = lambda: None
    """Called once, when a signal or `stop` asked for the end and it is under way."""


def run_session(
    engine: Engine,
    *,
    experiment: Experiment,
    run_dir: Path,
    cluster: Cluster,
    opening: Opening,
    commit: GroupCommit | None = None,
    objects: Mapping[str, Any] | None = None,
    template: str | None = None,
    announcements: Announcements | None = None,
) -> SessionEnd:
    """Train trials until the budget is used, or until a signal or `stop` ends the session.

    Where nothing is left to train, nothing is started. A session that ends before its opening is
    interrupted, with nothing journalled.

    Args:
        engine: New, with its journal open.
        experiment: What is searched.
        run_dir: Where workers write checkpoints.
        cluster: The Ray that this process is connected to.
        opening: Starts or resumes the engine, at once or when what it waits for has come about.
            Trials of an earlier session go on first, from their checkpoints.
        commit: The engine's journal, where many trials are to share its writes.
        objects: Objects without an import path that the experiment names.
        template: Address of the template process, of which workers on this node make forks.
        announcements: Whom to tell what is about to happen.

    Returns:
        Which of these it was.

    Raises:
        SearchAborted: The search cannot go on.
        RunDirectoryError: The journal cannot be written.
        Exception: Whatever the opening raises.
    """
    room = Room(experiment, cluster=cluster)
    engine.know_capacity(lambda: room.has)
    session = Session(
        engine=engine,
        job_for=lambda trial: job_for(
            experiment,
            trial,
            run_dir=run_dir,
            checkpoint_at=engine.pauses_at(trial),
            waits_at=engine.waits_at(trial),
        ),
        slots=room.slots,
        commit=commit,
        opening=opening,
        is_stop_requested=RunDir(run_dir).is_stop_requested,
        check_cluster=cluster.check,
        **_given(experiment, objects=objects, template=template),
        **_told(announcements or Announcements()),
    )
    session.open_if_ready()
    if session.error is not None:
        raise session.error
    if session.is_done:
        return session.end
    _fit(session, cluster=cluster)
    if session.error is not None:
        raise session.error
    if session.end is SessionEnd.DONE and not session.is_done:
        return SessionEnd.INTERRUPTED  # by a signal that Ray Tune took before we did
    return session.end


def _fit(session: Session, *, cluster: Cluster) -> None:
    """Let Ray Tune run the trials until the session is done, or must stop."""
    waiting = actors_in_waiting_workers() if cluster.is_private else nullcontext()
    with _stop_on_signals(session), waiting:
        try:
            _make_tuner(session, cluster=cluster).fit()
        except RayGone as gone:
            if session.error is None and session.end is SessionEnd.DONE:
                raise SearchAborted(str(gone)) from None
        except Exception as error:
            raise session.error or error from error


def _given(
    experiment: Experiment, *, objects: Mapping[str, Any] | None, template: str | None
) -> dict[str, Any]:
    """Return the fields of a session that say what a trial and its worker are given."""
    return {
        "resources": tune.PlacementGroupFactory(bundles(experiment.resources)),
        "max_losses": experiment.failures.attempts - 1,
        "rules": _rules(experiment, template=template),
        "objects": ray.put(cloudpickle.dumps(dict(objects))) if objects else None,
    }


def _told(tell: Announcements) -> dict[str, Any]:
    """Return the fields of a session that say whom it tells what."""
    return {
        "on_first_measured": tell.first_measured,
        "on_last_trials": tell.last_trials,
        "on_stopping": tell.stopping,
    }


def _make_tuner(session: Session, *, cluster: Cluster) -> tune.Tuner:
    return tune.Tuner(
        Nominal,
        tune_config=tune.TuneConfig(
            search_alg=TrialSource(session),
            scheduler=EngineScheduler(session),
            num_samples=1,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="search",
            storage_path=str(cluster.scratch),
            stop=SessionStopper(session),
            verbose=0,
            callbacks=[SaysNothing()],
        ),
    )


def _rules(experiment: Experiment, *, template: str | None) -> WorkerRules:
    return WorkerRules(
        template=template,
        n_ranks=experiment.resources.workers,
        timeout_s=experiment.failures.timeout_s,
        max_trials=experiment.resources.trials_per_worker,
        ends_after_exception=experiment.failures.replace_worker,
    )


def bundles(resources: Resources) -> list[dict[str, float]]:
    """Return what Ray is asked for a trial: one bundle for each of its processes.

    Example:
        >>> bundles(Resources(gpus=1, workers=2))
        [{'CPU': 1.0, 'GPU': 1}, {'CPU': 1.0, 'GPU': 1}]
    """
    return [resources.of_worker() for _ in range(resources.workers)]


@contextmanager
def _stop_on_signals(session: Session) -> Iterator[None]:
    """End the session at the first Ctrl-C or notice, and at once at the second.

    A notice that comes with another one is the same: they are often sent to a process and to its
    group. Outside the main thread, as in a notebook's executor, signals are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked_at = -math.inf

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked_at
        is_one_more = number == signal.SIGINT or time.monotonic() - asked_at > TOGETHER_S
        if session.end is not SessionEnd.DONE and is_one_more:
            raise KeyboardInterrupt
        session.end, asked_at = SessionEnd.INTERRUPTED, time.monotonic()

    before = {number: signal.signal(number, ask_to_stop) for number in [signal.SIGINT, *heeded()]}

    def listen() -> None:
        for number in before:
            signal.signal(number, ask_to_stop)

    session.on_first_step = listen  # as it starts, Ray Tune takes SIGUSR1 for an end of its own
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
