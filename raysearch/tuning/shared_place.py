"""Do all machines of a cluster see the run directory, where workers write checkpoints?"""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from raysearch.errors import ConfigurationError
from raysearch.run_dir import RunDir
from raysearch.run_dir.storage import TEMPORARY

ANSWER_WITHIN_S = 60.0
"""How long a node may take to look, in seconds; one that is busy for longer is not asked again."""

_log = logging.getLogger(__name__)


def refuse_node_local(
    run_dir: RunDir, *, nodes: Mapping[str, str], sees: Callable[[str, Path], bool]
) -> None:
    """Raise if some node of the cluster would write checkpoints where no other one sees them.

    A run directory in an object store is seen by all.

    Args:
        run_dir: The run directory.
        nodes: The other ones than this: `other_nodes()`.
        sees: Whether a node sees a file: `sees`.

    Raises:
        ConfigurationError: With the nodes, and what to give instead.

    Side effects:
        Writes a file in the run directory and removes it; a short task on each other machine.
    """
    if run_dir.mirror is not None or not nodes:
        return
    key = f"{TEMPORARY}{uuid.uuid4().hex}"
    run_dir.storage.put(key, b"")
    try:
        blind = unseen(run_dir.path.absolute() / key, nodes=nodes, sees=sees)
    finally:
        run_dir.storage.delete(key)
    if blind:
        raise ConfigurationError(
            f"{run_dir} is a folder that is not shared: {', '.join(blind)} of the cluster cannot "
            f"see what {socket.gethostname()} writes there, so checkpoints would be scattered over "
            "the machines and lost with them. Give a place that all of them reach: --storage "
            "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, or a folder on a shared file system. Nothing "
            "was started."
        )


def unseen(path: Path, *, nodes: Mapping[str, str], sees: Callable[[str, Path], bool]) -> list[str]:
    """Return the names of the nodes that do not see a file, sorted.

    Args:
        path: The file, as this machine reaches it.
        nodes: Id of a node -> its name.
        sees: Whether the node with an id sees a file.

    Example:
        >>> nodes = {"a1": "gpu-1", "b2": "gpu-2"}
        >>> unseen(Path("/data/f"), nodes=nodes, sees=lambda node, path: node == "a1")
        ['gpu-2']
    """
    return sorted(name for node, name in nodes.items() if not sees(node, path))


def other_nodes() -> dict[str, str]:
    """Return the other nodes of the cluster that this process is connected to: id -> name."""
    here = ray.get_runtime_context().get_node_id()
    return {
        node["NodeID"]: str(node["NodeManagerHostname"])
        for node in ray.nodes()
        if node["Alive"] and node["NodeID"] != here
    }


def sees(node: str, path: Path) -> bool:
    """Return whether a node sees a file; one that does not answer in time is believed to."""
    strategy = NodeAffinitySchedulingStrategy(node, soft=False)
    look = ray.remote(num_cpus=0, scheduling_strategy=strategy)(_is_file)
    with suppress(ray.exceptions.GetTimeoutError):
        return bool(ray.get(look.remote(str(path)), timeout=ANSWER_WITHIN_S))
    _log.warning("%s was not asked whether it sees the run directory: it is too busy", node)
    return True


def _is_file(path: str) -> bool:
    return Path(path).is_file()
