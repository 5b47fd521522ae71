"""How do several processes train one trial together?

Each is a rank with a fit of its own, over its share of every batch; Lightning's strategy adds up
their gradients. Rank 0 alone reports and writes checkpoints; what it is told, all are told, at the
end of each epoch. They meet where rank 0 listens, at a port that nobody chose beforehand.

For Lightning each rank is a node with one device, since Ray shows every process its own GPU alone.
So any strategy of its own serves, and none has to be derived from.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

from raysearch.training.job import Rank, TrainingJob
from raysearch.training.peers import ALONE, Peers

T = TypeVar("T")

MEET_S = 600.0
"""How long a rank waits for the others, which may still be importing, in seconds."""

TIMEOUT = timedelta(days=7)
"""How long an exchange may take. Processes that are lost are noticed at once, by their connection
or by Ray; how long one may be silent is for `failures.timeout_s` to say."""

LOOPBACK = "127.0.0.1"

_listening: list[socket.socket] = []
"""The socket at which this process, a rank 0, awaits the others; at most one."""


def is_first(job: TrainingJob) -> bool:
    """Return whether this is the process that writes and reports what becomes of a job."""
    return job.rank is None or job.rank.number == 0


class Together:
    """One of several processes, connected by torch's default process group.

    Args:
        rank: Which one.
    """

    def __init__(self, rank: Rank) -> None:
        self.is_first = rank.number == 0
        self._size = rank.of

    def agreed(self, decide: Callable[[], bool]) -> bool:
        """Return what rank 0 decides."""
        import torch

        answer = torch.tensor([int(decide()) if self.is_first else 0], dtype=torch.int64)
        torch.distributed.broadcast(answer, src=0)
        return bool(answer.item())

    def all(self, holds: bool) -> bool:
        """Return whether it holds for all."""
        return all(self.gathered(holds))

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the mean of each value over those who have it.

        What Lightning has reduced already is the same everywhere, and is returned as it is.
        """
        everywhere = self.gathered(dict(values))
        names = dict.fromkeys(name for found in everywhere for name in found)
        return {name: _mean([v[name] for v in everywhere if name in v]) for name in names}

    def told(self, found: T) -> T:
        """Return what rank 0 has found."""
        import torch

        held = [found if self.is_first else None]
        torch.distributed.broadcast_object_list(held, src=0)
        return cast("T", held[0])

    def gathered(self, found: T) -> list[T]:
        """Return what each has found."""
        import torch

        gathered: list[Any] = [None] * self._size
        torch.distributed.all_gather_object(gathered, found)
        return gathered


def _mean(values: list[float]) -> float:
    return values[0] if len(set(values)) == 1 else sum(values) / len(values)


def await_ranks(host: str) -> str:
    """Listen for the other ranks of a job that this process is about to train; load no torch.

    Args:
        host: The address of this machine at which they reach it.

    Returns:
        Where they meet, as HOST:PORT.

    Side effects:
        Opens a port of that address alone, until `joined` ends or `await_nobody` is called.
    """
    await_nobody()
    listening = socket.create_server((host, 0), backlog=4096)
    _listening.append(listening)
    return f"{host}:{listening.getsockname()[1]}"


def await_nobody() -> None:
    """Close the port of `await_ranks`, if it is still open; whoever waits there is let down."""
    while _listening:
        _listening.pop().close()


@contextmanager
def joined(job: TrainingJob) -> Iterator[Peers]:
    """Join the ranks of a job meanwhile, if it has several.

    Args:
        job: What is trained. Rank 0 has called `await_ranks` before.

    Side effects:
        Sets GLOO_SOCKET_IFNAME where they meet on loopback: run inside `isolated`. torch's default
        process group, and the rank that Lightning keeps for the process, are put back at the end.
    """
    if job.rank is None:
        yield ALONE
        return
    import torch

    store = _store(job.rank)
    _keep_to_loopback(job.rank)
    is_on_gpu = job.accelerator != "cpu" and torch.cuda.is_available()
    torch.distributed.init_process_group(
        backend="cpu:gloo,cuda:nccl" if is_on_gpu else "gloo",
        store=store,
        rank=job.rank.number,
        world_size=job.rank.of,
        timeout=TIMEOUT,
    )
    try:
        yield Together(job.rank)
    finally:
        torch.distributed.destroy_process_group()
        _forget_rank()


def _store(rank: Rank) -> Any:
    """Return the store through which ranks find each other, which rank 0 serves."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    host, _, port = rank.meeting.rpartition(":")
    listening: dict[str, Any] = {}
    if rank.number == 0:
        listening = {"is_master": True, "master_listen_fd": _listening.pop().detach()}
    return TCPStore(
        host,
        int(port),
        world_size=rank.of,
        wait_for_workers=False,
        timeout=timedelta(seconds=MEET_S),
        **listening,
    )


def _keep_to_loopback(rank: Rank) -> None:
    """Let gloo, which listens where the machine's name leads otherwise, listen on loopback only."""
    import os

    if rank.meeting.startswith(f"{LOOPBACK}:"):
        names = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
        os.environ["GLOO_SOCKET_IFNAME"] = names[0] if names else "lo"


def _forget_rank() -> None:
    from lightning_utilities.core.rank_zero import rank_zero_only

    rank_zero_only.rank = 0  # type: ignore[attr-defined]  # as Lightning sets it


class OneOfSeveral:
    """Tells Lightning which rank this process is; from "plugins.environments:LightningEnvironment".

    Args:
        rank: Which one.
    """

    creates_processes_externally = True

    def __init__(self, rank: Rank) -> None:
        super().__init__()
        self._rank = rank

    @property
    def main_address(self) -> str:
        """Where ranks meet."""
        return self._rank.meeting.rpartition(":")[0]

    @property
    def main_port(self) -> int:
        """At which port of it; they have met when Lightning asks."""
        return int(self._rank.meeting.rpartition(":")[2])

    def world_size(self) -> int:
        """How many ranks there are."""
        return self._rank.of

    def set_world_size(self, size: int) -> None:
        """Leave it: it is known."""

    def global_rank(self) -> int:
        """Which one this is."""
        return self._rank.number

    def set_global_rank(self, rank: int) -> None:
        """Leave it: it is known."""

    def local_rank(self) -> int:
        """Which device it has of those that it sees: the only one."""
        return 0

    def node_rank(self) -> int:
        """Which node it is: each rank is one for Lightning."""
        return self._rank.number
