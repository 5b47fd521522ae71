"""Who does the training and testing that results ask for?

Refit and test hand their work to an executor, so that the same code serves a laptop and a cluster:
`LocalExecutor` works in this process, `tuning` has one that works on Ray.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from raysearch.training.job import TrainingJob

Split = Literal["validation", "test"]


class Executor(Protocol):
    """Trains and evaluates; called at most once for each refit and each test."""

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
        from raysearch.training.fit import refit

        refit(job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint on one split, None where a value is not finite."""
        from raysearch.training.fit import evaluate

        return evaluate(job, checkpoint=str(checkpoint), split=split)
