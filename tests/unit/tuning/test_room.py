"""How often a cluster is asked for its size."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from raysearch.experiment import Resources
from raysearch.tuning import room
from raysearch.tuning.capacity import Capacity, NodeKind
from raysearch.tuning.cluster import Cluster
from raysearch.tuning.room import ASK_EVERY_S, Room

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune


@dataclass
class Wanted:
    """What a room looks at of an experiment."""

    parallel: int | None = None
    resources: Resources = field(default_factory=Resources)


@dataclass
class Nodes:
    """A cluster of so many nodes with one core each, and a clock that asking it moves on."""

    count: int = 4
    asking_takes_s: float = 0.0
    now: float = 100.0
    asked: int = 0

    def capacity(self) -> Capacity:
        self.asked += 1
        self.now += self.asking_takes_s
        return Capacity(now=(NodeKind(count=self.count, cpus=1, gpus=0),))


@pytest.fixture
def nodes(monkeypatch):
    nodes = Nodes()
    monkeypatch.setattr(room, "capacity", nodes.capacity)
    monkeypatch.setattr(room.time, "monotonic", lambda: nodes.now)
    return nodes


def room_on(*, is_private=False, parallel=None):
    cluster = Cluster(scratch=Path("scratch"), is_private=is_private)
    return Room(Wanted(parallel=parallel), cluster=cluster)


def test_it_follows_the_cluster_within_a_second(nodes):
    found = room_on()
    assert found.slots() == 4
    nodes.count = 3
    assert found.slots() == 4
    nodes.now += ASK_EVERY_S
    assert found.slots() == 3
    assert found.has == {"cpus": 3.0, "gpus": 0.0, "nodes": 3.0, "slots": 3.0}


def test_asking_a_large_cluster_takes_a_small_share_of_the_time(nodes):
    nodes.asking_takes_s = 0.5
    found, begun_at = room_on(), nodes.now
    while nodes.now < begun_at + 200.0:
        found.slots()
        nodes.now += 0.1
    assert 7 <= nodes.asked <= 9  # half a second in 25


def test_a_private_one_is_asked_once_since_it_does_not_change(nodes):
    found = room_on(is_private=True)
    for _ in range(3):
        assert found.slots() == 4
        nodes.now += 60.0
    assert nodes.asked == 1


def test_no_more_run_at_once_than_the_experiment_says(nodes):
    assert room_on(parallel=2).slots() == 2
    assert room_on(parallel=9).slots() == 4
