"""What did a search find? Everything about it, read from its run directory.

Reading needs nothing but the folder, so it works while the search runs, and on a copy of the folder
on another machine. Refit and test write; they take the lease of the run directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from raysearch.engine.state import SearchState, fold
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment, from_settings
from raysearch.results.document import to_document
from raysearch.results.evaluation import TestOutcome, recorded_test, test_winner
from raysearch.results.executor import Executor, LocalExecutor
from raysearch.results.history import History, history_of
from raysearch.results.messages import unknown_trial
from raysearch.results.refit import Record, refit_winner
from raysearch.results.selection import Selection, rank, select
from raysearch.results.winner_files import describes
from raysearch.run_dir import Lease, RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import Objective, SearchStatus, Trial, trial_id


class Results:
    """A search as its run directory has it.

    Args:
        run_dir: The run directory.
        state: What its journal comes to. Where something else writes the journal, such as an
            engine, it is that one's state.
        experiment: The experiment if it is at hand; else it is made from the journal's settings
            when it is first needed.

    Example:
        ::

            results = Results.open("runs/digits-20261123-170912")
            results.winner.configuration
            results.winner.value(results.objective)
    """

    def __init__(
        self, run_dir: RunDir, *, state: SearchState, experiment: Experiment | None = None
    ) -> None:
        self.run_dir = run_dir
        self.state = state
        self.history: History = history_of(run_dir.events())
        if experiment is not None:
            self.experiment = experiment

    @classmethod
    def open(cls, path: str | Path) -> Results:
        """Return what a run directory holds now.

        Args:
            path: The run directory; a copy will do, and the search may be running.

        Raises:
            RunDirectoryError: There is no search, or its journal cannot be read.
        """
        run_dir = RunDir(Path(path))
        return cls(run_dir, state=fold(run_dir.events()))

    # ---- what was searched

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was last resolved.

        Raises:
            ConfigurationError: This version of raysearch cannot make it of the settings.
        """
        source = str(self.run_dir.experiment_file)
        return from_settings(dict(self.state.settings), source=source)

    @property
    def objective(self) -> Objective:
        """What was improved."""
        return Objective(**self.state.settings["objective"])

    @property
    def is_refit_wanted(self) -> bool:
        """Whether the experiment wants the winner trained again, on all data but the test split."""
        return bool(self.state.settings.get("refit", True))

    @property
    def status(self) -> SearchStatus:
        """Where the search stands; one whose driver was killed is interrupted."""
        is_running = self.state.status is SearchStatus.RUNNING
        if is_running and Lease.holder(self.run_dir.path.absolute()) is None:
            return SearchStatus.INTERRUPTED
        return self.state.status

    # ---- what was found

    def ranking(self) -> list[Trial]:
        """Return the trials with a finite value, best first; see `selection` for ties."""
        return rank(self.state.trials.values(), objective=self.objective)

    @property
    def selection(self) -> Selection:
        """The best trial with a checkpoint on disk, and better ones without."""
        return select(self.ranking(), objective=self.objective, run_dir=self.run_dir)

    @property
    def winner(self) -> Trial | None:
        """The trial that won, so far if the search goes on; None if none can.

        It is the trial whose model was handed over last, as long as nothing was measured since;
        otherwise the best one with a checkpoint on disk.
        """
        if self.history.refit is not None and self.history.is_settled:
            return self.state.trials[self.history.refit.trial]
        return self.selection.winner

    @property
    def default(self) -> Trial | None:
        """Trial 0000, the default configuration; None before it was created."""
        return self.state.trials.get(trial_id(0))

    def trial(self, name: str) -> Trial:
        """Return a trial by its id or its number: "0007" or "7".

        Raises:
            ConfigurationError: There is no such trial.
        """
        known = self.state.trials.get(trial_id(int(name)) if name.isdecimal() else name)
        if known is None:
            raise ConfigurationError(unknown_trial(self, name))
        return known

    # ---- the winner's model

    def record_of(self, trial: Trial) -> ev.Refitted | None:
        """Return the record of the model handed over last, if it is of this trial."""
        record = self.history.refit
        return record if record is not None and record.trial == trial.id else None

    def model_of(self, trial: Trial) -> ev.Refitted | None:
        """Return the record of the trial's model in `winner/`, if it is there and whole."""
        record = self.record_of(trial)
        return record if record is not None and describes(self.run_dir, record) else None

    @property
    def test_outcome(self) -> TestOutcome:
        """What is known of the winner on the test split."""
        return recorded_test(self)

    def to_json(self) -> dict[str, Any]:
        """Return the document that `results RUN --json` prints; plain values."""
        return to_document(self)

    # ---- what is done with it

    def refit(
        self,
        *,
        trial: str | None = None,
        again: bool = False,
        executor: Executor | None = None,
        record: Record | None = None,
    ) -> ev.Refitted:
        """Hand over a model: see `refit_winner`.

        Args:
            trial: Id of a trial to hand over instead of the winner; it is the winner then.
            again: Whether to train also if the model is there already.
            executor: Does the training; in this process by default.
            record: Journals, for whoever holds the lease; by default it is taken for this call.
        """
        with self._recording(record) as recorded:
            return refit_winner(
                self,
                trial=None if trial is None else self.trial(trial),
                again=again,
                executor=executor or LocalExecutor(),
                record=recorded,
            )

    def test(
        self,
        *,
        force: bool = False,
        executor: Executor | None = None,
        record: Record | None = None,
    ) -> TestOutcome:
        """Open the test split for the winner's model, once: see `test_winner`.

        Args:
            force: Open it even if a result is known already.
            executor: Does the evaluation; in this process by default.
            record: Journals, for whoever holds the lease; by default it is taken for this call.
        """
        with self._recording(record) as recorded:
            return test_winner(
                self, force=force, executor=executor or LocalExecutor(), record=recorded
            )

    @contextmanager
    def _recording(self, record: Record | None) -> Iterator[Record]:
        """Yield a function that journals an event and brings this object up to date."""

        def kept(write: Record, event: ev.Refitted | ev.TestOpened | ev.Tested) -> None:
            write(event)
            self.history.apply(event)

        if record is not None:
            yield lambda event: kept(record, event)
            return
        with self.run_dir.writing() as journal:
            self.state = fold(self.run_dir.events())  # another process may have written
            self.history = history_of(self.run_dir.events())

            def apply(event: ev.Refitted | ev.TestOpened | ev.Tested) -> None:
                journal.append([event])
                self.state.apply(event)

            yield lambda event: kept(apply, event)
