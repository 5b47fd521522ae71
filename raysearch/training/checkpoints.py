"""When is a checkpoint written, and how does it come to disk whole?"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

from raysearch.training.job import TrainingJob
from raysearch.trial import Checkpoint, Measurement


class CheckpointRule:
    """Says after which epochs a checkpoint can matter.

    After one that is the trial's best so far, the last one, and so often that little is lost when
    the worker is.

    Args:
        job: Holds the objective, its best value before, and the intervals.
        now_s: The time as training begins, in seconds of any clock.
    """

    def __init__(self, job: TrainingJob, *, now_s: float) -> None:
        self._job = job
        self._best = job.best_before
        self._written_at = now_s
        self._asked_epoch: int | None = None

    def is_due(self, measurement: Measurement, *, is_last: bool, now_s: float) -> bool:
        """Return whether a checkpoint is to be written now; called once for each measurement.

        Args:
            measurement: Of the epoch that has just ended.
            is_last: Whether no other epoch follows.
            now_s: The time, on the clock of the constructor.
        """
        job = self._job
        value = measurement.values.get(job.objective.metric)
        is_best = job.objective.is_better(value, self._best)
        if is_best:
            self._best = value
        is_due = self._is_time(measurement.epoch, now_s=now_s) or is_best or is_last
        if is_due:
            self._written_at = now_s
        return is_due

    def _is_time(self, epoch: int, *, now_s: float) -> bool:
        every_epochs, every_s = self._job.checkpoint_every_epochs, self._job.checkpoint_every_s
        before = epoch - 1 if self._asked_epoch is None else self._asked_epoch
        self._asked_epoch = epoch
        if every_epochs is not None and epoch // every_epochs > before // every_epochs:
            return True
        return every_s is not None and now_s - self._written_at >= every_s


def add_checkpoint(save: Callable[[Path], None], *, directory: Path, epoch: int) -> Checkpoint:
    """Write a checkpoint under a name that nothing has yet.

    Args:
        save: Writes the checkpoint to the path it is given.
        directory: The trial's folder.
        epoch: Epochs trained.

    Returns:
        The checkpoint, whose path is the file's name: "epoch-0009.ckpt", or "epoch-0009-2.ckpt"
        when an earlier attempt left one of that epoch, and so on.

    Side effects:
        Writes the file under a temporary name, and renames it once it is on disk.
    """
    for number in itertools.count(1):
        name = f"epoch-{epoch:04d}.ckpt" if number == 1 else f"epoch-{epoch:04d}-{number}.ckpt"
        if not (directory / name).exists():
            break
    write_whole(save, path=directory / name)
    return Checkpoint(epoch=epoch, path=name, size_bytes=(directory / name).stat().st_size)


def write_whole(save: Callable[[Path], None], *, path: Path) -> None:
    """Write a file so that whoever sees it sees all of it, even if the machine stops here.

    Args:
        save: Writes to the path it is given.
        path: Where the file shall be; one that is there is replaced.

    Side effects:
        Makes the folder. Safe to repeat; what is left of a broken attempt is a file
        ".<name>.<process id>.tmp" beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save(temporary)
        _sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
