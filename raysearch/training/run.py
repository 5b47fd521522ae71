"""How is a configuration trained, whether Lightning does it or a function of the user's?

The front of this package: nothing of torch or Lightning is imported before it is known that they
are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from raysearch.errors import Unsupported
from raysearch.training.job import Ending, Report, TrainingJob
from raysearch.training.outcomes import Examined
from raysearch.training.peers import Peers
from raysearch.trial import Measurement

_BY_ITSELF = "the model is a function that trains by itself, so only that function knows how"


def train(
    job: TrainingJob,
    *,
    report: Callable[[Report], bool],
    may_run_ahead: bool = True,
    peers: Peers | None = None,
) -> Ending:
    """Train a configuration and report its measurements; see `fit.train` and `function`."""
    if job.kind == "function":
        from raysearch.training.function import train_function

        return train_function(job, report=report)
    from raysearch.training import fit

    return fit.train(job, report=report, may_run_ahead=may_run_ahead, peers=peers)


def refuse_function(job: TrainingJob) -> None:
    """Refuse what only Lightning can do.

    Raises:
        Unsupported: The model is a function that trains by itself.
    """
    if job.kind == "function":
        raise Unsupported(_BY_ITSELF)


def model_cost(job: TrainingJob) -> dict[str, float]:
    """Return what a job's model costs, before it is trained; see `model_cost`.

    Raises:
        Unsupported: The model is a function that trains by itself.
    """
    refuse_function(job)
    from raysearch.training import model_cost as measuring

    return measuring.model_cost(job)


def refit(job: TrainingJob, *, epochs: int, path: Path) -> Measurement:
    """Train a configuration on training and validation data together; see `fit.refit`.

    Raises:
        Unsupported: The model is a function that trains by itself.
    """
    refuse_function(job)
    from raysearch.training import fit

    return fit.refit(job, epochs=epochs, path=path)


def evaluate(
    job: TrainingJob, *, checkpoint: str, split: Literal["validation", "test"]
) -> Mapping[str, float | None]:
    """Return the metrics of a checkpoint on one split; see `evaluating.evaluate`.

    Raises:
        Unsupported: The model is a function that trains by itself.
    """
    refuse_function(job)
    from raysearch.training import evaluating

    return evaluating.evaluate(job, checkpoint=checkpoint, split=split)


def examine(job: TrainingJob, *, checkpoint: str, split: Literal["validation", "test"]) -> Examined:
    """Return the metrics of a checkpoint, and of each example; see `evaluating.examine`.

    Raises:
        Unsupported: The model is a function that trains by itself.
    """
    if job.kind == "function":
        raise Unsupported(_BY_ITSELF)
    from raysearch.training import evaluating

    return evaluating.examine(job, checkpoint=checkpoint, split=split)


def draw(job: TrainingJob, *, checkpoint: str) -> dict[str, bytes]:
    """Return the pictures that a model draws, as PNG files; see `drawing.draw`."""
    if job.kind != "module":
        return {}
    from raysearch.training import drawing

    return drawing.draw(job, checkpoint=checkpoint)
