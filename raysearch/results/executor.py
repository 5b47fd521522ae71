"""Who does the training and testing that results ask for?

Refit and test hand their work to an executor, so that the same code serves a laptop and a cluster:
`LocalExecutor` works in this process, `tuning` has one that works on Ray.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from raysearch.engine.causes import DISK_FULL
from raysearch.errors import RaysearchError, RunDirectoryError, TrialFailed
from raysearch.training.failure import describe_failure
from raysearch.training.job import TrainingJob
from raysearch.training.run import draw, evaluate, model_cost, refit

Split = Literal["validation", "test"]

DOING = {
    "refit": "the refit",
    "draw": "the drawing",
    "evaluate": "the test",
    "model_cost": "the measuring",
}
"""What a person calls each method."""


class Executor(Protocol):
    """Trains, evaluates and draws; called at most once for each model, refitted or tested.

    All methods raise `Unsupported` where the user's model or data has nothing for it,
    `RunDirectoryError` where the disk is full, and `TrialFailed` for whatever else goes wrong.
    """

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> object:
        """Train on training and validation data for exactly `epochs`; write `path` atomically."""
        ...

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        ...

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> Mapping[str, bytes]:
        """Return what a model draws of what it has learnt: PNG files by name, none for most."""
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

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> Mapping[str, bytes]:
        """Return what a model draws of what it has learnt: PNG files by name, none for most."""
        with failing_as_trial(job, doing=DOING["draw"]):
            return draw(job, checkpoint=str(checkpoint))

    def model_cost(self, job: TrainingJob) -> Mapping[str, float]:
        """Return what a configuration's model costs, before it is trained."""
        with failing_as_trial(job, doing=DOING["model_cost"]):
            return model_cost(job)


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
