"""How do refit and test run where the trials ran?"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from raysearch.errors import TrialFailed
from raysearch.experiment import Resources
from raysearch.imports import provide
from raysearch.preflight import Failure, Probe
from raysearch.results.executor import DOING, Split, failing_as_trial
from raysearch.scratch import scratch_folder
from raysearch.training.job import TrainingJob
from raysearch.training.log import printed_to
from raysearch.training.run import evaluate, refit
from raysearch.training.warmup import prepare_process

RESTARTS = 2
"""How often the process is started again when it, or its node, goes away."""


class RayExecutor:
    """Runs refit and test in one Ray actor, which can be made ready while trials still train.

    Args:
        resources: What one trial is given, and so the actor. Without GPUs it claims no core, so
            that it can get ready beside the last trials; it works only when they have ended.
        example: A job such as it will be given, which decides what is imported ahead.
        objects: Objects without an import path that jobs name.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        example: TrainingJob,
        objects: Mapping[str, Any] | None = None,
    ) -> None:
        self._example = example
        self._objects = dict(objects or {})
        self._options: dict[str, Any] = {
            "num_cpus": resources.cpus if resources.gpus else 0,
            "num_gpus": resources.gpus,
            "max_restarts": RESTARTS,
            "max_task_retries": RESTARTS,
        }
        self._actor: Any = None

    def prepare(self) -> None:
        """Start the actor, which imports what training needs; returns at once, safe to repeat.

        With GPUs nothing is done ahead: the actor would take the one that a last trial needs.
        """
        if not self._options["num_gpus"]:
            self._start()

    def _start(self) -> None:
        if self._actor is None:
            actor = ray.remote(_Handover).options(**self._options)
            self._actor = actor.remote(self._example, self._objects)

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try a configuration on a few batches; see `raysearch.preflight.probe`.

        A process that goes away meanwhile, as one does that is killed for its memory, is a failure
        of the configuration, and the next one is tried in a new process.
        """
        self._start()
        try:
            method = self._actor.probe.options(max_task_retries=0)
            found: Probe = ray.get(method.remote(job, thorough=thorough))
        except RayTaskError:
            raise  # a fault of raysearch: what the configuration raises is part of the result
        except RayError as error:
            self.release()
            summary = f"the process that tried it went away ({_first_line(error)})"
            lost = Failure(stage="training", cause="worker lost", summary=summary)
            return Probe(failure=lost)
        return found

    def release(self) -> None:
        """End the process, so that its memory is free for trials; a later call starts a new one."""
        if self._actor is not None:
            ray.kill(self._actor)
            self._actor = None

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train the job's configuration on train + validation data, and write its checkpoint.

        Raises:
            TrialFailed: The training failed, or its process went away again and again.
            RunDirectoryError: The disk is full.
        """
        self._call("refit", job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: Split
    ) -> dict[str, float | None]:
        """Return the metrics of a checkpoint on one split.

        Raises:
            TrialFailed: It raised, or its process went away again and again.
        """
        values: dict[str, float | None] = self._call(
            "evaluate", job, checkpoint=str(checkpoint), split=split
        )
        return values

    def _call(self, method: str, job: TrainingJob, **kwargs: Any) -> Any:
        self._start()
        try:
            return ray.get(getattr(self._actor, method).remote(job, **kwargs))
        except RayTaskError as error:
            with failing_as_trial(job, doing=DOING[method]):
                raise error.cause from None
        except RayError as error:
            raise TrialFailed(
                f"trial {job.trial} could not be handed over: the process that was to {method} it "
                f"went away {RESTARTS + 1} times ({_first_line(error)}). The search and all its "
                "trials are kept."
            ) from error


def _first_line(error: RayError) -> str:
    """Return what Ray says, without the tables below."""
    return str(error).partition("\n")[0].rstrip(".")


class _Handover:
    """The process that refits and tests."""

    def __init__(self, example: TrainingJob, objects: Mapping[str, Any]) -> None:
        provide(objects)
        with contextlib.suppress(Exception):  # what is wrong with it is found when it is used
            prepare_process(example)

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try a configuration."""
        from raysearch.preflight.probe import probe

        with (
            scratch_folder("preflight") as folder,
            printed_to(folder / "log.txt"),
        ):
            return probe(replace(job, directory=str(folder)), thorough=thorough)

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train on train + validation data."""
        refit(job, epochs=epochs, path=path)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: str, split: Split
    ) -> dict[str, float | None]:
        """Return the metrics of a checkpoint."""
        return evaluate(job, checkpoint=checkpoint, split=split)
