"""When is a checkpoint written, how does it come to disk whole, and is it still whole later?

What was written by torch is a zip archive with a checksum for each part, so damage is found without
loading torch, also where `torch.load` would take changed weights for good ones.
"""

from __future__ import annotations

import itertools
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from raysearch.run_dir.remote.mirrors import brought, local_copy
from raysearch.training.job import TrainingJob
from raysearch.trial import Checkpoint, Measurement


class CheckpointRule:
    """Says after which epochs a checkpoint can matter.

    After one that is the trial's best so far, the last one, one at which the trial may be paused,
    and so often that little is lost when the worker is.

    Args:
        job: Holds the objective, its best value before, and the intervals.
        now_s: The time as training begins, in seconds of any clock.
    """

    def __init__(self, job: TrainingJob, *, now_s: float) -> None:
        self.is_best = False
        """Whether the measurement that was last asked about is the best so far."""
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
        self.is_best = job.objective.is_better(value, self._best)
        if self.is_best:
            self._best = value
        is_due = self._is_time(measurement.epoch, now_s=now_s) or self.is_best or is_last
        if is_due:
            self._written_at = now_s
        return is_due

    def _is_time(self, epoch: int, *, now_s: float) -> bool:
        every_epochs, every_s = self._job.checkpoint_every_epochs, self._job.checkpoint_every_s
        asked = self._asked_epoch
        measured = self._job.epochs_before if asked is None else asked
        before = epoch - 1 if asked is None else asked
        self._asked_epoch = epoch
        if any(measured < at <= epoch for at in self._job.checkpoint_at):
            return True
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
        Writes the file under a temporary name, and renames it once it is on disk. Where the run
        directory lies in a store, it is there as well when this returns.
    """
    names = _names(epoch)
    path = directory / next(name for name in names if not (directory / name).exists())
    write_whole(save, path=path)
    size_bytes = path.stat().st_size
    while not brought(path):  # an attempt on another machine has left one of this name
        path = path.rename(directory / next(names))
    return Checkpoint(epoch=epoch, path=path.name, size_bytes=size_bytes)


def _names(epoch: int) -> Iterator[str]:
    yield f"epoch-{epoch:04d}.ckpt"
    for number in itertools.count(2):
        yield f"epoch-{epoch:04d}-{number}.ckpt"


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


def sound_start(job: TrainingJob) -> tuple[TrainingJob, dict[str, str]]:
    """Return the job from the newest checkpoint that is whole, or from the start.

    Args:
        job: As `job_for` makes it.

    Returns:
        That job, and what is wrong with each newer checkpoint, by its path. Nothing is raised: a
        file that cannot be read is as good as lost.
    """
    damaged: dict[str, str] = {}
    while job.resume_from is not None:
        path = local_copy(Path(job.resume_from))
        fault = damage(path, size_bytes=job.resume_bytes, is_zip=_is_zip(job))
        if path.is_symlink() or path.parent.is_symlink():
            fault = f"{path.name} is a symbolic link, or lies behind one"
        if fault is None:
            return replace(job, otherwise=None), damaged
        damaged[job.resume_from] = fault
        job = job.otherwise or replace(
            job,
            resume_from=None,
            epochs_before=0,
            seconds_before=0.0,
            joules_before=0.0,
            best_before=None,
        )
    return job, damaged


def _is_zip(job: TrainingJob) -> bool:
    """Return whether torch itself writes the job's checkpoints, as far as one can know."""
    return job.kind != "function" and not {"plugins", "strategy"} & job.trainer_arguments.keys()


def damage(path: Path, *, size_bytes: int | None, is_zip: bool = False) -> str | None:
    """Return what is wrong with a checkpoint, as "epoch-0009.ckpt is missing"; None if nothing is.

    The whole file is read, and its checksums are compared if it is a zip archive. One in another
    format, which a function of the user's may have written, counts as whole if its size is right.

    Args:
        path: The file.
        size_bytes: How long it was when it was written; None where nobody knows.
        is_zip: Whether it must be a zip archive.
    """
    found = path.stat().st_size if path.is_file() else None
    fault = size_fault(path, size_bytes=size_bytes, found=found)
    if fault is not None:
        return fault
    try:
        with path.open("rb") as file:
            if not is_zip and file.read(len(_ZIP_HEAD)) != _ZIP_HEAD:
                return None
            with zipfile.ZipFile(file) as archive:
                part = archive.testzip()
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror or error}"
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        return f"{path.name} is damaged: {error}"
    return None if part is None else f"{path.name} is damaged: {part} has changed"


def start_fault(path: Path) -> str | None:
    """Return why no model can begin from a file, and what to give instead; None if one may.

    The whole file is read, without torch; what it holds is not looked at.

    Args:
        path: What an experiment names as `init_from`.
    """
    right = (
        "Give a checkpoint of Lightning's, or a state_dict that torch.save has written, such as "
        "winner/model.ckpt in the run directory of another search; a relative path begins in the "
        "working directory."
    )
    if path.is_dir():
        winner = path / "winner" / "model.ckpt"
        right = f"Its winner is {winner}." if winner.is_file() else right
        return f"init_from is {path}, which is a folder. {right}"
    fault = damage(path, size_bytes=None, is_zip=True)
    return None if fault is None else f"init_from is {path}, and {fault}. {right}"


_ZIP_HEAD = b"PK\x03\x04"


def size_fault(path: Path, *, size_bytes: int | None, found: int | None) -> str | None:
    """Return whether a file is missing or not as long as it was; None if it is. Nothing is read.

    Args:
        path: The file.
        size_bytes: How long it was when it was written; None where nobody knows.
        found: How long it is; None where there is none.
    """
    if found is None:
        return f"{path.name} is missing"
    if found == size_bytes or (found and size_bytes is None):
        return None
    instead = f" instead of {size_bytes:,}" if found else ""
    return f"{path.name} is {found:,} bytes{instead}"
