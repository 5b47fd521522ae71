"""Who does the training and testing that results ask for?

Refit and test hand their work to an executor, so that the same code serves a laptop and a cluster:
`LocalExecutor` works in this process, `tuning` has one that works on Ray.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from raysearch.errors import RaysearchError, TrialFailed
from raysearch.training.failure import describe_failure
from raysearch.training.job import TrainingJob
from raysearch.training.run import evaluate, refit

Split = Literal["validation", "test"]


class Executor(Protocol):
    """Trains and evaluates; called at most once for each refit and each test.

    Both methods raise `Unsupported` where the user's model or data has nothing for it, and
    `TrialFailed` for whatever else goes wrong in them.
    """

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> object:
        """Train on training and validation data for exactly `epochs`; write `path` atomically."""
        ...

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        ...


class LocalExecutor:
    """Trains and evaluates in this process; loads torch and Lightning when first used."""

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train on training and validation data for exactly `epochs`; write `path` atomically."""
        with _failing_as_trial(job, doing="the refit"):
            refit(job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        with _failing_as_trial(job, doing="the test"):
            return evaluate(job, checkpoint=str(checkpoint), split=split)


@contextmanager
def _failing_as_trial(job: TrainingJob, *, doing: str) -> Iterator[None]:
    """Turn what the user's code raises into a message; what raysearch raises is one."""
    try:
        yield
    except RaysearchError:
        raise
    except Exception as error:
        raise TrialFailed(
            f"{doing} of trial {job.trial} raised {describe_failure(error).summary}. The search "
            "and all its trials are kept."
        ) from error
