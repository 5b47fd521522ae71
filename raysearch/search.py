"""How is a search run, resumed and extended, from an experiment to its results?

`Search` wires what lies below it together: the experiment, the run directory with its lease and
journal, the engine, Ray, and at the end the results. The module is longer than most so that the
whole wiring can be read in one place.
"""

from __future__ import annotations

import importlib
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from raysearch.engine import Engine, Plan
from raysearch.engine.state import Listener
from raysearch.errors import ConfigurationError, RunDirectoryError, SearchAborted
from raysearch.experiment import Experiment, from_settings, load, to_yaml
from raysearch.experiment.changes import changed_keys, check_budget, check_changes
from raysearch.results import Executor, Results
from raysearch.results.messages import to_type
from raysearch.run_dir import Journal, Lease, RunDir
from raysearch.searchers import Searcher
from raysearch.trial import SearchStatus, Trial

Stage = Callable[[str], None]
"""Told what a person waits for: "starting Ray"."""


class Search:
    """One search in one run directory.

    Args:
        experiment: What is searched, and how.
        run_dir: Where everything is kept; by default a new folder below `storage`.
        storage: The parent of run directories.
        address: Of a running Ray cluster: "auto" or "HOST:PORT". None starts a private Ray.

    Example:
        A search from a file, as `python -m raysearch run` does it::

            search = Search.from_file("experiments/digits.yaml", overrides=["budget.trials=8"])
            results = search.run()
            results.winner.configuration
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        run_dir: Path | None = None,
        storage: Path = Path("runs"),
        address: str | None = None,
    ) -> None:
        self.experiment = experiment
        self.run_dir = RunDir(run_dir or _new_path(storage, name=experiment.name))
        self.address = address
        self._changed: tuple[str, ...] = ()
        self._resumes = False

    @property
    def plan(self) -> Plan:
        """Objective, budgets and limits, as the engine knows them."""
        experiment = self.experiment
        minutes = experiment.budget.minutes
        return Plan(
            objective=experiment.objective,
            max_epochs=experiment.fidelity.max_epochs,
            max_trials=experiment.budget.trials,
            max_seconds=None if minutes is None else minutes * 60,
            max_attempts=experiment.failures.attempts,
            abort_after=experiment.failures.abort_after,
            checkpoint_budget_bytes=experiment.checkpoint.budget_gb * 1e9,
        )

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        overrides: Sequence[str] = (),
        run_dir: Path | None = None,
        storage: Path = Path("runs"),
        address: str | None = None,
    ) -> Search:
        """Return the search that an experiment file describes; nothing is started or written.

        Args:
            path: The experiment file.
            overrides: Settings that replace those of the file, as "budget.trials=8".
            run_dir: The exact run directory, which must not hold a search yet.
            storage: The parent of run directories, where a new one gets a name with the time.
            address: Of a running Ray cluster; None starts a private Ray.

        Raises:
            ConfigurationError: The file is wrong, or the run directory is taken.
        """
        search = cls(
            load(path, overrides=overrides), run_dir=run_dir, storage=storage, address=address
        )
        if search.run_dir.has_search():
            raise ConfigurationError(
                f"--run-dir {search.run_dir.path} holds a search already. Give another folder, or "
                f"go on with that one: {to_type('resume', search.run_dir.path)}. "
                "Nothing was started."
            )
        return search

    @classmethod
    def resume(
        cls, run_dir: str | Path, *, overrides: Sequence[str] = (), address: str | None = None
    ) -> Search:
        """Return a search that goes on where its run directory ends; nothing is started yet.

        Args:
            run_dir: A run directory; its search may have been stopped, killed or finished.
            overrides: Settings to change, as "budget.trials=200" to extend a finished search.
            address: Of a running Ray cluster; None starts a private Ray.

        Raises:
            RunDirectoryError: There is no search, or another driver is at work on it.
            ConfigurationError: A change would make the evidence so far invalid.
        """
        results = Results.open(Path(run_dir))
        source = str(results.run_dir.experiment_file)
        journalled = dict(results.state.settings)
        before = from_settings(journalled, source=source)  # with the defaults of this version
        experiment = from_settings(journalled, overrides=overrides, source=source)
        changed = changed_keys(dict(before.settings), dict(experiment.settings))
        check_changes(changed)
        check_budget(experiment.budget.trials, n_trials=results.state.next_number)
        search = cls(experiment, run_dir=Path(run_dir), address=address)
        search._changed, search._resumes = changed, True
        return search

    def run(self, *, listeners: Sequence[Listener] = (), stage: Stage | None = None) -> Results:
        """Search until the budget is used, and return the results with the winner selected.

        A first Ctrl-C or SIGTERM ends the session and keeps everything; `resume` goes on.

        Args:
            listeners: Called after each event was journalled: live view, TensorBoard.
            stage: Told what a person waits for.

        Raises:
            ConfigurationError: The resources do not suffice; nothing was written.
            SearchAborted: The search cannot go on; its status is "failed".
            RunDirectoryError: The run directory is in use, or cannot be written.

        Side effects:
            Writes the run directory; starts and stops Ray.
        """
        with self._session(listeners, stage=stage or _silent):
            pass
        return Results.open(self.run_dir.path)

    def run_to_end(
        self, *, listeners: Sequence[Listener] = (), stage: Stage | None = None
    ) -> Results:
        """Search, then refit the winner on train + validation data and test it once.

        What the commands `run` and `resume` do. A session that a signal ended is neither refitted
        nor tested. Arguments, errors and side effects are those of `run`.
        """
        say = stage or _silent
        if self._resumes and self._is_all_done():
            say("nothing is left to do; a larger budget goes on with the search")
            return Results.open(self.run_dir.path)
        with self._session(listeners, stage=say) as (engine, executor):
            if engine.state.status is SearchStatus.FINISHED:
                self._hand_over(engine, executor=executor, stage=say)
        return Results.open(self.run_dir.path)

    @contextmanager
    def _session(
        self, listeners: Sequence[Listener], *, stage: Stage
    ) -> Iterator[tuple[Engine, Executor]]:
        """Run the search; yield engine and executor while Ray is up and the lease is held."""
        try:
            self.run_dir.refuse_if_unusable()
        except RunDirectoryError as error:
            raise ConfigurationError(str(error)) from error
        Lease.refuse_if_held(self.run_dir.path)
        stage("starting Ray")
        from raysearch.tuning.cluster import check_machine, connect

        experiment = self.experiment
        if self.address is None:
            check_machine(experiment.resources, parallel=experiment.parallel)
        searcher = experiment.make_searcher()
        threading.Thread(target=_prepare, args=[searcher], daemon=True).start()
        with (
            connect(
                self.address, resources=experiment.resources, slots=experiment.parallel
            ) as cluster,
            self.run_dir.writing() as journal,
        ):
            from raysearch.tuning.driver import Announcements, run_session
            from raysearch.tuning.executor import RayExecutor

            executor = RayExecutor(experiment.resources)
            engine = self._make_engine(journal, searcher=searcher, listeners=listeners)
            unfinished = self._begin(engine)
            has_work = not engine.stop_reason or (unfinished and not engine.is_time_up)
            with _ended(engine):
                is_complete = not has_work or run_session(
                    engine,
                    experiment=experiment,
                    run_dir=self.run_dir.path,
                    cluster=cluster,
                    unfinished=unfinished,
                    announcements=Announcements(
                        last_trials=executor.prepare,
                        stopping=lambda: stage("stopping; press Ctrl-C again to end at once"),
                    ),
                )
            if is_complete:
                engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
            else:
                engine.end(SearchStatus.INTERRUPTED, reason="a signal asked for it")
            yield engine, executor

    def _is_all_done(self) -> bool:
        """Return whether the search has ended and its winner is handed over and tested."""
        results = Results.open(self.run_dir.path)
        state, winner = results.state, results.winner
        return (
            state.status is SearchStatus.FINISHED
            and bool(self.plan.used_up(state, now=state.last_at))
            and not state.live
            and winner is not None
            and results.model_of(winner) is not None
            and results.test_outcome.values is not None
        )

    def _make_engine(
        self, journal: Journal, *, searcher: Searcher, listeners: Sequence[Listener]
    ) -> Engine:
        experiment = self.experiment
        return Engine(
            plan=self.plan,
            space=experiment.space,
            searcher=searcher,
            scheduler=experiment.make_scheduler(),
            journal=journal,
            remove_checkpoint=self.run_dir.storage.delete,
            listeners=listeners,
        )

    def _begin(self, engine: Engine) -> list[Trial]:
        """Start the search, or take it up where its journal ends; return the unfinished trials."""
        settings = dict(self.experiment.settings)
        if self._resumes:
            engine.replay(self.run_dir.events())
            unfinished = engine.resume(settings=settings, changed=self._changed)
            trials = engine.state.trials.values()
            self.run_dir.remove_orphans({c.path for t in trials for c in t.checkpoints})
        elif self.run_dir.has_search():
            raise RunDirectoryError(
                f"{self.run_dir.path} holds a search already. `resume` goes on with it."
            )
        else:
            unfinished = []
            engine.start(
                settings=settings, space=self.experiment.space.to_json(), versions=versions()
            )
        self._write_settings(settings)
        return unfinished

    def _write_settings(self, settings: dict[str, Any]) -> None:
        head = "# The settings of this search, with all defaults filled in. `resume` reads them.\n"
        for name, version in versions().items():
            head += f"# {name} {version}\n"
        text = head + to_yaml(settings)
        self.run_dir.storage.put("experiment.yaml", text.encode())

    def _hand_over(self, engine: Engine, *, executor: Executor, stage: Stage) -> None:
        """Refit the winner and open the test split."""
        results = Results(self.run_dir, state=engine.state, experiment=self.experiment)
        if results.winner is None:
            return
        if results.is_refit_wanted and results.model_of(results.winner) is None:
            stage("refitting the winner on train + validation data")
        results.refit(executor=executor, record=engine.record)
        if results.test_outcome.values is None:
            stage("testing the winner, once")
        results.test(executor=executor, record=engine.record)


def versions() -> dict[str, str]:
    """Return the versions of what decides how a trial trains."""
    names = ("raysearch", "torch", "pytorch-lightning", "ray", "hyperopt", "numpy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


@contextmanager
def _ended(engine: Engine) -> Iterator[None]:
    """Journal the end of a session that ends by an exception.

    Not after a KeyboardInterrupt, which may have come in the middle of anything: a search without
    an end and without a driver is an interrupted one.
    """
    try:
        yield
    except SearchAborted as error:
        engine.end(SearchStatus.FAILED, reason=str(error))
        raise
    except RunDirectoryError:
        raise  # the journal cannot be written; it already holds what can be known
    except Exception as error:
        engine.end(SearchStatus.FAILED, reason=f"{type(error).__name__}: {error}")
        raise


def _prepare(searcher: Searcher) -> None:
    """Import what is needed once Ray has started; called in a thread while it does."""
    importlib.import_module("raysearch.tuning.driver")
    searcher.prepare()


def _silent(text: str) -> None:
    """Say nothing."""


def _new_path(storage: Path, *, name: str) -> Path:
    """Return a run directory that does not exist: name, date and time, and a number if need be."""
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, attempt = storage / stem, 1
    while path.exists():
        attempt += 1
        path = storage / f"{stem}-{attempt}"
    return path
