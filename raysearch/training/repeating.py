"""What does a configuration come to when it is trained once more, with another seed?

As the search trained it: on training data alone, validated as it goes, with its schedules laid out
for a whole trial. It ends after a given number of epochs, and is worth what it has reached there.
Nothing of it is kept but that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from raysearch.errors import TrialFailed
from raysearch.init_from import InitFrom
from raysearch.scratch import scratch_folder
from raysearch.training.job import Report, TrainingJob
from raysearch.training.replaying import replay
from raysearch.training.run import train
from raysearch.trial import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A training of so many epochs."""

    job: TrainingJob
    """Of the repeat that is wanted."""
    epochs: int
    """Epochs, or rounds, after which it ends."""


def repeat(line: Sequence[Part]) -> Measurement:
    """Train a configuration, after those with whose weights it begins, and return its last epoch.

    Args:
        line: The oldest first, each of which begins with the weights of the one before; what is
            wanted is the last one, and as a rule the only one.

    Returns:
        The measurement after its epochs; where its own code ended it before, the last one.

    Raises:
        ConfigurationError: A class cannot be loaded.
        TrialFailed: It was never measured. What model or data raise passes through.

    Side effects:
        Writes checkpoints to a temporary folder, which is removed.
    """
    begun: Path | None = None
    with scratch_folder("repeat") as folder:
        for number, part in enumerate(line):
            job, path = _begins(part.job, begun), folder / f"{number}.ckpt"
            job = replace(job, directory=str(folder / str(number)))
            measurement = replay(job, epochs=part.epochs, path=path, train=_train)
            begun = path
    return measurement


def _begins(job: TrainingJob, begun: Path | None) -> TrainingJob:
    """Return a job that begins with the model that was trained before it."""
    if begun is None or job.init_from is None:
        return job
    return replace(job, init_from=InitFrom(checkpoint=str(begun), parent=job.init_from.parent))


def _train(job: TrainingJob, *, epochs: int, path: Path) -> Measurement:
    """Train a job up to an epoch, and leave its checkpoint, if it writes any, at `path`."""
    reports: list[Report] = []

    def wants_more(report: Report) -> bool:
        for earlier in reports:  # nobody will go on from there
            if earlier.checkpoint is not None:
                (Path(job.directory) / earlier.checkpoint.path).unlink(missing_ok=True)
        reports[:] = [report]
        return report.measurement.epoch < epochs

    job = replace(  # of a trial that may have gone on from a checkpoint of its own
        job,
        checkpoint_at=(epochs,),
        epochs_before=0,
        seconds_before=0.0,
        joules_before=0.0,
        best_before=None,
    )
    train(job, report=wants_more, may_run_ahead=False)
    if not reports:
        raise TrialFailed(
            f"Trial {job.trial} was trained again with another seed, and was never measured."
        )
    last = reports[-1]
    if last.checkpoint is not None:
        (Path(job.directory) / last.checkpoint.path).replace(path)
    return last.measurement
