"""Can the model be trained on the data? Tried while Ray and the workers start.

That is done where something is not known before it is tried: a model or data of the user's own, or
a checkpoint that a model begins from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol

from raysearch.beside import begun
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment
from raysearch.forking import NoTemplate
from raysearch.preflight import Probe, Verdict, preflight
from raysearch.training.job import TrainingJob

Stage = Callable[[str], None]
"""Told what a person waits for: "starting Ray"."""

PREFLIGHT_S = 10.0
"""How long a search may wait for configurations to be tried, in seconds."""

TRYING = "trying the model and the data on a few batches"
"""What a person is told meanwhile."""


class Prober(Protocol):
    """Tries configurations in a process of its own."""

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try one."""
        ...

    def release(self) -> None:
        """End the process."""
        ...


def is_to_be_tried(experiment: Experiment) -> bool:
    """Return whether something is trained of which nothing is known yet."""
    is_own_data = experiment.data is not None and experiment.data.is_own
    is_own = is_own_data or any(choice.is_own for choice in experiment.models)
    return is_own or experiment.begins_from_checkpoints


class OwnModel:
    """What is known of the user's own model and data, before the search is journalled as started.

    Args:
        experiment: What would be searched.
        example: The job of the default configuration.
        objects: Objects without an import path that the experiment names.
        stage: Told what a person waits for, and what he should know.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        example: TrainingJob,
        objects: Mapping[str, Any],
        stage: Stage,
    ) -> None:
        self._experiment = experiment
        self._example = example
        self._objects = objects
        self._stage = stage
        self._coming: Future[Verdict] | None = None

    def begin(self, forks: str | None) -> None:
        """Begin to try them in a fork, where there are forks; returns at once.

        Args:
            forks: Address of the template; None where there is none.
        """
        if forks is None:
            return
        from raysearch.tuning.executor import forked_executor

        self._stage(TRYING)
        executor = forked_executor(forks, example=self._example, objects=self._objects)
        self._coming = begun(lambda: self._tried(executor), name="raysearch-preflight")

    @property
    def is_tried(self) -> bool:
        """Whether nothing is under way."""
        return self._coming is None or self._coming.done()

    def check(self, executor: Prober) -> None:
        """Tell what came of it; try them now if that was not done.

        Args:
            executor: Tries them where there are no forks, or not any more.

        Raises:
            ConfigurationError: They cannot be trained.
        """
        verdict: Verdict | None = None
        if self._coming is not None:
            with suppress(NoTemplate):  # it ended, as one does that cannot be forked
                verdict = self._coming.result()
        if verdict is None:
            self._stage(TRYING)
            verdict = self._tried(executor)
        if verdict.faults:
            texts = [finding.text for finding in verdict.faults]
            raise ConfigurationError([*texts, "Nothing was started."])
        for warning in verdict.warnings:
            self._stage(warning.text)

    def _tried(self, executor: Prober) -> Verdict:
        try:
            return preflight(self._experiment, run_probe=executor.probe, time_limit_s=PREFLIGHT_S)
        finally:
            executor.release()
