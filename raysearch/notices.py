"""What asks this process to end? Signals that say it soon will be ended, and `stop`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

NOTICES = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What terminals, batch systems and clouds send some time before they take a machine away. SIGTERM:
systemd when a spot machine is reclaimed, Kubernetes, Slurm. SIGHUP: a terminal that closes. SIGUSR1
and SIGUSR2: Slurm's `--signal`, Grid Engine's `-notify`, LSF's warnings. Left to itself, each of
them would end the process at once."""


class Stopped(KeyboardInterrupt):
    """`stop` asked for the end of a session in which nothing had begun yet."""


def heeded() -> list[signal.Signals]:
    """Return the notices that are heeded: all but those that are ignored, as SIGHUP by `nohup`."""
    return [number for number in NOTICES if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def unheard_by_children() -> Iterator[None]:
    """Let processes that are started meanwhile be deaf to what a terminal or batch system sends.

    It is often sent to all processes of a group or a job, and would end them before the search has
    saved. What comes meanwhile is heard here afterwards.
    """
    notices = {signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, notices)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
