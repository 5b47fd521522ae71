"""What did a search find, and what is to be done with it?

Reading needs nothing but the folder, so it works while the search runs, and on a copy of the folder
on another machine. Refit and test write; they take the lease of the run directory.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.engine.state import SearchState, fold
from raysearch.errors import ConfigurationError
from raysearch.experiment.values import MOST_SEEDS
from raysearch.results.document import to_document
from raysearch.results.evaluation import TestOutcome, recorded_test, test_winner
from raysearch.results.executor import Executor, LocalExecutor
from raysearch.results.found import Found
from raysearch.results.messages import unknown_trial
from raysearch.results.refit import Wanted, refit_winner
from raysearch.results.refit_seeds import Record, Say, say_nothing
from raysearch.results.table import measurement_rows, to_frame, trial_rows
from raysearch.results.telling_apart import tell_apart
from raysearch.results.winner_folder import FOLDER, SMALL_BYTES
from raysearch.run_dir import JournalDamaged, RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import Trial, trial_id

if TYPE_CHECKING:
    import pandas as pd


class JournalWarning(UserWarning):
    """A journal is damaged in the middle; what is shown is what stands before."""


class Results(Found):
    """A search as its run directory has it, and what can be done with it.

    Example:
        ::

            results = Results.open("runs/digits-20261123-170912")
            results.winner.configuration
            results.winner.value(results.objective)
    """

    @classmethod
    def open(cls, path: str | Path) -> Results:
        """Return what a run directory holds now.

        Args:
            path: The run directory; a copy will do, and the search may be running.

        Raises:
            RunDirectoryError: There is no search, or its journal cannot be read.

        Side effects:
            Warns where the journal is damaged; the results are those before the damage.
        """
        found = cls.read(path)
        if found.damage is not None:
            warnings.warn(str(found.damage), JournalWarning, stacklevel=2)
        return found

    @classmethod
    def read(cls, path: str | Path) -> Results:
        """Return what `open` does, without a warning: for those who show `damage` themselves."""
        run_dir = RunDir(path)
        run_dir.fetch_below(FOLDER, up_to_bytes=SMALL_BYTES)
        state, damage = SearchState(), None
        try:
            for event in run_dir.events():
                state.apply(event)
        except JournalDamaged as error:
            damage = error
        return cls(run_dir, state=state, damage=damage)

    def trial(self, name: str) -> Trial:
        """Return a trial by its id or its number: "0007" or "7".

        Raises:
            ConfigurationError: There is no such trial.
        """
        known = self.state.trials.get(trial_id(int(name)) if name.isdecimal() else name)
        if known is None:
            raise ConfigurationError(unknown_trial(self, name))
        return known

    # ---- how it is read

    @property
    def test_outcome(self) -> TestOutcome:
        """What is known of the winner on the test split."""
        return recorded_test(self)

    def to_json(self) -> dict[str, Any]:
        """Return the document that `results RUN --json` prints; plain values."""
        return to_document(self)

    def to_dataframe(self, *, measurements: bool = False) -> pd.DataFrame:
        """Return a table with one row for each trial, or for each measurement; loads pandas.

        Columns are as in `results RUN --csv`: those of the trial, then its values at its best
        epoch under the names of the metrics, then its configuration under "config." and the key.
        What does not exist, such as a parameter that was not active, is NA; numbers that are whole
        stay whole.

        Args:
            measurements: One row for each epoch that was measured, with "id" of the trial, instead
                of one for each trial. Merge on "id" to have configurations beside them.

        Example:
            ::

                table = results.to_dataframe()
                table.sort_values("val/accuracy")[["id", "val/accuracy", "config.learning_rate"]]
        """
        return to_frame(measurement_rows(self) if measurements else trial_rows(self))

    # ---- what is done with it

    def tell_apart(
        self,
        *,
        executor: Executor | None = None,
        record: Record | None = None,
        say: Say = say_nothing,
    ) -> int:
        """Train the leaders again, where the experiment has a section `select`: see `tell_apart`.

        Args:
            executor: Does the training; in this process by default.
            record: As for `refit`.
            say: Told what is trained.

        Returns:
            How many trainings were missing.
        """
        with self.recording(record) as recorded:
            return tell_apart(self, executor=executor or LocalExecutor(), record=recorded, say=say)

    def refit(
        self,
        *,
        trial: str | None = None,
        again: bool = False,
        seeds: int | None = None,
        executor: Executor | None = None,
        record: Record | None = None,
        say: Say = say_nothing,
    ) -> ev.Refitted:
        """Hand over a model: see `refit_winner`.

        Where the experiment has leaders trained again before one of them wins, and that was not
        done yet, it is done first, unless a trial is named.

        Args:
            trial: Id of a trial to hand over instead of the winner; it is the winner then.
            again: Whether to train also if the model is there already, or could not be trained.
            seeds: Models to be had, each of a seed of its own, from 1 to 100; by default as many as
                the experiment says. Those that are there are not trained again.
            executor: Does the training; in this process by default.
            record: Journals, for whoever holds the lease, and applies to this object's state; by
                default the lease is taken for this call.
            say: Told what is trained: "... : refit 2 of 3".
        """
        if seeds is not None:
            raise_faults(integer_fault("seeds", seeds, at_least=1, at_most=MOST_SEEDS))
        executor = executor or LocalExecutor()
        with self.recording(record) as recorded:
            if trial is None:
                tell_apart(self, executor=executor, record=recorded, say=say)
            return refit_winner(
                self,
                wanted=Wanted(
                    trial=None if trial is None else self.trial(trial), again=again, seeds=seeds
                ),
                executor=executor,
                record=recorded,
                say=say,
            )

    def test(
        self,
        *,
        force: bool = False,
        executor: Executor | None = None,
        record: Record | None = None,
    ) -> TestOutcome:
        """Open the test split for the models of the winner, once: see `test_winner`.

        Of several seeds, the outcome has the values of the model handed over, and in `spread` those
        of all, with mean and standard deviation.

        Args:
            force: Open it even if a result is known already.
            executor: Does the evaluation; in this process by default.
            record: Journals, for whoever holds the lease, and applies to this object's state; by
                default the lease is taken for this call.
        """
        with self.recording(record) as recorded:
            return test_winner(
                self, force=force, executor=executor or LocalExecutor(), record=recorded
            )

    @contextmanager
    def recording(self, record: Record | None = None) -> Iterator[Record]:
        """Yield a function that journals an event and brings the state up to date.

        Args:
            record: Does so already, for whoever holds the lease; by default the lease is taken.
        """
        if record is not None:
            yield record
            return
        with self.run_dir.writing() as journal:
            self.state = fold(self.run_dir.events())  # another process may have written

            def apply(event: ev.Handed | ev.Measured) -> None:
                journal.append([event])
                self.state.apply(event)

            yield apply
