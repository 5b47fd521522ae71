"""How does one session run, from the start of Ray to its end?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from raysearch.beside import begun
from raysearch.compression.needs import refuse_without
from raysearch.driving.beginning import begin
from raysearch.driving.drive import Drive, plan_of
from raysearch.engine import Engine
from raysearch.engine.state import Listener
from raysearch.errors import ConfigurationError, RunDirectoryError, SearchAborted
from raysearch.experiment import Experiment
from raysearch.experiment.fingerprints import refuse_changed
from raysearch.forking import template
from raysearch.imports import without_collecting
from raysearch.preflight.machine import check_machine
from raysearch.results import Executor
from raysearch.results.evidence import EarlierRun, earlier_runs
from raysearch.results.messages import to_type
from raysearch.run_dir import Lease
from raysearch.run_dir.group_commit import GroupCommit
from raysearch.run_dir.lease import SEARCHING
from raysearch.run_dir.remote.retrying import telling
from raysearch.searchers import Searcher
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for, new_session
from raysearch.training.preloading import modules_for, own_modules
from raysearch.trial import SearchStatus, Trial, trial_id
from raysearch.trying import Beforehand, Stage

if TYPE_CHECKING:
    from raysearch.tuning.cluster import Cluster
    from raysearch.tuning.executor import Executor as RayExecutor
    from raysearch.tuning.session import SessionEnd

STORES = "obstore"
"""What every node needs that reaches a run directory in an object store."""

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
    experiment, run_dir = drive.experiment, drive.run_dir
    earlier = _announced(drive, stage=stage)
    with (
        telling(stage),
        _template(drive) as forks,
        run_dir.writing(doing=SEARCHING) as journal,  # from here on `stop` is heard
    ):
        with without_collecting():
            from raysearch.tuning.cluster import connect

        searcher = experiment.make_searcher()
        begun(lambda: _import_ahead(searcher if drive.resumes else None), name=IMPORTS)
        example = _example(drive)
        beforehand = _beforehand(drive, example=example, forks=forks, stage=stage)
        wanted: dict[str, Any] = {"resources": experiment.resources, "slots": experiment.parallel}
        with connect(drive.address, **wanted) as cluster, ExitStack() as at_the_end:
            from raysearch.tuning.driver import Announcements, run_session
            from raysearch.tuning.session import Opening

            if drive.address is not None:
                _check_nodes(drive, stage=stage)
            executor = _executor(drive, example=example, forks=forks, cluster=cluster)
            at_the_end.callback(executor.release)
            commit = GroupCommit(journal)
            at_the_end.callback(commit.wait)
            engine = _engine(drive, journal=commit, searcher=searcher, listeners=listeners)
            opening = Opening(
                example=example,
                is_ready=lambda: beforehand is None or beforehand.is_tried,
                check=lambda: None if beforehand is None else beforehand.check(executor),
                open=lambda: begin(drive, engine, earlier=earlier),
            )
            announcements = Announcements(
                first_measured=lambda: _prepare(searcher),
                last_trials=executor.prepare if hands_over else _nothing,
                stopping=lambda: stage("stopping; press Ctrl-C again to end at once"),
            )
            with _ended(engine):
                ending = run_session(
                    engine,
                    experiment=experiment,
                    run_dir=run_dir.path,
                    cluster=cluster,
                    opening=opening,
                    commit=commit,
                    objects=drive.objects,
                    template=forks,
                    announcements=announcements,
                )
            _end(engine, ending)
            yield engine, executor


def _announced(drive: Drive, *, stage: Stage) -> Sequence[EarlierRun]:
    """Refuse what cannot be run, say what is, and return the runs that are evidence for it."""
    new_session()
    _refuse_if_unusable(drive)
    for note in drive.notes:
        stage(note)
    earlier = () if drive.resumes else earlier_runs(drive.experiment)
    for run in earlier:
        stage(f"evidence: {run.text}")
    stage("starting Ray")
    if drive.address is None:
        check_machine(drive.experiment.resources, parallel=drive.experiment.parallel)
    return earlier


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


def _check_nodes(drive: Drive, *, stage: Stage) -> None:
    """Refuse a cluster on some of whose nodes trials would fail."""
    from raysearch.tuning.nodes import check_nodes

    stage("looking at the nodes of the cluster")
    is_remote = drive.run_dir.mirror is not None
    check_nodes(
        modules=(*own_modules(drive.experiment), *([STORES] if is_remote else [])),
        run_dir=None if is_remote else drive.run_dir.path,
        store=None if drive.run_dir.mirror is None else str(drive.run_dir.mirror.address),
    )


def _end(engine: Engine, ending: SessionEnd) -> None:
    """Journal how a session ended."""
    from raysearch.tuning.session import SessionEnd

    if not engine.has_begun:
        raise KeyboardInterrupt  # which came before
    if ending is SessionEnd.DONE:
        engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
    elif ending is SessionEnd.STOPPED:
        engine.end(SearchStatus.STOPPED, reason="`stop` asked for it")
    else:
        engine.end(SearchStatus.INTERRUPTED, reason="a signal asked for it")


def _refuse_if_unusable(drive: Drive) -> None:
    try:
        drive.run_dir.refuse_if_unusable()
    except RunDirectoryError as error:
        raise ConfigurationError(str(error)) from error
    Lease.refuse_if_held(drive.run_dir.path)
    if drive.experiment.compress is not None:
        refuse_without(what="compress")
    if drive.resumes:
        refuse_changed(drive.experiment, shown_by=to_type("results", drive.run_dir.path))


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
