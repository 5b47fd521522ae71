"""What does a configuration come to when it is trained once more, with another seed?

As the search trained it: on training data alone, validated as it goes, with its schedules laid out
for a whole trial. It ends after a given number of epochs, and is worth what it has reached there.
Nothing of it is kept but that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from raysearch.errors import TrialFailed
from raysearch.init_from import InitFrom
from raysearch.scratch import scratch_folder
from raysearch.training.job import Report, TrainingJob
from raysearch.training.peers import ALONE, Peers, hand_out
from raysearch.training.ranks import joined
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
    with scratch_folder("repeat") as folder, _together(line[-1].job) as peers:
        train = partial(_train, peers=peers)
        for number, part in enumerate(line):
            job, path = begins_with(part.job, begun), folder / f"{number}.ckpt"
            job = replace(job, directory=str(folder / str(number)))
            measurement = replay(job, epochs=part.epochs, path=path, train=train, peers=peers)
            if part is not line[-1]:
                hand_out(path, peers=peers)
            begun = path
    return measurement


@contextmanager
def _together(job: TrainingJob) -> Iterator[Peers]:
    """Join the ranks of a job, if it has several, for all trainings of its line."""
    if job.rank is None:
        yield ALONE
        return
    from raysearch.training.isolation import isolated

    with isolated(threads=job.threads), joined(job) as peers:
        yield peers


def begins_with(job: TrainingJob, checkpoint: Path | None) -> TrainingJob:
    """Return a job of a line that begins with the weights of the one before it.

    Args:
        job: Begins with a model of another trial's, or with one of its own.
        checkpoint: What was trained before it; None for the first of a line.
    """
    if checkpoint is None or job.init_from is None:
        return job
    return replace(job, init_from=InitFrom(checkpoint=str(checkpoint), parent=job.init_from.parent))


def _train(job: TrainingJob, *, epochs: int, path: Path, peers: Peers = ALONE) -> Measurement:
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
    train(job, report=wants_more, may_run_ahead=False, peers=peers)
    last = peers.told(reports[-1] if reports else None)  # rank 0 alone reports
    if last is None:
        raise TrialFailed(
            f"Trial {job.trial} was trained again with another seed, and was never measured."
        )
    if last.checkpoint is not None and peers.is_first:
        (Path(job.directory) / last.checkpoint.path).replace(path)
    return last.measurement
