"""What is each trial given, and what happens when it fails?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from raysearch.errors import ConfigurationError
from raysearch.experiment.values import FORM

KIND = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

MOST_WORKERS = 4096

OF_TYPE = 0.001
"""How much of a node's "accelerator_type:..." a process asks for: Ray gives each such node 1, to
mark it, and asks for as little itself."""

HALVE_BATCH = "halve_batch"
"""The choice of `Failures.on_oom` that is not the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one trial gets of the machines."""

    __pydantic_config__ = FORM

    cpus: Annotated[float, Field(ge=0, le=4096, strict=True)] = 1.0
    """CPU cores per trial; with several workers, of each."""
    gpus: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.0
    """GPUs per trial, up to one; with 0.25 four trials share a GPU, each with a quarter of its
    memory. For several GPUs per trial, write 1 and as many workers."""
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS, strict=True)] = 1
    """Processes that train a trial together, each with these cores and GPUs, on one node or on
    several. They share each batch: data.batch_size is that of all together."""
    accelerator_type: str | None = None
    """Kind of GPU that a trial needs, as Ray calls it, such as A100 or H100; null for any."""
    trials_per_worker: Annotated[int, Field(ge=1, strict=True)] | None = 1000
    """After how many trials a worker's process is replaced by a new one, so that what code leaks
    does not add up; null for never."""

    def __post_init__(self) -> None:
        if self.cpus == 0 and self.gpus == 0:
            raise ConfigurationError("A trial needs a share of a CPU or a GPU. Try cpus: 1.")
        if self.workers > 1 and 0 < self.gpus < 1:
            raise ConfigurationError(
                f"{self.workers} workers cannot share a GPU, as gpus {self.gpus:g} would have it. "
                "Write gpus: 1, or workers: 1."
            )
        kind = self.accelerator_type
        if kind is not None and not KIND.fullmatch(kind):
            raise ConfigurationError(
                f'accelerator_type is "{kind}". Write a kind of GPU as Ray calls it, such as A100 '
                "or H100."
            )
        if self.accelerator_type is not None and not self.gpus:
            raise ConfigurationError(
                f"accelerator_type is {self.accelerator_type}, and gpus is 0. Write gpus: 1, or "
                "leave accelerator_type out."
            )

    def of_worker(self) -> dict[str, float]:
        """Return what one process of a trial is given, as Ray calls it.

        Example:
            >>> Resources(gpus=0.5, accelerator_type="A100").of_worker()
            {'CPU': 1.0, 'GPU': 0.5, 'accelerator_type:A100': 0.001}
        """
        wanted = {"CPU": self.cpus, "GPU": self.gpus}
        if self.accelerator_type is not None:
            wanted[f"accelerator_type:{self.accelerator_type}"] = OF_TYPE
        return {name: amount for name, amount in wanted.items() if amount}

    def of_trial(self) -> dict[str, float]:
        """Return what all processes of a trial are given together, as Ray calls it.

        Example:
            >>> Resources(gpus=1, workers=4).of_trial()
            {'CPU': 4.0, 'GPU': 4}
        """
        return {name: amount * self.workers for name, amount in self.of_worker().items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What happens when a trial cannot be trained."""

    __pydantic_config__ = FORM

    attempts: Annotated[int, Field(ge=1, strict=True)] = 3
    """How often a trial is started at most when its worker is lost, or when it raises and
    `retry_exceptions` is set."""
    retry_exceptions: Annotated[bool, Field(strict=True)] = False
    """Whether a trial that raises, runs out of memory or is silent for too long is tried again from
    its last checkpoint, in a new process. By default it has failed: a result like any other."""
    timeout_s: Annotated[float, Field(ge=1, le=31_536_000, strict=True)] | None = None
    """Seconds that a trial may report nothing before it is ended as failed; null for any time.
    The loading of data counts with the first epoch, as do the imports of a new worker beyond two
    minutes: allow for the slowest."""
    on_oom: Literal["fail", "halve_batch"] = "fail"
    """What happens when memory runs out. fail: as with any exception. halve_batch: the trial is
    tried again, with data.batch_size half as large and twice as many batches to a step of the
    optimiser, `attempts` times in all."""
    replace_worker: Annotated[bool, Field(strict=True)] = True
    """Whether the process in which a trial raised is replaced before the next trial, which costs
    the seconds of its start. One that ran out of memory always is."""
    abort_after: Annotated[int, Field(ge=1, strict=True)] = 5
    """The search stops when the first this many trials have all failed."""
    abort_in_a_row: Annotated[int, Field(ge=1, strict=True)] | None = None
    """The search stops when this many trials have failed one after the other, whatever came before;
    null for any number."""
