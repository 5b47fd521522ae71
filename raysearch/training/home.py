"""Where on this machine does a worker write what belongs to a run directory in an object store?

The driver's paths are those of its own machine. A worker on another one takes the folder that this
machine has for the same run directory; its checkpoints come to the store as they are written, and
what else it wrote when its fit ends.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.run_dir.remote.mirrors import mirror_at, mirror_for

if TYPE_CHECKING:
    from raysearch.training.job import TrainingJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A run directory in an object store, and the folder that stands for it at the driver's."""

    address: str
    folder: str
    host: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether the driver is on another machine."""
        return self.host != socket.gethostname()


def home_of(run_dir: Path) -> Home | None:
    """Return what workers must know of a run directory; None where its path will do."""
    mirror = mirror_at(run_dir)
    if mirror is None:
        return None
    return Home(address=str(mirror.address), folder=str(mirror.path), host=socket.gethostname())


def settled(job: TrainingJob) -> TrainingJob:
    """Return a job with the paths of this machine, and make the folder that they begin with.

    The driver has spoken to the store, so it is waited for here where it does not answer.
    """
    home = job.home
    if home is None:
        return job
    mirror = mirror_for(home.address) if home.is_elsewhere else mirror_at(Path(home.folder))
    if mirror is not None:
        mirror.remote.expect()
    if not home.is_elsewhere:
        return job
    resume_from, start = job.resume_from, job.init_from
    return replace(
        job,
        directory=here(job.directory, home=home),
        resume_from=None if resume_from is None else here(resume_from, home=home),
        init_from=start and replace(start, checkpoint=here(start.checkpoint, home=home)),
        otherwise=None if job.otherwise is None else settled(job.otherwise),
    )


def here(path: str, *, home: Home | None) -> str:
    """Return the path that a file of the run directory has on this machine."""
    if home is None or not home.is_elsewhere:
        return path
    mirror = mirror_for(home.address)
    if mirror is None or not Path(path).is_relative_to(home.folder):
        return path
    return str(mirror.path / Path(path).relative_to(home.folder))


def leave(job: TrainingJob) -> None:
    """Bring what a fit wrote beside checkpoints to the store; the driver does it where it sees it.

    What cannot be brought there stays on this machine.
    """
    home = job.home
    if home is None or not home.is_elsewhere:
        return
    mirror = mirror_for(home.address)
    if mirror is not None:
        with suppress(OSError):
            mirror.push_changes()
