"""How does a cluster come about? Printed from cluster.yaml, for whatever starts one."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.cli.command import Command, add_overrides, given, positive
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from raysearch.launching.settings import ClusterSettings
    from raysearch.launching.task import Task

LOCAL = "local"
KINDS = ("ray-up", "kuberay", "slurm", LOCAL)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "experiment",
        metavar="EXPERIMENT",
        nargs="?",
        type=given,
        help="an experiment file; for kuberay and slurm, whose clusters are made for one search",
    )
    add_overrides(parser)
    parser.add_argument("--kind", choices=KINDS, default="ray-up", help="for what (ray-up)")
    parser.add_argument(
        "--file",
        metavar="FILE",
        type=given,
        default="cluster.yaml",
        help="the cluster: node types, counts and images (cluster.yaml); local needs none",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        type=given,
        help="parent of run directories, which all nodes reach; else that of the file",
    )
    parser.add_argument(
        "--image", metavar="NAME", type=given, help="kuberay: a container image with raysearch"
    )
    parser.add_argument(
        "--nodes", metavar="N", type=positive, help="slurm: how many (as many as the file allows)"
    )
    parser.add_argument(
        "--node-type", metavar="NAME", type=given, help="slurm: which of the file's (the first GPU)"
    )


def _execute(arguments: Namespace) -> int:
    from raysearch.launching.settings import read_settings

    if arguments.kind == LOCAL:
        text = _local(arguments)
    else:
        text = _PRINTED[arguments.kind](arguments, read_settings(Path(arguments.file)))
    sys.stdout.write(text)
    return 0


CLUSTER = Command(
    name="cluster",
    help="print what starts a cluster: for ray up, KubeRay, Slurm, or this machine",
    description="Print the cluster that cluster.yaml describes for what is to start it: `ray up` "
    "(the file itself, with the storage filled in), KubeRay (a RayJob with the experiment in it), "
    "Slurm (a script for sbatch, which goes back into the queue and on with the search when its "
    "time is over), or this machine alone (a script with a job server, to try `submit` on; it ends "
    "what it starts). Nothing is started, and nothing written but to standard output.",
    example="cluster experiments/digits.yaml --kind kuberay --storage s3://BUCKET/runs",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _ray_up(arguments: Namespace, settings: ClusterSettings) -> str:
    """Return the file itself, so that its comments stay, with the storage that was given."""
    text = Path(arguments.file).read_text(encoding="utf-8")
    if arguments.storage is None:
        return text
    lines = text.splitlines(keepends=True)
    where = [n for n, line in enumerate(lines) if line.lstrip().startswith("storage:")]
    if len(where) != 1:
        raise ConfigurationError(
            f"{arguments.file} has no line `storage:` below `metadata:` to fill in. Add one."
        )
    line = lines[where[0]]
    indent = line[: len(line) - len(line.lstrip())]
    lines[where[0]] = f"{indent}storage: {arguments.storage}\n"
    return "".join(lines)


def _kuberay(arguments: Namespace, settings: ClusterSettings) -> str:
    from raysearch.launching.kuberay import manifest

    image = arguments.image or f"REGISTRY/raysearch:{metadata.version('raysearch')}"
    return manifest(settings, _task(arguments, settings), image=image)


def _slurm(arguments: Namespace, settings: ClusterSettings) -> str:
    from raysearch.launching.scripts import slurm_script

    task = _task(arguments, settings)
    return slurm_script(settings, task, node_type=arguments.node_type, nodes=arguments.nodes)


def _local(arguments: Namespace) -> str:
    """Return a script for this machine, of which cluster.yaml says nothing."""
    from raysearch.launching.scripts import local_script

    if arguments.experiment is None:
        return local_script(None)
    storage = str(Path(arguments.storage or "runs").absolute())
    return local_script(_task(arguments, None, run=storage))


_PRINTED: dict[str, Callable[[Namespace, ClusterSettings], str]] = {
    "ray-up": _ray_up,
    "kuberay": _kuberay,
    "slurm": _slurm,
}


def _task(
    arguments: Namespace, settings: ClusterSettings | None, *, run: str | None = None
) -> Task:
    """Return the search that a cluster is started for.

    Args:
        arguments: Of the command line.
        settings: The cluster's, for the storage, if it says where that is.
        run: What stands for the run directory; else a new one in the storage.

    Raises:
        ConfigurationError: The experiment, or the storage, is missing or wrong.
    """
    from raysearch.experiment import load
    from raysearch.launching.task import Task

    if arguments.experiment is None:
        raise ConfigurationError(
            f"--kind {arguments.kind} starts a cluster for one search, so it needs an EXPERIMENT "
            "file. Nothing was printed."
        )
    storage = arguments.storage or (settings and settings.storage)
    if run is None and storage is None:
        raise ConfigurationError(
            f"where is the search to be kept? {arguments.file} names no storage yet: give "
            "--storage s3://BUCKET/runs, gs://BUCKET/runs, or a path that all nodes have; or fill "
            "in its metadata. Nothing was printed."
        )
    experiment = load(arguments.experiment, overrides=arguments.overrides)
    new = f"{str(storage).rstrip('/')}/{experiment.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    return Task(
        experiment=Path(arguments.experiment),
        overrides=tuple(arguments.overrides),
        name=experiment.name,
        run=run or new,
    )
