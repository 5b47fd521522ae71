"""How is one session of a search wired together: run directory, engine, Ray, and the handing over?

A session lasts from the start of Ray to its end. Everything it decides is in the journal, so that
the next session, be it days later, goes on where this one ended.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from raysearch.beside import begun
from raysearch.engine import Engine, Plan
from raysearch.engine.state import Listener
from raysearch.errors import ConfigurationError, RunDirectoryError, SearchAborted
from raysearch.experiment import Experiment, to_yaml
from raysearch.experiment.fingerprints import refuse_changed
from raysearch.forking import template
from raysearch.imports import without_collecting
from raysearch.preflight.machine import check_machine
from raysearch.results import Executor, Results
from raysearch.results.evidence import EarlierRun, earlier_runs, to_journal
from raysearch.results.messages import shortage, to_type
from raysearch.results.winner_folder import describes
from raysearch.run_dir import Journal, Lease, RunDir
from raysearch.run_dir.lease import SEARCHING
from raysearch.searchers import Searcher
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.training.preloading import modules_for
from raysearch.trial import SearchStatus, Trial, trial_id
from raysearch.trying import OwnModel, Stage, is_to_be_tried

IMPORTS = "raysearch-imports"
"""Name of the threads that import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What is driven, and where."""

    experiment: Experiment
    run_dir: RunDir
    address: str | None = None
    """Of a running Ray cluster; None starts a private Ray."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """Objects without an import path that the experiment names."""
    resumes: bool = False
    """Whether the run directory holds the search already."""
    changed: tuple[str, ...] = ()
    """Settings that differ from those of the session before."""
    notes: tuple[str, ...] = ()
    """What a person should know before the session begins."""


def plan_of(experiment: Experiment) -> Plan:
    """Return objective, budgets and limits, as the engine knows them."""
    budget = experiment.budget
    return Plan(
        objective=experiment.objective,
        max_epochs=experiment.fidelity.epochs,
        unit=experiment.fidelity.unit,
        max_trials=budget.trials,
        max_seconds=None if budget.minutes is None else budget.minutes * 60,
        max_total_epochs=budget.epochs,
        max_gpu_hours=budget.gpu_hours,
        target=budget.target,
        patience=budget.patience,
        max_attempts=experiment.failures.attempts,
        retry_exceptions=experiment.failures.retry_exceptions,
        abort_after=experiment.failures.abort_after,
        checkpoint_budget_bytes=experiment.checkpoint.budget_gb * 1e9,
    )


@contextmanager
def session(
    drive: Drive, *, listeners: Sequence[Listener], stage: Stage
) -> Iterator[tuple[Engine, Executor]]:
    """Run the search; yield engine and executor while Ray is up and the lease is held.

    Raises:
        ConfigurationError: The resources do not suffice, or the model or the data cannot be
            trained at all; nothing was written.
        SearchAborted: The search cannot go on; its status is "failed".
        RunDirectoryError: The run directory is in use, or cannot be written.

    Side effects:
        Writes the run directory; starts and stops Ray.
    """
    experiment, run_dir = drive.experiment, drive.run_dir
    _refuse_if_unusable(drive)
    for note in drive.notes:
        stage(note)
    earlier = () if drive.resumes else earlier_runs(experiment)
    for run in earlier:
        stage(f"evidence: {run.text}")
    stage("starting Ray")
    if drive.address is None:
        check_machine(experiment.resources, parallel=experiment.parallel)
    with (
        _template(drive) as forks,
        run_dir.writing(doing=SEARCHING) as journal,  # from here on `stop` is heard
    ):
        with without_collecting():
            from raysearch.tuning.cluster import connect

        searcher = experiment.make_searcher()
        begun(lambda: _import_ahead(searcher if drive.resumes else None), name=IMPORTS)
        given: dict[str, Any] = {"resources": experiment.resources, "slots": experiment.parallel}
        example = _example(drive)
        own = None
        if is_to_be_tried(experiment) and not drive.resumes:
            own = OwnModel(experiment, example=example, objects=drive.objects, stage=stage)
            own.begin(forks)
        with connect(drive.address, **given) as cluster, ExitStack() as at_the_end:
            from raysearch.tuning.driver import Announcements, run_session
            from raysearch.tuning.executor import executor as make_executor
            from raysearch.tuning.session import Opening, SessionEnd

            executor = make_executor(
                experiment.resources, example=example, objects=drive.objects, template=forks
            )
            at_the_end.callback(executor.release)
            engine = _engine(drive, journal=journal, searcher=searcher, listeners=listeners)

            with _ended(engine):
                ending = run_session(
                    engine,
                    experiment=experiment,
                    run_dir=run_dir.path,
                    cluster=cluster,
                    opening=Opening(
                        example=example,
                        is_ready=lambda: own is None or own.is_tried,
                        check=lambda: None if own is None else own.check(executor),
                        open=lambda: _begin(drive, engine, earlier=earlier),
                    ),
                    objects=drive.objects,
                    template=forks,
                    announcements=Announcements(
                        first_measured=lambda: _prepare(searcher),
                        last_trials=executor.prepare,
                        stopping=lambda: stage("stopping; press Ctrl-C again to end at once"),
                    ),
                )
            if not engine.has_begun:
                raise KeyboardInterrupt  # which came before
            if ending is SessionEnd.DONE:
                engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
            elif ending is SessionEnd.STOPPED:
                engine.end(SearchStatus.STOPPED, reason="`stop` asked for it")
            else:
                engine.end(SearchStatus.INTERRUPTED, reason="a signal asked for it")
            yield engine, executor


def hand_over(drive: Drive, engine: Engine, *, executor: Executor, stage: Stage) -> None:
    """Refit the winner and open the test split."""
    results = Results(drive.run_dir, state=engine.state, experiment=drive.experiment)
    if results.winner is None:
        return
    model = results.refit(executor=executor, record=engine.record, say=stage)
    if model.is_refused or model.seeds_reason:
        stage(shortage(model, seeds=results.seeds_to_have(model)))
    if not results.test_outcome.is_final:
        of_models = f", {model.n_models} models" if model.n_models > 1 else ""
        stage(f"testing the winner{of_models}, once")
        tested = results.test(executor=executor, record=engine.record)
        if tested.values is None:
            stage(tested.reason)
    elif results.test_outcome.note:
        stage(results.test_outcome.note)


def set_damage_aside(run_dir: RunDir) -> str:
    """Move what the journal holds from its damage on elsewhere; return a note that says where.

    Raises:
        RunDirectoryError: Another process is at work there, or it cannot be moved.
    """
    aside = run_dir.set_damage_aside(describes=lambda model: describes(run_dir, model))
    if aside is None:
        return "the journal is not damaged; nothing was set aside"
    note = (
        f"what the journal holds from its damage on is in {run_dir.path / aside.folder} now, with "
        "the checkpoints and the winner that only it speaks of"
    )
    if aside.opened_test:
        note += "; it tells that the test split was opened, so it is not opened again unless forced"
    return note


def is_all_done(drive: Drive) -> bool:
    """Return whether the search has ended and its winner is handed over and tested."""
    results = Results.open(drive.run_dir.path)
    state, winner = results.state, results.winner
    is_used_up = plan_of(drive.experiment).used_up(state, now=state.last_at) and not state.live
    if state.status is not SearchStatus.FINISHED or winner is None:
        return False
    if drive.changed and not is_used_up:
        return False
    if any(key.partition(".")[0] == "refit" for key in drive.changed):
        return False  # the model in winner/ was made as the setting before said
    model = results.model_of(winner)
    is_handed_over = model is not None and model.is_enough(seeds=results.seeds_to_have(model))
    return is_handed_over and results.test_outcome.is_final


def versions() -> dict[str, str]:
    """Return the versions of what decides how a trial trains."""
    methods = ("hyperopt", "optuna", "cmaes", "numpy")
    names = ("raysearch", "torch", "pytorch-lightning", "lightning", "ray", *methods)
    found = {name: metadata.version(name) for name in names if _is_installed(name)}
    return {"python": platform.python_version(), **found}


def _is_installed(name: str) -> bool:
    return any(metadata.distributions(name=name))


def _refuse_if_unusable(drive: Drive) -> None:
    try:
        drive.run_dir.refuse_if_unusable()
    except RunDirectoryError as error:
        raise ConfigurationError(str(error)) from error
    Lease.refuse_if_held(drive.run_dir.path)
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
    drive: Drive, *, journal: Journal, searcher: Searcher, listeners: Sequence[Listener]
) -> Engine:
    experiment = drive.experiment
    return Engine(
        plan=plan_of(experiment),
        space=experiment.space,
        points=experiment.points,
        searcher=searcher,
        scheduler=experiment.make_scheduler(),
        journal=journal,
        remove_checkpoint=drive.run_dir.storage.delete,
        listeners=listeners,
    )


def _begin(drive: Drive, engine: Engine, *, earlier: Sequence[EarlierRun]) -> list[Trial]:
    """Start the search, or take it up where its journal ends; return the unfinished trials."""
    settings, run_dir = dict(drive.experiment.settings), drive.run_dir
    if drive.resumes:
        engine.replay(run_dir.events())
        unfinished = engine.resume(
            settings=settings,
            changed=drive.changed,
            fingerprints=drive.experiment.fingerprints,
        )
        trials = engine.state.trials.values()
        run_dir.remove_orphans({c.path for t in trials for c in t.checkpoints})
    elif run_dir.has_search():
        raise RunDirectoryError(f"{run_dir.path} holds a search already. `resume` goes on with it.")
    else:
        unfinished = []
        space = drive.experiment.space.to_json()
        engine.start(
            settings=settings,
            space=space,
            versions=versions(),
            fingerprints=drive.experiment.fingerprints,
            evidence=to_journal(earlier, experiment=drive.experiment),
        )
    _write_settings(run_dir, settings)
    return unfinished


def _write_settings(run_dir: RunDir, settings: dict[str, Any]) -> None:
    head = "# The settings of this search, with all defaults filled in. `resume` reads them.\n"
    for name, version in versions().items():
        head += f"# {name} {version}\n"
    try:
        run_dir.storage.put("experiment.yaml", (head + to_yaml(settings)).encode())
    except OSError as error:
        raise RunDirectoryError(
            f"{run_dir.experiment_file} cannot be written: {error.strerror or error}. The journal "
            "has the settings, and is kept. Remove what is there, or make room; then `resume`."
        ) from error


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


def _import_ahead(searcher: Searcher | None) -> None:
    """Import what is needed once Ray has started; called in a thread while it does.

    Args:
        searcher: One that may need its library for its very first suggestion, if there is one.
    """
    with without_collecting():
        importlib.import_module("raysearch.tuning.driver")
        if searcher is not None:
            searcher.prepare()


def _prepare(searcher: Searcher) -> None:
    """Let the searcher import what it needs for later suggestions, while trials train."""
    begun(searcher.prepare, name=IMPORTS)
