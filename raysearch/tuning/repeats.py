"""How are many trainings done at once, where the trials ran?

Each in a process of its own, as many at a time as trials were. A process is used again for the
next training, and all are ended when nobody wants more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from raysearch.beside import begun
from raysearch.errors import RunDirectoryError, TrialFailed
from raysearch.results.executor import Repeated
from raysearch.training.repeating import Part
from raysearch.trial import Measurement


class Worker(Protocol):
    """Trains one after another, in a process of its own."""

    def repeat(self, line: Sequence[Part]) -> Measurement:
        """Return what a training came to."""
        ...

    def close(self) -> None:
        """End the process, now and for good, also while it trains."""
        ...


def repeats(
    lines: Sequence[Sequence[Part]], *, make: Callable[[], Worker], at_once: int
) -> Generator[tuple[int, Repeated]]:
    """Yield what each training came to, with its place in `lines`, in the order of their ends.

    Args:
        lines: See `training.repeating.repeat`.
        make: Makes a worker, whose process starts with its first training.
        at_once: Trainings at a time, at least 1.

    Raises:
        RunDirectoryError: The disk is full.

    Side effects:
        What still trains when the caller stops to ask is ended.
    """
    waiting = deque(enumerate(lines))
    idle = [make() for _ in range(min(at_once, len(waiting)))]
    at_work: dict[Future[Measurement], tuple[int, Worker]] = {}
    try:
        while waiting or at_work:
            while waiting and idle:
                (place, line), worker = waiting.popleft(), idle.pop()
                future = begun(_training(worker, line), name="raysearch-repeat")
                at_work[future] = place, worker
            done, _ = wait(at_work, return_when=FIRST_COMPLETED)
            for future in done:
                place, worker = at_work.pop(future)
                if waiting:
                    idle.append(worker)
                else:
                    worker.close()  # what it holds may be what another one waits for
                yield place, _outcome(future)
    finally:
        for worker in [*idle, *(worker for _, worker in at_work.values())]:
            worker.close()


def _training(worker: Worker, line: Sequence[Part]) -> Callable[[], Measurement]:
    return lambda: worker.repeat(line)


def _outcome(future: Future[Measurement]) -> Repeated:
    try:
        return future.result()
    except RunDirectoryError:
        raise  # the disk is full, which says nothing of the training
    except TrialFailed as error:
        return error
