"""Who does the training and testing that results ask for?

Refit and test hand their work to an executor, so that the same code serves a laptop and a cluster:
`LocalExecutor` works in this process, `tuning` has one that works on Ray.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from raysearch.engine.causes import DISK_FULL
from raysearch.errors import RaysearchError, RunDirectoryError, TrialFailed
from raysearch.training.failure import describe_failure
from raysearch.training.job import TrainingJob
from raysearch.training.outcomes import Examined
from raysearch.training.repeating import Part, repeat
from raysearch.training.run import draw, evaluate, examine, model_cost, refit
from raysearch.trial import Measurement

Split = Literal["validation", "test"]

T = TypeVar("T")

DOING = {
    "refit": "the refit",
    "repeat": "the training with another seed",
    "draw": "the drawing",
    "evaluate": "the test",
    "examine": "the test",
    "model_cost": "the measuring",
}
"""What a person calls each method."""


class Executor(Protocol):
    """Trains, evaluates and draws; called at most once for each model, refitted or tested.

    All methods but `each` raise `Unsupported` where the user's model or data has nothing for
    it, `RunDirectoryError` where the disk is full, and `TrialFailed` for whatever else goes wrong.
    """

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> object:
        """Train on training and validation data for exactly `epochs`; write `path` atomically."""
        ...

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        ...

    def examine(self, job: TrainingJob, *, checkpoint: Path, split: Split) -> Examined:
        """Return what `evaluate` does, and what became of each example where that can be seen."""
        ...

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> Mapping[str, bytes]:
        """Return what a model draws of what it has learnt: PNG files by name, none for most."""
        ...

    def repeat(self, line: Sequence[Part]) -> Measurement:
        """Train a line once more, on training data alone; see `raysearch.training.repeating`."""
        ...

    def each(
        self, works: Sequence[Callable[[Executor], T]]
    ) -> Generator[tuple[int, T | TrialFailed]]:
        """Do pieces of work, each with an executor of its own, several at once where there is room.

        Yields what each came to, with its place in `works`, as it is done. Raises
        `RunDirectoryError` where the disk is full, `ConfigurationError` where a class is not here.
        """
        ...


class LocalExecutor:
    """Trains and evaluates in this process; loads torch and Lightning when first used."""

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train on training and validation data for exactly `epochs`; write `path` atomically."""
        with failing_as_trial(job, doing=DOING["refit"]):
            refit(job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        with failing_as_trial(job, doing=DOING["evaluate"]):
            return evaluate(job, checkpoint=str(checkpoint), split=split)

    def examine(self, job: TrainingJob, *, checkpoint: Path, split: Split) -> Examined:
        """Return what `evaluate` does, and what became of each example where that can be seen."""
        with failing_as_trial(job, doing=DOING["examine"]):
            return examine(job, checkpoint=str(checkpoint), split=split)

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> Mapping[str, bytes]:
        """Return what a model draws of what it has learnt: PNG files by name, none for most."""
        with failing_as_trial(job, doing=DOING["draw"]):
            return draw(job, checkpoint=str(checkpoint))

    def repeat(self, line: Sequence[Part]) -> Measurement:
        """Train a line once more, on training data alone; see `raysearch.training.repeating`."""
        with failing_as_trial(line[-1].job, doing=DOING["repeat"]):
            return repeat(line)

    def each(
        self, works: Sequence[Callable[[Executor], T]]
    ) -> Generator[tuple[int, T | TrialFailed]]:
        """Do pieces of work, one after the other; see `Executor`."""
        yield from one_by_one(works, executor=self)

    def model_cost(self, job: TrainingJob) -> Mapping[str, float]:
        """Return what a configuration's model costs, before it is trained."""
        with failing_as_trial(job, doing=DOING["model_cost"]):
            return model_cost(job)


def one_by_one(
    works: Sequence[Callable[[Executor], T]], *, executor: Executor
) -> Generator[tuple[int, T | TrialFailed]]:
    """Do pieces of work with one executor, one after the other; see `Executor.each`."""
    for place, work in enumerate(works):
        try:
            came_to: T | TrialFailed = work(executor)
        except RunDirectoryError:
            raise
        except TrialFailed as error:
            came_to = error
        yield place, came_to


@contextmanager
def failing_as_trial(job: TrainingJob, *, doing: str) -> Iterator[None]:
    """Turn what the user's code raises into a message; what raysearch raises is one."""
    try:
        yield
    except RaysearchError:
        raise
    except Exception as error:
        failure = describe_failure(error)
        if failure.cause == DISK_FULL:  # which says nothing about the trial
            raise RunDirectoryError(
                f"the disk is full: {doing} of trial {job.trial} could not write "
                f"({failure.summary}). The search and all its trials are kept. Make room; then "
                "`resume` goes on with it."
            ) from error
        raise TrialFailed(
            f"{doing} of trial {job.trial} raised {failure.summary}. The search and all its trials "
            "are kept."
        ) from error
