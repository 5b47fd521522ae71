"""What does a person describe a search with, and what does it do for them?

`Search` takes an experiment, in Python's words or from a file, and gives back its results. The
wiring of what lies below is in `driving`. The module is longer than most because the arguments,
each explained, are the interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from raysearch import driving
from raysearch.driving import Drive, plan_of
from raysearch.engine import Plan
from raysearch.engine.state import Listener
from raysearch.experiment import (
    Budget,
    Experiment,
    Failures,
    Fidelity,
    Refit,
    Resources,
    from_settings,
    load,
)
from raysearch.experiment.fingerprints import fingerprinted
from raysearch.experiment.objects import plain_settings
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.search.places import place_for, reserve
from raysearch.search.resuming import resumed_drive
from raysearch.search.watching import watched
from raysearch.trial import Objective, SearchStatus
from raysearch.trying import Stage

if TYPE_CHECKING:
    from raysearch.live.watch import Watch
    from raysearch.space import Domain, Space


class Search:
    """One search in one run directory.

    The arguments are the sections of an experiment file, and take what those take. Beside that,
    `model` takes classes and functions, `data` a class or a data module, and `trainer` callbacks
    that are made already.

    Args:
        model: A LightningModule class whose constructor arguments are searched; the name of a
            family, such as "mlp"; a function build(hp) that returns a module; a function
            train(config, report) that trains by itself; {"class": ..., "args": {...}} to fix
            arguments; or a list of these.
        data: A LightningDataModule, its class, or the name of a data set, such as "digits";
            {"class": ..., "args": {...}} to fix arguments. None for a function that trains by
            itself.
        objective: The metric as the model logs it, with its direction where that cannot be told by
            the name.
        fidelity: How long a trial is trained: `Fidelity(max_epochs=27)`.
        objectives: In place of `objective`, several that are improved together; after the first
            also what a model costs: `["val/accuracy", "params"]`.
        choose: Which trial of their Pareto front wins: "knee" by default, or "lexicographic", or
            {"by": "weighted", "weights": {"params": 0.5}}.
        constraints: What a model may cost at most: `{"params": "<= 50000"}`.
        measure: How that is measured: {"batch_size": 1, "threads": 1}.
        space: Parameter -> domain, such as `{"hidden": Int(8, 64)}`; a `Space`; or a function
            space(hp) that describes one. Those of the data begin with "data.".
        link: Argument -> parameter whose value it takes.
        points: Configurations that are tried first, after the default.
        evidence: Run directories whose trials the searcher is told of before it suggests anything.
        searcher: Name, or {"name": ..., settings}, or {"class": ..., "args": ...} for one of Ray
            Tune's, by its import path; "auto" by default.
        scheduler: The same; "asha" by default.
        budget: What the search may cost: `Budget(trials=64)` by default.
        resources: What one trial is given: one core by default.
        parallel: Trials at once; None for what the machine allows. 1 makes a search deterministic.
        checkpoint: {"every": "5s", "budget_gb": 5}.
        failures: What happens when a trial cannot be trained.
        trainer: Arguments of Lightning's Trainer.
        loop: What serves the batches of a fit: "auto" by default, or "lean" or "trainer".
        repeats: On which parts of the data each trial is trained, `{"folds": 5}` for five folds of
            those for training and validation; false for their split as it is.
        select: Whether the leaders of the search are trained again before the one with the best
            mean wins: {"top": 5, "seeds": 3}.
        refit: Whether the winner is trained again on training and validation data together:
            {"seeds": 3} for three models, each with a seed of its own, that are tested together.
        compress: Whether the winner is made smaller before the test: {"max_drop": 0.005}. Done by
            `run_to_end`.
        seed: Governs all that is drawn; 0 by default.
        name: Begins the run directory's name; that of the data by default.
        run_dir: The exact run directory, which must not hold a search yet.
        storage: The parent of run directories, where a new one gets a name with the time.
        address: Of a running Ray cluster: "auto" or "HOST:PORT". None starts a private Ray.

    Raises:
        ConfigurationError: With everything that is wrong with the arguments. Nothing is started or
            written before `run`.

    Example:
        >>> import raysearch as rs
        >>> search = rs.Search(
        ...     model="mlp",
        ...     data="digits",
        ...     space={"width": rs.Int(16, 64, log=True)},
        ...     objective="val/accuracy",
        ...     fidelity=rs.Fidelity(max_epochs=9),
        ...     budget=rs.Budget(trials=20),
        ... )
        >>> search.experiment.space.default()["width"]
        32
    """

    def __init__(
        self,
        model: Any,
        data: Any = None,
        *,
        objective: str | Objective | Mapping[str, Any] | None = None,
        fidelity: Fidelity | Mapping[str, Any],
        objectives: Sequence[str | Objective | Mapping[str, Any]] | None = None,
        choose: str | Mapping[str, Any] | None = None,
        constraints: Mapping[str, str] | None = None,
        measure: Mapping[str, Any] | None = None,
        space: Mapping[str, Domain | Any] | Space | Callable[..., Any] | None = None,
        link: Mapping[str, str] | None = None,
        points: Sequence[Mapping[str, Any]] | None = None,
        evidence: str | Path | Sequence[str | Path] | None = None,
        searcher: str | Mapping[str, Any] | None = None,
        scheduler: str | Mapping[str, Any] | None = None,
        budget: Budget | Mapping[str, Any] | None = None,
        resources: Resources | Mapping[str, Any] | None = None,
        parallel: int | None = None,
        checkpoint: Mapping[str, Any] | None = None,
        failures: Failures | Mapping[str, Any] | None = None,
        trainer: Mapping[str, Any] | None = None,
        loop: str | None = None,
        repeats: Literal[False] | Mapping[str, Any] | None = None,
        select: bool | Mapping[str, Any] | None = None,
        refit: bool | Refit | Mapping[str, Any] | None = None,
        compress: bool | Mapping[str, Any] | None = None,
        seed: int | None = None,
        name: str | None = None,
        run_dir: str | Path | None = None,
        storage: str | Path = "runs",
        address: str | None = None,
    ) -> None:
        given = {
            "name": name,
            "seed": seed,
            "data": data,
            "model": model,
            "space": space,
            "link": link,
            "points": points,
            "evidence": _paths(evidence),
            "objective": objective,
            "objectives": objectives,
            "choose": choose,
            "constraints": constraints,
            "measure": measure,
            "searcher": searcher,
            "scheduler": scheduler,
            "fidelity": fidelity,
            "budget": budget,
            "resources": resources,
            "parallel": parallel,
            "checkpoint": checkpoint,
            "failures": failures,
            "trainer": trainer,
            "loop": loop,
            "repeats": repeats,
            "select": select,
            "refit": refit,
            "compress": compress,
        }
        settings, objects = plain_settings(given)
        experiment = from_settings(settings, source="Search")
        path = place_for(run_dir, storage=Path(storage), name=experiment.name)
        self._drive = Drive(
            experiment=experiment, run_dir=RunDir(path), address=address, objects=objects
        )
        self._may_rename = run_dir is None

    @classmethod
    def _of(cls, drive: Drive, *, may_rename: bool = False) -> Search:
        search = cls.__new__(cls)
        search._drive, search._may_rename = drive, may_rename
        return search

    @property
    def experiment(self) -> Experiment:
        """What is searched, and how."""
        return self._drive.experiment

    @property
    def run_dir(self) -> RunDir:
        """Where everything is kept."""
        return self._drive.run_dir

    @property
    def plan(self) -> Plan:
        """Objective, budgets and limits, as the engine knows them."""
        return plan_of(self.experiment)

    @classmethod
    def from_experiment(
        cls,
        experiment: Experiment,
        *,
        run_dir: str | Path | None = None,
        storage: str | Path = "runs",
        address: str | None = None,
    ) -> Search:
        """Return the search for an experiment that is resolved already; see `from_file`."""
        path = place_for(run_dir, storage=Path(storage), name=experiment.name)
        drive = Drive(experiment=experiment, run_dir=RunDir(path), address=address)
        return cls._of(drive, may_rename=run_dir is None)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        overrides: Sequence[str] = (),
        run_dir: str | Path | None = None,
        storage: str | Path = "runs",
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
        experiment = load(path, overrides=overrides)
        return cls.from_experiment(experiment, run_dir=run_dir, storage=storage, address=address)

    @classmethod
    def resume(
        cls,
        run_dir: str | Path,
        *,
        file: str | Path | None = None,
        overrides: Sequence[str] = (),
        space: Mapping[str, Domain | Any] | Space | Callable[..., Any] | None = None,
        searcher: str | Mapping[str, Any] | None = None,
        scheduler: str | Mapping[str, Any] | None = None,
        budget: Budget | Mapping[str, Any] | None = None,
        address: str | None = None,
        model: Any = None,
        data: Any = None,
        trainer: Mapping[str, Any] | None = None,
        from_intact: bool = False,
    ) -> Search:
        """Return a search that goes on where its run directory ends; nothing is started yet.

        Another searcher is told of all trials that lie in the space, another scheduler of all
        measurements; trials that ended stay ended. In another space, trials that do not lie in it
        are kept and may still win.

        Args:
            run_dir: A run directory; its search may have been stopped, killed or finished.
            file: A changed experiment file, in place of the settings so far.
            overrides: Settings to change, as "budget.trials=200" to extend a finished search.
            space: Parameters with other ranges; the others stay as they are.
            searcher: Another searcher, or another setting of it.
            scheduler: Another scheduler, or another setting of it.
            budget: In place of the budget so far, such as `Budget(trials=200)`.
            address: Of a running Ray cluster; None starts a private Ray.
            model: As it was given to `Search`, if it holds something without an import path.
            data: Likewise.
            trainer: Likewise.
            from_intact: Whether to go on from before a damage of the journal, if there is one.

        Raises:
            RunDirectoryError: There is no search, another driver is at work on it, or its journal
                is damaged.
            ConfigurationError: A change would make the evidence so far invalid, or an object was
                not given again.

        Side effects:
            With `from_intact`, once nothing is refused, what the journal holds from its damage on
            is moved into a new folder of the run directory, with the checkpoints and the winner
            that only it speaks of.
        """
        asked = {"space": space, "searcher": searcher, "scheduler": scheduler, "budget": budget}
        return cls._of(
            resumed_drive(
                run_dir,
                file=file,
                overrides=overrides,
                asked=asked,
                again={"model": model, "data": data, "trainer": trainer},
                address=address,
                from_intact=from_intact,
            )
        )

    def run(
        self,
        *,
        listeners: Sequence[Listener] | None = None,
        stage: Stage | None = None,
        progress: bool | TextIO | None = None,
    ) -> Results:
        """Search until the budget is used, and return the results with the winner selected.

        A first Ctrl-C, a SIGTERM, or `stop` in another terminal ends the session and keeps
        everything; `resume` goes on.

        Args:
            listeners: Called after each event was journalled, in place of the live view and the
                writer of TensorBoard's files.
            stage: Told what a person waits for.
            progress: Whether to show a view, or a stream to show it on; by default a live one in a
                notebook and on a terminal, and plain lines on standard error elsewhere.

        Raises:
            ConfigurationError: The resources do not suffice, or the model or the data cannot be
                trained at all; nothing was written.
            SearchAborted: The search cannot go on; its status is "failed".
            RunDirectoryError: The run directory is in use, or cannot be written.

        Side effects:
            Writes the run directory, TensorBoard's files included; starts and stops Ray.
        """
        with (
            self.reserved(),
            self._watched(progress, listeners=listeners, stage=stage) as watch,
            driving.session(
                self._drive, listeners=watch.listeners, stage=watch.stage, hands_over=False
            ) as session,
        ):
            engine, executor = session
            if engine.state.status is SearchStatus.FINISHED:
                driving.tell_apart(self._drive, engine, executor=executor, stage=watch.stage)
        return Results.open(self.run_dir.path)

    def run_to_end(
        self,
        *,
        listeners: Sequence[Listener] | None = None,
        stage: Stage | None = None,
        progress: bool | TextIO | None = None,
    ) -> Results:
        """Search, then refit the winner on train + validation data and test it once.

        What the commands `run` and `resume` do. A session that a signal or `stop` ended is neither
        refitted nor tested. Arguments, errors and side effects are those of `run`.
        """
        with (
            self.reserved() as drive,
            self._watched(progress, listeners=listeners, stage=stage) as watch,
        ):
            if drive.resumes and driving.is_all_done(drive):
                nothing = "nothing is left to do; a larger budget goes on with the search"
                for note in (*drive.notes, nothing):
                    watch.stage(note)
                return Results.open(self.run_dir.path)
            given: dict[str, Any] = {"listeners": watch.listeners, "stage": watch.stage}
            with driving.session(drive, **given, hands_over=True) as session:
                engine, executor = session
                if engine.state.status is SearchStatus.FINISHED:
                    driving.hand_over(drive, engine, executor=executor, stage=watch.stage)
        return Results.open(self.run_dir.path)

    @contextmanager
    def reserved(self) -> Iterator[Drive]:
        """Make the run directory, under another name where somebody was quicker; `run` does it.

        Side effects:
            Removes the folder again if nothing was written to it.
        """
        experiment = fingerprinted(self.experiment, known=self.experiment.fingerprints)
        self._drive, made = replace(self._drive, experiment=experiment), None
        if self._may_rename:
            self._drive, made = reserve(self._drive)
            self._may_rename = made is None
        try:
            yield self._drive
        finally:
            if made is not None:
                with suppress(OSError):  # it is not empty
                    made.rmdir()

    def _watched(
        self, progress: bool | TextIO | None, **given: Any
    ) -> AbstractContextManager[Watch]:
        experiment, run_dir, plan = self.experiment, self.run_dir, self.plan
        return watched(progress, experiment=experiment, run_dir=run_dir, plan=plan, **given)


def _paths(given: str | Path | Sequence[str | Path] | None) -> list[str] | None:
    if given is None:
        return None
    return [str(path) for path in ([given] if isinstance(given, str | Path) else given)]
