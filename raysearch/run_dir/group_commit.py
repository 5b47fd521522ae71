"""How do many trials wait for one write instead of one after the other?

A decision may have no effect before the journal holds it, and a write takes a while: milliseconds
on a disk, a twentieth of a second in an object store. So what happens while one write is under way
is gathered, and goes into the next one, a group commit. State and searcher know of it at once; what
it leads to outside this process waits for the write.

    commit = GroupCommit(journal)              # an EventSink, in front of another one
    with commit.gathered():                    # no write is under way
        decisions = [engine.measured(...) for ...]
    ...                                        # something else, until commit.is_settled
    commit.settle()                            # raises what the write raised
    ...                                        # now the decisions may be carried out

References:
    DeWitt et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984,
    section 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager

from raysearch.beside import begun
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import EventSink


class GroupCommit:
    """A journal that can write in a thread of its own, one write at a time, in order.

    Outside `gathered` it writes at once, as the one behind it does. Used from one thread.

    Args:
        journal: Where events are kept.
    """

    def __init__(self, journal: EventSink) -> None:
        self._journal = journal
        self._gathered: list[Event] | None = None
        self._coming: Future[None] | None = None
        self._afterwards: list[Callable[[], None]] = []
        self._fault: Exception | None = None

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events: when this returns they are written, or gathered for the next write.

        Raises:
            RunDirectoryError: This write, or the one that was under way, failed.
        """
        if self._gathered is not None:
            self._gathered.extend(events)
            return
        self.settle()
        self._journal.append(events)

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do something once all that was appended is written; see `settle`."""
        if self._gathered is None and self._coming is None:
            self._journal.afterwards(action)
        else:
            self._afterwards.append(action)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Gather what is appended meanwhile; at the end one write of it begins, in a thread.

        Raises:
            RunDirectoryError: The write that was under way failed.
        """
        self.settle()
        gathered = self._gathered = []
        try:
            yield
        finally:
            self._gathered = None
            if gathered:
                write = self._journal.append
                self._coming = begun(lambda: write(gathered), name="raysearch-journal")
            else:
                self._do_afterwards()

    @property
    def is_settled(self) -> bool:
        """Whether no write is under way; `settle` then returns at once."""
        return self._coming is None or self._coming.done()

    def settle(self) -> None:
        """Wait for the write that is under way, and do what was to follow it.

        Raises:
            RunDirectoryError: It failed; then nothing follows it, and no write after it succeeds.
        """
        if self._fault is not None:
            raise self._fault
        if self._coming is not None:
            try:
                self._coming.result()  # where Ctrl-C comes meanwhile, it is still under way
            except Exception as error:
                self._coming, self._fault = None, error
                self._afterwards.clear()
                raise
            self._coming = None
        self._do_afterwards()

    def wait(self) -> None:
        """Wait for the write that is under way, whatever becomes of it."""
        if self._coming is not None:
            wait([self._coming])

    def _do_afterwards(self) -> None:
        actions, self._afterwards = self._afterwards, []
        for action in actions:
            action()
