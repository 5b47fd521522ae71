"""How does one session run, from the start of Ray to its end?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.beside import begun
from raysearch.driving.beginning import begin
from raysearch.driving.drive import Drive, plan_of
from raysearch.driving.refusing import announced, check_nodes_of
from raysearch.driving.stopping import listening
from raysearch.engine import Engine
from raysearch.engine.state import Listener
from raysearch.errors import RunDirectoryError, SearchAborted
from raysearch.experiment import Experiment
from raysearch.forking import template
from raysearch.imports import without_collecting
from raysearch.notices import Stopped
from raysearch.results import Executor
from raysearch.results.evidence import EarlierRun
from raysearch.run_dir.group_commit import GroupCommit
from raysearch.run_dir.lease import SEARCHING
from raysearch.run_dir.remote.retrying import telling
from raysearch.searchers import Searcher
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.training.preloading import modules_for
from raysearch.trial import SearchStatus, Trial, trial_id
from raysearch.trying import Beforehand, Stage

if TYPE_CHECKING:
    from raysearch.tuning.cluster import Cluster
    from raysearch.tuning.executor import Executor as RayExecutor
    from raysearch.tuning.session import SessionEnd

IMPORTS = "raysearch-imports"
"""Name of the threads that import."""


@contextmanager
def session(
    drive: Drive, *, listeners: Sequence[Listener], stage: Stage, hands_over: bool
) -> Iterator[tuple[Engine, Executor]]:
    """Run the search; yield engine and executor while Ray is up and the lease is held.

    Args:
        drive: What is run, and where.
        listeners: Called after each event was journalled.
        stage: Told what a person waits for.
        hands_over: Whether the executor is used then; its process is started beside the last trials
            if so.

    Raises:
        ConfigurationError: The resources do not suffice, or the model or the data cannot be
            trained at all; nothing was written.
        SearchAborted: The search cannot go on; its status is "failed".
        RunDirectoryError: The run directory is in use, or cannot be written.

    Side effects:
        Writes the run directory; starts and stops Ray.
    """
    earlier = announced(drive, stage=stage)
    with _ready(drive, listeners=listeners, stage=stage) as ready:
        with _ended(ready.engine):
            ending = _run(ready, drive, earlier=earlier, stage=stage, hands_over=hands_over)
        _end(ready.engine, ending)
        yield ready.engine, ready.executor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """What a session runs with, once Ray is up."""

    cluster: Cluster
    searcher: Searcher
    engine: Engine
    commit: GroupCommit
    """The engine's journal."""
    executor: RayExecutor
    example: TrainingJob
    """Of the default configuration."""
    beforehand: Beforehand | None
    """What is tried before a new search begins."""
    forks: str | None
    """Address of the template; None where there is none."""


@contextmanager
def _ready(drive: Drive, *, listeners: Sequence[Listener], stage: Stage) -> Iterator[_Ready]:
    """Take the lease and start Ray, or join the cluster; leave nothing behind."""
    experiment, run_dir = drive.experiment, drive.run_dir
    with (
        telling(stage),
        _template(drive) as forks,
        run_dir.writing(doing=SEARCHING) as journal,  # from here on `stop` may be asked for
        ExitStack() as at_the_end,
    ):
        with without_collecting():
            from raysearch.tuning.cluster import connect

        searcher = experiment.make_searcher()
        begun(lambda: _import_ahead(searcher if drive.resumes else None), name=IMPORTS)
        example = _example(drive)
        beforehand = _beforehand(drive, example=example, forks=forks, stage=stage)
        wanted: dict[str, Any] = {"resources": experiment.resources, "slots": experiment.parallel}
        ear = at_the_end.enter_context(listening(run_dir.is_stop_requested))
        cluster = at_the_end.enter_context(connect(drive.address, **wanted))
        at_the_end.callback(ear.end)  # before it is taken down, which nothing shall interrupt
        if drive.address is not None:
            check_nodes_of(drive, stage=stage)
        executor = _executor(drive, example=example, forks=forks, cluster=cluster)
        at_the_end.callback(executor.release)
        commit = GroupCommit(journal)
        at_the_end.callback(commit.wait)
        engine = _engine(drive, journal=commit, searcher=searcher, listeners=listeners)
        ear.close()  # from here on the session looks
        yield _Ready(
            cluster=cluster,
            searcher=searcher,
            engine=engine,
            commit=commit,
            executor=executor,
            example=example,
            beforehand=beforehand,
            forks=forks,
        )


def _run(
    ready: _Ready,
    drive: Drive,
    *,
    earlier: Sequence[EarlierRun],
    stage: Stage,
    hands_over: bool,
) -> SessionEnd:
    """Train the trials; return how that ended."""
    from raysearch.tuning.driver import Announcements, run_session
    from raysearch.tuning.session import Opening

    engine, executor, beforehand = ready.engine, ready.executor, ready.beforehand
    opening = Opening(
        example=ready.example,
        is_ready=lambda: beforehand is None or beforehand.is_tried,
        check=lambda: None if beforehand is None else beforehand.check(executor),
        open=lambda: begin(drive, engine, earlier=earlier),
    )
    announcements = Announcements(
        first_measured=lambda: _prepare(ready.searcher),
        last_trials=executor.prepare if hands_over else _nothing,
        stopping=lambda: stage("stopping; press Ctrl-C again to end at once"),
    )
    return run_session(
        engine,
        experiment=drive.experiment,
        run_dir=drive.run_dir.path,
        cluster=ready.cluster,
        opening=opening,
        commit=ready.commit,
        objects=drive.objects,
        template=ready.forks,
        announcements=announcements,
    )


def _beforehand(
    drive: Drive, *, example: TrainingJob, forks: str | None, stage: Stage
) -> Beforehand | None:
    """Return what is tried before a new search begins, and has begun."""
    if drive.resumes:
        return None
    tried = Beforehand(drive.experiment, example=example, objects=drive.objects, stage=stage)
    tried.begin(forks)
    return tried


def _executor(
    drive: Drive, *, example: TrainingJob, forks: str | None, cluster: Cluster
) -> RayExecutor:
    """Return what refits and tests where the trials run."""
    from raysearch.tuning.executor import executor

    experiment = drive.experiment
    return executor(
        experiment.resources,
        example=example,
        objects=drive.objects,
        template=forks,
        slots=lambda: _slots(experiment, fits=cluster.slots(experiment.resources)),
    )


def _end(engine: Engine, ending: SessionEnd) -> None:
    """Journal how a session ended."""
    from raysearch.tuning.session import SessionEnd

    if not engine.has_begun:  # what asked for the end came before
        raise Stopped if ending is SessionEnd.STOPPED else KeyboardInterrupt
    if ending is SessionEnd.DONE:
        engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
    elif ending is SessionEnd.STOPPED:
        engine.end(SearchStatus.STOPPED, reason="`stop` asked for it")
    else:
        engine.end(SearchStatus.INTERRUPTED, reason="a signal asked for it")


def _example(drive: Drive) -> TrainingJob:
    """Return the job of the default configuration."""
    trial = Trial(id=trial_id(0), number=0, configuration=drive.experiment.space.default())
    return job_for(drive.experiment, trial, run_dir=drive.run_dir.path)


def _template(drive: Drive) -> AbstractContextManager[str | None]:
    """Return the template process, of which whatever trains on this machine is a fork.

    Not on a cluster, whose workers run elsewhere; nor with GPUs or several cores, where libraries
    must be set up for them as they are imported.
    """
    resources = drive.experiment.resources
    if drive.address is not None or resources.gpus or resources.cpus > 1:
        return nullcontext()
    return template(modules=(*modules_for(drive.experiment), "raysearch.tuning.fits"))


def _engine(
    drive: Drive, *, journal: GroupCommit, searcher: Searcher, listeners: Sequence[Listener]
) -> Engine:
    experiment = drive.experiment
    return Engine(
        plan=plan_of(experiment),
        space=experiment.space,
        points=experiment.points,
        searcher=searcher,
        scheduler=experiment.make_scheduler(),
        journal=journal,
        remove_checkpoint=drive.run_dir.remove,
        listeners=listeners,
    )


@contextmanager
def _ended(engine: Engine) -> Iterator[None]:
    """Journal the end of a session that ends by an exception.

    Not after a KeyboardInterrupt, which may have come in the middle of anything: a search without
    an end and without a driver is an interrupted one.
    """
    try:
        yield
    except RunDirectoryError:
        raise  # the journal cannot be written; it already holds what can be known
    except Exception as error:
        if engine.has_begun:
            is_said = isinstance(error, SearchAborted)
            reason = str(error) if is_said else f"{type(error).__name__}: {error}"
            engine.end(SearchStatus.FAILED, reason=reason)
        raise


def _slots(experiment: Experiment, *, fits: int) -> int:
    """Return how many trainings go on at once, where so many have room."""
    return fits if experiment.parallel is None else min(fits, experiment.parallel)


def _import_ahead(searcher: Searcher | None) -> None:
    """Import what is needed once Ray has started; called in a thread while it does.

    Args:
        searcher: One that may need its library for its very first suggestion, if there is one.
    """
    with without_collecting():
        importlib.import_module("raysearch.tuning.driver")
        if searcher is not None:
            searcher.prepare()


def _nothing() -> None:
    """Do nothing."""


def _prepare(searcher: Searcher) -> None:
    """Let the searcher import what it needs for later suggestions, while trials train."""
    begun(searcher.prepare, name=IMPORTS)
