"""Which workers are free, and which of them are there at all? Nodes come and go."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from raysearch.randomness import generator
from raysearch.simulation.conditions import Conditions


@dataclass(frozen=True, slots=True)
class Absence:
    """A node was lost."""

    node: int
    began_at: float
    ended_at: float
    """When another one came in its place, in seconds of the search."""
    n_workers: int


class Nodes:
    """The workers, node by node.

    Args:
        n_workers: Of all nodes together; the last node may have fewer than the others.
        conditions: How many workers a node has, and how often one is lost.
    """

    def __init__(self, n_workers: int, *, conditions: Conditions) -> None:
        self.absences: list[Absence] = []
        self._conditions = conditions
        self._free = list(range(n_workers))
        heapify(self._free)
        self._n_workers = n_workers
        self._gone: set[int] = set()  # nodes
        self._n_losses = [0] * -(-n_workers // conditions.workers_per_node)

    def __len__(self) -> int:
        """Return how many nodes there are when all are there."""
        return len(self._n_losses)

    @property
    def has_free(self) -> bool:
        """Whether a worker is free."""
        return bool(self._free)

    @property
    def are_all_there(self) -> bool:
        """Whether no node is to come back."""
        return not self._gone

    def take(self) -> int:
        """Return the free worker with the lowest number, which is free no more."""
        return heappop(self._free)

    def release(self, worker: int) -> None:
        """Take note that a worker is free, if its node is still there."""
        if self.node_of(worker) not in self._gone:
            heappush(self._free, worker)

    def node_of(self, worker: int) -> int:
        """Return the node of a worker."""
        return worker // self._conditions.workers_per_node

    def workers_of(self, node: int) -> range:
        """Return the workers of a node."""
        each = self._conditions.workers_per_node
        return range(node * each, min((node + 1) * each, self._n_workers))

    def next_loss_of(self, node: int, *, now: float) -> float | None:
        """Return when a node that is there will be lost, in seconds; None for never."""
        mean = self._conditions.mean_seconds_to_node_loss
        if mean is None:
            return None
        number = self._n_losses[node]
        rng = generator(self._conditions.seed, role=f"loss {number} of a node", number=node)
        return now + float(rng.exponential(mean))

    def lose(self, node: int, *, now: float) -> float:
        """Take a node away, and return when another one comes in its place."""
        self._n_losses[node] += 1
        self._gone.add(node)
        workers = self.workers_of(node)
        self._free = [worker for worker in self._free if worker not in workers]
        heapify(self._free)
        ends_at = now + self._conditions.node_returns_seconds
        self.absences.append(Absence(node, now, ends_at, len(workers)))
        return ends_at

    def come_back(self, node: int) -> None:
        """Take note that a node is there again, with all its workers free."""
        self._gone.discard(node)
        for worker in self.workers_of(node):
            heappush(self._free, worker)
