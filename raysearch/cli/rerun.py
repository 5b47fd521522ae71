"""How is a trial trained again before a person's eyes, with the debugger at hand?

In this process and its main thread, as the worker did it, so that a breakpoint stops where it
stands in the user's own code, and an exception shows all of its traceback. What that training
writes goes to a temporary folder.
"""

from __future__ import annotations

import bdb
import math
import pdb
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.counting import counted
from raysearch.errors import RaysearchError
from raysearch.init_from import Inheritance
from raysearch.live.text import duration, short_number
from raysearch.scratch import scratch_folder
from raysearch.training.jobs import job_for
from raysearch.training.run import train

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.training.job import Report, TrainingJob
    from raysearch.trial import Measurement, Trial

DONE, FAILED, INTERRUPTED = 0, 1, 130

TOLERANCE = 1e-6
"""Relative difference up to which two values count as the same; they are shown with less."""


def rerun(results: Results, trial: Trial, *, epochs: int | None, debugs: bool) -> int:
    """Train a trial's configuration from the start and print each epoch beside the recorded one.

    Args:
        results: The search.
        trial: Whose configuration is trained.
        epochs: Epochs after which to stop, at least 1; None for all of them.
        debugs: Whether to open the debugger at an exception.

    Returns:
        The exit status of the command.

    Raises:
        ConfigurationError: A class of the experiment cannot be found here.
        TrialFailed: There was no epoch to train.
        KeyboardInterrupt: Ctrl-C was pressed.

    Side effects:
        Writes to a temporary folder, which is removed at the end.
    """
    with scratch_folder("rerun") as folder:
        job = job_of(results, trial, folder=folder)
        unit = results.experiment.fidelity.unit
        beside = Beside(trial, objective=job.objective.metric, unit=unit, epochs=epochs)
        print(_heading(results, trial), flush=True)
        status = _train(job, beside=beside, debugs=debugs)
    if status == DONE:
        print(f"\n{beside.conclusion()}")
    return status


def job_of(results: Results, trial: Trial, *, folder: Path) -> TrainingJob:
    """Return the job that trains a trial from the start, and writes nothing but to a folder.

    One that took over weights is trained as it began.
    """
    began = trial.configuration_at(1)
    fresh = replace(
        trial,
        measurements=(),
        folds=(),
        in_fold=(),
        checkpoints=(),
        takeovers=(),
        configuration=began,
    )
    job = job_for(results.experiment, fresh, run_dir=folder)
    parent = Inheritance.read(trial.origin)
    if job.init_from is None or parent is None or parent.checkpoint is None:
        return job
    path = results.run_dir.path.absolute() / parent.checkpoint
    return replace(job, init_from=replace(job.init_from, checkpoint=str(path)))


def _heading(results: Results, trial: Trial) -> str:
    which = " on the first of its folds" if results.experiment.n_folds > 1 else ""
    return (
        f"Trial {trial.id} of {results.run_dir}, trained again{which} from the start, in this "
        "process. Beside each value stands the one that the search recorded. Nothing in the run "
        "directory is changed.\n"
    )


def _train(job: TrainingJob, *, beside: Beside, debugs: bool) -> int:
    try:
        train(job, report=beside.report, may_run_ahead=False)  # in step, for a debugger
    except RaysearchError:
        raise
    except bdb.BdbQuit:
        print("\nThe debugger was left.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - shown in full; it is what a person looks for
        traceback.print_exception(error)
        if debugs:
            pdb.post_mortem(error.__traceback__)
        return FAILED
    return DONE


class Beside:
    """Prints measurements beside those that were recorded.

    Args:
        trial: Holds the recorded ones.
        objective: The metric that is shown first.
        unit: What is counted, "epoch" or "round".
        epochs: Epochs after which no more is wanted; None for all.
    """

    def __init__(self, trial: Trial, *, objective: str, unit: str, epochs: int | None) -> None:
        recorded = trial.folds[0] if trial.folds else trial.measurements
        self._recorded = {m.epoch: m for m in recorded}
        self._objective = objective
        self._unit = unit
        self._epochs = epochs
        self._compared = 0
        self._difference = ""

    def report(self, report: Report) -> bool:
        """Print one measurement and return whether to go on; called at the end of each epoch."""
        measured = report.measurement
        recorded = self._recorded.get(measured.epoch)
        print(self._line(measured, recorded=recorded), flush=True)
        if recorded is not None:
            self._compared += 1
            self._difference = self._difference or self._first_difference(measured, recorded)
        return self._epochs is None or measured.epoch < self._epochs

    def _line(self, measured: Measurement, *, recorded: Measurement | None) -> str:
        beside: Mapping[str, float | None] = {} if recorded is None else recorded.values
        names = sorted(measured.values, key=lambda name: name != self._objective)
        cells = []
        for name in names:
            was = f"was {short_number(beside[name])}" if name in beside else "not recorded"
            cells.append(f"{name} {short_number(measured.values[name])} ({was})")
        text = f"{self._unit} {measured.epoch}: {', '.join(cells)}, {duration(measured.seconds)}"
        return f"{text}; {measured.cause}" if measured.cause else text

    def _first_difference(self, measured: Measurement, recorded: Measurement) -> str:
        for name, was in recorded.values.items():
            value = measured.values.get(name)
            if not _is_same(value, was):
                return (
                    f"{self._unit} {measured.epoch}, {name}: {_exact(value)} instead of "
                    f"{_exact(was)}"
                )
        return ""

    def conclusion(self) -> str:
        """Return how the training compares with the recorded one."""
        if not self._compared:
            return f"The search recorded none of this trial's {self._unit}s."
        if not self._difference:
            return f"The same as recorded, in {counted(self._compared, self._unit)}."
        return (
            f"It differs from what was recorded, first at {self._difference}. The same "
            "configuration trains alike on a machine of the same kind; or the code, the data or a "
            "library has changed since, or something random is not seeded."
        )


def _is_same(value: float | None, was: float | None) -> bool:
    if value is None or was is None:
        return value is was
    return math.isclose(value, was, rel_tol=TOLERANCE)


def _exact(value: float | None) -> str:
    return "none" if value is None else f"{value:.8g}"
