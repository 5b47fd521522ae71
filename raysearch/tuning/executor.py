"""How do refit and test run where the trials ran?"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import cloudpickle

from raysearch.beside import begun
from raysearch.errors import TrialFailed
from raysearch.experiment import Resources
from raysearch.forking import NoTemplate, ProcessGone
from raysearch.preflight import Failure, Probe
from raysearch.results.executor import DOING, Split, failing_as_trial
from raysearch.run_dir.remote.mirrors import local_copy
from raysearch.training.job import TrainingJob
from raysearch.training.outcomes import Examined
from raysearch.training.repeating import Part
from raysearch.training.run import refuse_function
from raysearch.trial import Measurement
from raysearch.tuning.processes import Actors, Process, fork, go_together, group
from raysearch.tuning.side_by_side import side_by_side

T = TypeVar("T")

ATTEMPTS = 3
"""How often refit and test are tried when their process, or its node, goes away."""


class Executor:
    """Tries configurations, refits and tests, in one process at a time.

    Args:
        start: Starts that process.
        is_early: Whether it may be started beside the last trials; where it takes a GPU, one of
            them would wait for it.
        start_one: Starts one of several processes that work at once; like the others by default.
        slots: How many of these there may be, asked when they are wanted.
    """

    def __init__(
        self,
        start: Callable[[], Process],
        *,
        is_early: bool,
        start_one: Callable[[], Process] | None = None,
        slots: Callable[[], int] = lambda: 1,
    ) -> None:
        self._new = start
        self._is_early = is_early
        self._new_one = start_one or start
        self._slots = slots
        self._is_closed = False
        self._coming: Future[Process] | None = None

    def prepare(self) -> None:
        """Start the process if it may be started early; returns at once, safe to repeat."""
        if self._is_early and self._coming is None:
            self._coming = begun(self._new, name="raysearch-executor")

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try a configuration on a few batches; see `raysearch.preflight.probe`.

        A process that goes away meanwhile, as one does that is killed for its memory, is a failure
        of the configuration, and the next one is tried in a new process.
        """
        try:
            found: Probe = self._started().call("probe", job, thorough=thorough)
        except ProcessGone as error:
            self.release()
            summary = f"the process that tried it went away ({error})"
            lost = Failure(stage="training", cause="worker lost", summary=summary)
            return Probe(failure=lost)
        return found

    def model_cost(self, job: TrainingJob) -> dict[str, float]:
        """Return what a configuration's model costs; see `raysearch.training.model_cost`.

        Raises:
            Exception: Whatever the model or its data raise; `TrialFailed` if the process went away.
        """
        found: dict[str, float] = self._call("model_cost", job)
        return found

    def release(self) -> None:
        """End the process, so that its memory is free for trials; a later call starts a new one."""
        coming, self._coming = self._coming, None
        if coming is not None:
            with suppress(Exception):  # it never came
                coming.result().close()

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train the job's configuration on train + validation data, and write its checkpoint.

        Raises:
            TrialFailed: The training failed, or its process went away again and again.
            RunDirectoryError: The disk is full.
        """
        self._call("refit", job, epochs=epochs, path=path)
        local_copy(path)  # where another machine has trained it

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

    def examine(self, job: TrainingJob, *, checkpoint: Path, split: Split) -> Examined:
        """Return the metrics of a checkpoint on one split, and what became of each example.

        Raises:
            TrialFailed: It raised, or its process went away again and again.
        """
        found: Examined = self._call("examine", job, checkpoint=str(checkpoint), split=split)
        return found

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> dict[str, bytes]:
        """Return what a model draws of what it has learnt: PNG files by name, none for most.

        Raises:
            TrialFailed: It raised, or its process went away again and again.
        """
        pictures: dict[str, bytes] = self._call("draw", job, checkpoint=str(checkpoint))
        return pictures

    def each(
        self, works: Sequence[Callable[[Executor], T]]
    ) -> Generator[tuple[int, T | TrialFailed]]:
        """Do pieces of work, as many at once as trials were; see `results.Executor`."""
        if not self._is_early:
            self.release()  # the GPU that its process has is wanted
        yield from side_by_side(
            works,
            make=lambda: Executor(self._new_one, is_early=False),
            at_once=max(1, self._slots()),
        )

    def repeat(self, line: Sequence[Part]) -> Measurement:
        """Return what one training came to; see `raysearch.training.repeating`.

        Raises:
            TrialFailed: It raised, or its process went away again and again.
            RunDirectoryError: The disk is full.
        """
        found: Measurement = self._call("repeat", line[-1].job, line=list(line))
        return found

    def close(self) -> None:
        """End the process for good, also while another thread waits for it."""
        self._is_closed = True
        self.release()

    def _started(self) -> Process:
        self._refuse_closed()
        if self._coming is None:
            self._coming = begun(self._new, name="raysearch-executor")
        try:
            process = self._coming.result()
        except BaseException:
            self._coming = None
            raise
        try:
            self._refuse_closed()
        except ProcessGone:
            process.close()
            raise
        return process

    def _refuse_closed(self) -> None:
        """Start nothing that nobody would end: another thread may close this at any time."""
        if self._is_closed:
            raise ProcessGone("it is not wanted any more")

    def _call(self, method: str, job: TrainingJob, **keywords: Any) -> Any:
        if method != "repeat":
            refuse_function(job)  # for which no process need be started
        gone: ProcessGone | None = None
        for _ in range(ATTEMPTS):
            with failing_as_trial(job, doing=DOING[method]):
                try:
                    return self._started().call(method, job, **keywords)
                except ProcessGone as error:
                    if self._is_closed:
                        raise
                    self.release()
                    gone = error
                except BaseException:
                    if go_together(method, job):
                        self.release()  # several processes have ended with it
                    raise
        raise TrialFailed(
            f"trial {job.trial} could not be handed over: the process that was to {method} it "
            f"went away {ATTEMPTS} times ({gone}). The search and all its trials are kept."
        ) from gone


def executor(
    resources: Resources,
    *,
    example: TrainingJob,
    objects: Mapping[str, Any],
    template: str | None,
    slots: Callable[[], int] = lambda: 1,
) -> Executor:
    """Return an executor that works in forks of the template, or else in Ray actors.

    Args:
        resources: What one trial is given. With several workers, as many processes refit together.
        example: A job such as will be handed over.
        objects: Objects without an import path that jobs name.
        template: Address of the template; None for none.
        slots: How many trainings fit at once, asked when leaders are trained again.
    """
    data = cloudpickle.dumps(dict(objects))
    given: dict[str, Any] = {"example": example, "objects": data}

    def start(claims: bool = False) -> Process:
        if resources.workers > 1:
            return group(resources, template=template, **given)
        if template is not None:
            with suppress(NoTemplate, ProcessGone):  # it has ended
                return fork(template, **given)
        return Actors(resources, **given).one(claims=claims)

    return Executor(
        start,
        # a function is neither refitted nor tested
        is_early=not resources.gpus and example.kind != "function",
        start_one=lambda: start(claims=True),
        slots=slots,
    )


def forked_executor(template: str, *, example: TrainingJob, objects: Mapping[str, Any]) -> Executor:
    """Return an executor that works in forks alone, and so without Ray; see `executor`.

    What it does raises `NoTemplate` where none answers.
    """
    data = cloudpickle.dumps(dict(objects))
    return Executor(lambda: fork(template, example=example, objects=data), is_early=True)
