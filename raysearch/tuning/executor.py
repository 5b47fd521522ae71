"""How do refit and test run where the trials ran?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from raysearch.errors import TrialFailed
from raysearch.experiment import Resources
from raysearch.results.executor import Split
from raysearch.training.job import TrainingJob
from raysearch.training.warmup import prepare_process


class RayExecutor:
    """Runs refit and test as Ray tasks with the resources of one trial.

    Args:
        resources: What the task may use.
    """

    def __init__(self, resources: Resources) -> None:
        self._options = {"num_cpus": resources.cpus, "num_gpus": resources.gpus, "max_retries": 2}

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train the job's configuration on train + validation data, and write its checkpoint."""
        self._call(_refit, job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: str
    ) -> dict[str, float | None]:
        """Return the metrics of a checkpoint on one split."""
        values: dict[str, float | None] = self._call(
            _evaluate, job, checkpoint=str(checkpoint), split=split
        )
        return values

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        task = ray.remote(function).options(**self._options)
        try:
            return ray.get(task.remote(*args, **kwargs))
        except RayTaskError as error:
            raise error.as_instanceof_cause() from error
        except RayError as error:
            raise TrialFailed(f"the worker was lost three times: {error}") from error


def _refit(job: TrainingJob, *, epochs: int, path: Path) -> None:
    prepare_process()
    from raysearch.training.fit import refit

    refit(job, epochs=epochs, path=path)


def _evaluate(job: TrainingJob, *, checkpoint: str, split: Split) -> dict[str, float | None]:
    prepare_process()
    from raysearch.training.fit import evaluate

    return evaluate(job, checkpoint=checkpoint, split=split)
