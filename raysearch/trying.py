"""Can the model be trained on the data, and keep to what it may cost? Tried while Ray starts.

That is done where something is not known before it is tried: a model or data of the user's own, a
checkpoint that a model begins from, or constraints on what a model costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from raysearch.beside import begun
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment
from raysearch.forking import NoTemplate
from raysearch.preflight import Probe, Verdict, preflight
from raysearch.preflight.findings import Finding
from raysearch.preflight.limits import limit_findings
from raysearch.training.job import TrainingJob

Stage = Callable[[str], None]
"""Told what a person waits for: "starting Ray"."""

PREFLIGHT_S = 10.0
"""How long a search may wait for configurations to be tried, in seconds."""

TRYING = "trying the model and the data on a few batches"
MEASURING = "measuring models: can the constraints be met?"
"""What a person is told meanwhile."""

T = TypeVar("T")


class Prober(Protocol):
    """Tries configurations in a process of its own."""

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try one."""
        ...

    def model_cost(self, job: TrainingJob) -> Mapping[str, float]:
        """Return what one's model costs."""
        ...

    def release(self) -> None:
        """End the process."""
        ...


def is_to_be_tried(experiment: Experiment) -> bool:
    """Return whether something is trained of which nothing is known yet."""
    is_own_data = experiment.data is not None and experiment.data.is_own
    is_own = is_own_data or any(choice.is_own for choice in experiment.models)
    return is_own or experiment.begins_from_checkpoints


class Tryout(Generic[T]):
    """Something that is tried in a process of its own, while Ray and the workers start.

    Args:
        work: Tries it, with what tries configurations.
        saying: What a person is told meanwhile.
        example: The job of the default configuration.
        objects: Objects without an import path that the experiment names.
        stage: Told what a person waits for.
    """

    def __init__(
        self,
        work: Callable[[Prober], T],
        *,
        saying: str,
        example: TrainingJob,
        objects: Mapping[str, Any],
        stage: Stage,
    ) -> None:
        self._work = work
        self._saying = saying
        self._example = example
        self._objects = objects
        self._stage = stage
        self._coming: Future[T] | None = None

    def begin(self, forks: str | None) -> None:
        """Begin in a fork, where there are forks; returns at once.

        Args:
            forks: Address of the template; None where there is none.
        """
        if forks is None:
            return
        from raysearch.tuning.executor import forked_executor

        self._stage(self._saying)
        executor = forked_executor(forks, example=self._example, objects=self._objects)
        self._coming = begun(lambda: self._done(executor), name="raysearch-preflight")

    @property
    def is_tried(self) -> bool:
        """Whether nothing is under way."""
        return self._coming is None or self._coming.done()

    def outcome(self, executor: Prober) -> T:
        """Return what came of it; do it now if that was not done.

        Args:
            executor: Tries where there are no forks, or not any more.
        """
        if self._coming is not None:
            with suppress(NoTemplate):  # it ended, as one does that cannot be forked
                return self._coming.result()
        self._stage(self._saying)
        return self._done(executor)

    def _done(self, executor: Prober) -> T:
        try:
            return self._work(executor)
        finally:
            executor.release()


class Beforehand:
    """What is tried before the search is journalled as started, and what came of it.

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
        self._stage = stage
        given: dict[str, Any] = {"example": example, "objects": objects, "stage": stage}
        self._tryouts: list[Tryout[tuple[Finding, ...]]] = []
        if is_to_be_tried(experiment):
            self._tryouts.append(
                Tryout(lambda prober: _tried(experiment, prober), saying=TRYING, **given)
            )
        if experiment.aims.measures:
            self._tryouts.append(
                Tryout(lambda prober: _measured(experiment, prober), saying=MEASURING, **given)
            )

    def begin(self, forks: str | None) -> None:
        """Begin to try in forks, where there are forks; returns at once.

        Args:
            forks: Address of the template; None where there is none.
        """
        for tryout in self._tryouts:
            tryout.begin(forks)

    @property
    def is_tried(self) -> bool:
        """Whether nothing is under way."""
        return all(tryout.is_tried for tryout in self._tryouts)

    def check(self, executor: Prober) -> None:
        """Tell what came of it; try now what was not tried.

        Args:
            executor: Tries where there are no forks, or not any more.

        Raises:
            ConfigurationError: The search cannot begin, for whatever was found at fault.
        """
        for tryout in self._tryouts:
            findings = tryout.outcome(executor)
            faults = [finding.text for finding in findings if finding.kind == "fault"]
            if faults:
                raise ConfigurationError([*faults, "Nothing was started."])
            for finding in findings:
                self._stage(finding.text)


def _tried(experiment: Experiment, prober: Prober) -> tuple[Finding, ...]:
    verdict: Verdict = preflight(experiment, run_probe=prober.probe, time_limit_s=PREFLIGHT_S)
    return tuple(verdict.findings)


def _measured(experiment: Experiment, prober: Prober) -> tuple[Finding, ...]:
    return limit_findings(experiment, model_cost=prober.model_cost, time_limit_s=PREFLIGHT_S)
