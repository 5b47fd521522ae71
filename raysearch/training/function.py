"""How is a plain function trained as a trial?

    def train(config, report):
        state = report.load() or {"epoch": 0, "weight": 0.0}
        weight = state["weight"]
        for epoch in range(state["epoch"] + 1, 101):
            weight += config["learning_rate"] * (1.0 - weight)
            report({"loss": (1.0 - weight) ** 2}, checkpoint={"epoch": epoch, "weight": weight})

The function does all of the training itself. Each report is what an epoch is to a Lightning module:
it is measured, journalled and compared, and a search that wants no more of the trial ends the
function there. Nothing here loads torch.
"""

from __future__ import annotations

import inspect
import operator
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from raysearch.errors import TrialFailed
from raysearch.imports import load_object
from raysearch.training.energy import energy_of
from raysearch.training.given import keep, read_back
from raysearch.training.job import Ending, Report, TrainingJob
from raysearch.training.process import restored, seed_process, seed_words
from raysearch.training.values import as_number, checked_values, finite_or_none
from raysearch.trial import Checkpoint, Measurement

_FORM = (
    'Write it as def train(config, report), where config is a dict and report({"val_loss": 0.1}) '
    "is called once for each epoch; or as def train(config), which returns the value."
)


class StopTrial(BaseException):
    """Raised by a report to end a function of which no more is wanted.

    No `Exception`, so that it passes through `except Exception`; `finally` and `with` do their
    part. There is no need to catch it.
    """


def train_function(job: TrainingJob, *, report: Callable[[Report], bool]) -> Ending:
    """Train the configuration of a function, which reports as often as it likes.

    A function that never reports is measured once, by what it returns: a number, which is the
    objective's value, or a mapping. What one that has reported returns is not looked at.

    The global generators of Python, NumPy and torch are seeded from the search's seed, the trial
    and the number of reports, before the function is called and after each report. Torch is, once
    it is loaded: import it at the head of the function's module, not inside the function, so that
    it is there before the first trial of a process.

    Args:
        job: What to train, and from where: `model_class` names the function, `model_arguments` are
            the configuration. `max_epochs` reports are the most that are taken.
        report: Called at each report, once its checkpoint, if any, is on disk. Returns whether to
            go on. What it raises ends the training and passes through.

    Returns:
        COMPLETED after `max_epochs` reports; STOPPED if no more was wanted before; ENDED_EARLY if
        the function returned before.

    Raises:
        ConfigurationError: The function cannot be loaded.
        TrialFailed: It is none that takes (config, report) or (config); it measured nothing, or
            gave something else than numbers; or its checkpoint cannot be kept. Whatever the
            function raises passes through.

    Side effects:
        Writes checkpoints into the job's directory, each atomically, under new names. The process
        is left as it was.
    """
    function_report = FunctionReport(job, report=report)
    call = _call_of(load_object(job.model_class), name=job.model_class)
    with restored(threads=job.threads):
        function_report._seed()
        try:
            returned = call(dict(job.model_arguments), function_report)
            if not function_report._has_reported:
                function_report(_single(returned, job=job))
        except StopTrial:
            pass
    return function_report._ending()


class FunctionReport:
    """What a function reports with, and what it may want to know about its trial.

    Args:
        job: What is trained.
        report: Receives each report; returns whether to go on.

    Example:
        >>> def train(config, report):
        ...     for epoch in range(10):
        ...         report({"val_loss": config["width"] / (epoch + 1)})
    """

    def __init__(self, job: TrainingJob, *, report: Callable[[Report], bool]) -> None:
        self.trial: str = job.trial
        """The trial's id, such as "0007"."""
        self.epoch: int = job.epochs_before
        """Reports so far; those before the checkpoint that this goes on from are counted."""
        self.resume_from: Path | None = Path(job.resume_from) if job.resume_from else None
        """The checkpoint to go on from, in the trial's folder; None to begin."""
        self._job = job
        self._report = report
        self._origin = time.monotonic() - job.seconds_before
        self._energy = energy_of(job)
        self._end: BaseException | None = None

    def __call__(
        self,
        values: Mapping[str, Any] | float,
        *,
        checkpoint: str | Path | Mapping[str, Any] | None = None,
        step: int | None = None,
    ) -> None:
        """Report what was reached, like the end of an epoch.

        Args:
            values: Numbers by name, the objective's metric among them; or that number alone.
                Tensors and arrays without dimensions are numbers too. One that is not finite counts
                as the worst.
            checkpoint: What is needed to go on from here after an interruption, and to use the
                result: a file, which is copied, or a mapping of tensors and plain values.
            step: Optimiser steps so far, at least 0; as many as reports if not given.

        Raises:
            StopTrial: No more is wanted. It is meant to pass through the function.
            TrialFailed: A value is no number, or the checkpoint cannot be kept.
        """
        if self._end is not None:
            raise self._end
        measurement = self._measurement(values, step)
        kept = None if checkpoint is None else self._kept(checkpoint, measurement.epoch)
        self.epoch = measurement.epoch
        asked_at = time.monotonic()
        try:
            goes_on = self._report(Report(measurement=measurement, checkpoint=kept))
        except BaseException as error:
            self._end = error
            raise
        if not goes_on or self.epoch >= self._job.max_epochs:
            self._end = StopTrial()
            raise self._end
        self._origin += time.monotonic() - asked_at  # who kept it waiting is not training
        self._seed()

    def load(self) -> dict[str, Any] | None:
        """Return the mapping that was the checkpoint to go on from; None to begin.

        Raises:
            TrialFailed: The checkpoint was not a mapping, but a file: read `resume_from` instead.
        """
        return None if self.resume_from is None else read_back(self.resume_from)

    @property
    def directory(self) -> Path:
        """The trial's folder, for files of the function's own."""
        folder = Path(self._job.directory)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def seed(self) -> int:
        """A seed for this trial, from 0 to 2^32 - 1, for generators of the function's own."""
        return self._words(epoch=0)[0]

    def _words(self, *, epoch: int) -> tuple[int, int, int, int]:
        job = self._job
        return seed_words(seed=job.seed, trial=job.trial, repeat=job.repeat, epoch=epoch)

    def _seed(self) -> None:
        seed_process(self._words(epoch=self.epoch))

    def _measurement(self, given: object, step: int | None) -> Measurement:
        numbers = checked_values(given, metric=self._job.objective.metric, trial=self.trial)
        values, cause = finite_or_none(numbers)
        epoch = self.epoch + 1
        return Measurement(
            epoch=epoch,
            step=epoch if step is None else _checked_step(step, trial=self.trial),
            values=values,
            seconds=time.monotonic() - self._origin,
            cause=cause,
            joules=None if self._energy is None else self._energy.joules(),
        )

    def _kept(self, checkpoint: object, epoch: int) -> Checkpoint:
        return keep(checkpoint, directory=Path(self._job.directory), epoch=epoch)

    @property
    def _has_reported(self) -> bool:
        return self.epoch > 0

    def _ending(self) -> Ending:
        if self._end is not None and not isinstance(self._end, StopTrial):
            raise self._end  # which the function has caught, but is not for it
        if self.epoch >= self._job.max_epochs:
            return Ending.COMPLETED
        return Ending.ENDED_EARLY if self._end is None else Ending.STOPPED


def _checked_step(step: Any, *, trial: str) -> int:
    number = operator.index(step) if hasattr(step, "__index__") else -1
    if number < 0:
        raise TrialFailed(
            f"Trial {trial} reported step {step!r}. Give the number of optimiser steps so far, an "
            "int from 0 on, or leave it out."
        )
    return number


def _single(returned: object, *, job: TrainingJob) -> Any:
    """Return what a function that never reported is measured by."""
    if isinstance(returned, Mapping) or as_number(returned) is not None:
        return returned
    kind = "None" if returned is None else f"something of type {type(returned).__qualname__}"
    raise TrialFailed(
        f"Trial {job.trial}: {job.model_class} never called report, and returned {kind}, so there "
        f"is nothing to compare it by. {_FORM}"
    )


def _call_of(function: Any, *, name: str) -> Callable[[dict[str, Any], FunctionReport], Any]:
    """Return how a function is called, whether or not it takes a report."""
    if not callable(function):
        raise TrialFailed(
            f"{name} is of type {type(function).__qualname__}, and no function. {_FORM}"
        )
    try:
        signature = inspect.signature(function)
    except ValueError:  # written in C, some functions tell nothing
        return lambda config, report: function(config, report)
    arguments = _arguments_of(signature)
    try:
        signature.bind(*arguments(None, None).args, **arguments(None, None).kwargs)
    except TypeError as error:
        raise TrialFailed(
            f"{name} takes {signature}, and is called with the configuration and a report: "
            f"{error}. {_FORM}"
        ) from error

    def call(config: dict[str, Any], report: FunctionReport) -> Any:
        args, kwargs = arguments(config, report)
        return function(*args, **kwargs)

    return call


class _Arguments(NamedTuple):
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def _arguments_of(signature: inspect.Signature) -> Callable[[Any, Any], _Arguments]:
    """Return which arguments a function of this signature is given."""
    kinds = inspect.Parameter
    parameters = signature.parameters
    if "report" in parameters and parameters["report"].kind is not kinds.POSITIONAL_ONLY:
        return lambda config, report: _Arguments((config,), {"report": report})
    positional = (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters.values() if p.kind in positional and p.default is p.empty]
    if len(needed) > 1 or any(p.kind is kinds.VAR_POSITIONAL for p in parameters.values()):
        return lambda config, report: _Arguments((config, report), {})
    return lambda config, report: _Arguments((config,), {})
