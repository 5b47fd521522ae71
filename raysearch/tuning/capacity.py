"""How many trials does a cluster train at once, and what of it stays idle?

Node by node: a trial that needs eight cores does not run on four nodes with four each.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
import yaml

from raysearch.counting import counted
from raysearch.experiment import Resources

CPU, GPU = "CPU", "GPU"
ACCELERATOR = "accelerator_type:"
"""Begins the name of a resource that says which GPU a node has."""
NODES = "RAYSEARCH_NODES"
"""The variable that says what an autoscaler may start: a JSON list of the fields of `NodeKind`."""
BOOTSTRAP = Path("~/ray_bootstrap_config.yaml")
"""Where `ray up` leaves its configuration on the head."""
TOLERANCE = 1e-9
"""0.3 / 0.1 is a little less than 3 in binary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKind:
    """Nodes that are alike."""

    count: int
    """How many there are, or how many there may be."""
    cpus: float
    gpus: float
    accelerator: str = ""
    """Which GPU, as Ray knows it; several are separated by commas."""

    @property
    def types(self) -> tuple[str, ...]:
        """Which GPUs, one by one."""
        return tuple(self.accelerator.split(", ")) if self.accelerator else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a cluster has, and what its autoscaler may add."""

    now: tuple[NodeKind, ...]
    later: tuple[NodeKind, ...] = ()
    """All that there may be of each kind; empty where nothing is added by itself."""
    most_nodes: int = 0
    """How many of those there may be of all kinds together."""

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return sum(kind.count for kind in self.now)

    def total(self, name: str, *, accelerator: str | None = None) -> float:
        """Return how many "CPU" or "GPU" the nodes have together.

        Args:
            name: Which of them.
            accelerator: Count nodes alone whose GPUs are of this kind, as `resources` asks for it;
                None counts all.

        Example:
            >>> two = NodeKind(count=2, cpus=8, gpus=4, accelerator="T4")
            >>> has = Capacity(now=(two, NodeKind(count=1, cpus=8, gpus=1, accelerator="A100")))
            >>> has.total(GPU), has.total(GPU, accelerator="A100")
            (9, 1)
        """
        kinds = [kind for kind in self.now if accelerator is None or accelerator in kind.types]
        return sum(kind.count * (kind.gpus if name == GPU else kind.cpus) for kind in kinds)

    def slots(self, resources: Resources) -> int:
        """Return how many trials fit at once on the nodes that there are."""
        workers = sum(kind.count * _workers_on(kind, resources) for kind in self.now)
        return workers // resources.workers

    def most(self, resources: Resources) -> int:
        """Return how many trials fit at once when the cluster has grown as far as it may."""
        each = sorted(
            (n for kind in self.later for n in [_believed_on(kind, resources)] * kind.count),
            reverse=True,
        )
        return max(self.slots(resources), sum(each[: self.most_nodes]) // resources.workers)


def fitting(resources: Resources, *, available: Mapping[str, float]) -> int:
    """Return how many times the resources of one worker of a trial fit into those of one node.

    Example:
        >>> fitting(Resources(cpus=1, gpus=0.5), available={"CPU": 16.0, "GPU": 2.0})
        4
    """
    wanted = resources.of_worker()
    return int(min(available.get(name, 0.0) / wanted[name] + TOLERANCE for name in wanted))


def _workers_on(kind: NodeKind, resources: Resources) -> int:
    """Return how many workers of trials fit on one node."""
    has = {CPU: kind.cpus, GPU: kind.gpus}
    return fitting(resources, available=has | {f"{ACCELERATOR}{name}": 1.0 for name in kind.types})


def _believed_on(kind: NodeKind, resources: Resources) -> int:
    """Return how many fit on a node that is not there yet.

    Which GPU it has nobody may have said; it is believed to be the one that is asked for.
    """
    return _workers_on(
        replace(kind, accelerator=kind.accelerator or resources.accelerator_type or ""), resources
    )


def described(has: Capacity) -> str:
    """Return what a cluster has, in words.

    Example:
        >>> described(Capacity(now=(NodeKind(count=2, cpus=8, gpus=1, accelerator="L4"),)))
        '2 nodes: 2 with 8 CPUs and 1 GPU (L4)'
    """
    nodes = counted(has.n_nodes, "node")
    return f"{nodes}: {', '.join(map(_kind, has.now))}" if has.now else f"{nodes}"


def _kind(kind: NodeKind) -> str:
    accelerator = f" ({kind.accelerator})" if kind.accelerator else ""
    gpus = f" and {kind.gpus:g} {'GPU' if kind.gpus == 1 else 'GPUs'}{accelerator}"
    return f"{kind.count} with {kind.cpus:g} CPUs{gpus if kind.gpus else ' and no GPU'}"


def capacity() -> Capacity:
    """Return what the cluster that this process is connected to has, and may have."""
    later, most_nodes = _later()
    return Capacity(now=_kinds(ray.nodes()), later=later, most_nodes=most_nodes)


def may_grow() -> bool:
    """Return whether an autoscaler may add nodes to the cluster."""
    return any(kind.cpus or kind.gpus for kind in _later()[0])


def _kinds(nodes: Sequence[Mapping[str, Any]]) -> tuple[NodeKind, ...]:
    """Return the kinds of the nodes that are alive, the most frequent first."""
    found: Counter[tuple[float, float, str]] = Counter()
    for node in nodes:
        if node["Alive"]:
            has = node["Resources"]
            types = [name.removeprefix(ACCELERATOR) for name in has if name.startswith(ACCELERATOR)]
            found[has.get(CPU, 0.0), has.get(GPU, 0.0), ", ".join(sorted(types))] += 1
    return tuple(
        NodeKind(count=count, cpus=cpus, gpus=gpus, accelerator=accelerator)
        for (cpus, gpus, accelerator), count in found.most_common()
    )


def _later() -> tuple[tuple[NodeKind, ...], int]:
    """Return what the cluster's autoscaler may start, and how many nodes of all kinds at most.

    Ray tells that to nobody, so it is read where it was told: in the variable that the manifest for
    KubeRay sets, and in the file from which `ray up` starts the autoscaler on the head.
    """
    said = os.environ.get(NODES)
    if said:
        kinds = tuple(NodeKind(**kind) for kind in json.loads(said))
        return kinds, sum(kind.count for kind in kinds)
    try:
        config = yaml.safe_load(BOOTSTRAP.expanduser().read_text())
        types, head, most = (
            config[key] for key in ("available_node_types", "head_node_type", "max_workers")
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return (), 0
    kinds = tuple(
        NodeKind(
            count=min(of_type.get("max_workers", most), most),
            cpus=float(of_type["resources"].get(CPU, 0)),
            gpus=float(of_type["resources"].get(GPU, 0)),
        )
        for name, of_type in types.items()
        if name != head
    )
    return kinds, int(most)
