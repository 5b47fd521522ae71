"""How does one driver session of a search run on Ray Tune, from its start to any kind of end?"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ray import tune

from raysearch.engine import Engine
from raysearch.experiment import Experiment
from raysearch.training.jobs import job_for
from raysearch.trial import Trial
from raysearch.tuning.adapter import EngineScheduler, Session, SessionStopper, TrialSource
from raysearch.tuning.cluster import Cluster
from raysearch.tuning.worker import TrialWorker

SLOTS_EVERY_S = 5.0
"""How often a growing or shrinking cluster is asked for its size, in seconds."""


def run_session(
    engine: Engine,
    *,
    experiment: Experiment,
    run_dir: Path,
    cluster: Cluster,
    unfinished: Sequence[Trial] = (),
) -> bool:
    """Train trials until the budget is used, or until a signal ends the session.

    Args:
        engine: Started or resumed, with its journal open.
        experiment: What is searched.
        run_dir: Where workers write checkpoints.
        cluster: The Ray that this process is connected to.
        unfinished: Trials of an earlier session; they go on first, from their checkpoints.

    Returns:
        Whether the session came to its own end; False when a signal asked for it.

    Raises:
        SearchAborted: The search cannot go on.
        RunDirectoryError: The journal cannot be written.
    """
    session = Session(
        engine=engine,
        job_for=lambda trial: job_for(experiment, trial, run_dir=run_dir),
        slots=_slots(experiment, cluster=cluster),
        unfinished=list(unfinished),
        resources=tune.PlacementGroupFactory([_bundle(experiment)]),
    )
    source = TrialSource(session, max_losses=experiment.failures.attempts - 1)
    tuner = tune.Tuner(
        TrialWorker,
        tune_config=tune.TuneConfig(
            search_alg=source, scheduler=EngineScheduler(session), num_samples=1, reuse_actors=True
        ),
        run_config=tune.RunConfig(
            name="search",
            storage_path=str(cluster.scratch),
            stop=SessionStopper(session),
            verbose=0,
        ),
    )
    with _stop_on_signals(session):
        tuner.fit()
    if session.error is not None:
        raise session.error
    return not session.stop_requested


def _bundle(experiment: Experiment) -> dict[str, float]:
    resources = experiment.resources
    return {
        name: amount
        for name, amount in {"CPU": resources.cpus, "GPU": resources.gpus}.items()
        if amount
    }


def _slots(experiment: Experiment, *, cluster: Cluster) -> Callable[[], int]:
    """Return the function that says how many trials may run at once, as the cluster is now."""
    asked_at, fits = -SLOTS_EVERY_S, 0

    def slots() -> int:
        nonlocal asked_at, fits
        if not fits or (not cluster.is_private and time.monotonic() - asked_at >= SLOTS_EVERY_S):
            asked_at, fits = time.monotonic(), cluster.slots(experiment.resources)
        return fits if experiment.parallel is None else experiment.parallel

    return slots


@contextmanager
def _stop_on_signals(session: Session) -> Iterator[None]:
    """End the session at the first Ctrl-C or SIGTERM, and at once at the second.

    Outside the main thread, as in a notebook's executor, signals are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if session.stop_requested:
            raise KeyboardInterrupt
        session.stop_requested = True

    before = {number: signal.signal(number, ask_to_stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
