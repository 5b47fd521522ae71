"""How is much work done at once, where the trials ran?

Each piece in a process of its own, as many at a time as trials were. A process is used again for
the next piece, and all are ended when nobody wants more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol, TypeVar

from raysearch.beside import begun
from raysearch.errors import RunDirectoryError, TrialFailed


class Worker(Protocol):
    """Does one piece of work after another, in a process of its own."""

    def close(self) -> None:
        """End the process, now and for good, also while it works."""
        ...


W = TypeVar("W", bound=Worker)
T = TypeVar("T")


def side_by_side(
    works: Sequence[Callable[[W], T]], *, make: Callable[[], W], at_once: int
) -> Generator[tuple[int, T | TrialFailed]]:
    """Yield what each piece of work came to, with its place in `works`, in the order of their ends.

    Args:
        works: Each is done by a worker, in a thread of its own.
        make: Makes a worker, whose process starts with its first work.
        at_once: Pieces at a time, at least 1.

    Raises:
        RunDirectoryError: The disk is full, which says nothing of the work.

    Side effects:
        What is still at work when the caller stops to ask is ended.
    """
    waiting = deque(enumerate(works))
    idle = [make() for _ in range(min(at_once, len(waiting)))]
    at_work: dict[Future[T], tuple[int, W]] = {}

    def begin() -> None:
        while waiting and idle:
            (place, work), worker = waiting.popleft(), idle.pop()
            at_work[begun(_bound(work, worker), name="raysearch-beside")] = place, worker

    try:
        begin()
        while at_work:
            done, _ = wait(at_work, return_when=FIRST_COMPLETED)
            outcomes: list[tuple[int, T | TrialFailed]] = []
            for future in done:
                place, worker = at_work.pop(future)
                idle.append(worker)
                outcome = _outcome(place, future)
                outcomes.append(outcome)
            begin()  # before what has come is looked at, which may take a while
            while idle:  # what one holds may be what another one waits for
                idle.pop().close()
            yield from outcomes
    finally:
        for worker in [*idle, *(worker for _, worker in at_work.values())]:
            worker.close()


def _bound(work: Callable[[W], T], worker: W) -> Callable[[], T]:
    return lambda: work(worker)


def _outcome(place: int, future: Future[T]) -> tuple[int, T | TrialFailed]:
    try:
        return place, future.result()
    except RunDirectoryError:
        raise
    except TrialFailed as error:
        return place, error
