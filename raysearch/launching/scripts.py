"""How does the cluster of cluster.yaml look on Slurm, and on one machine? As scripts for bash."""

from __future__ import annotations

import shlex
from importlib import metadata, resources
from string import Template

from raysearch.errors import ConfigurationError, unknown_name
from raysearch.launching.settings import ClusterSettings, NodeType
from raysearch.launching.task import Task


class _Filled(Template):
    """A template in which the dollar is the shell's."""

    delimiter = "@"


def slurm_script(
    settings: ClusterSettings, task: Task, *, node_type: str | None, nodes: int | None
) -> str:
    """Return what `sbatch` takes: a cluster for the time of one search.

    Args:
        settings: The cluster.
        task: The search; its run directory lies where all nodes reach it.
        node_type: Which of the cluster's node types; the first one with a GPU by default.
        nodes: How many of them; as many as cluster.yaml allows by default.

    Raises:
        ConfigurationError: There is no such node type.
    """
    kind = _chosen(settings, node_type)
    gpus = f"#SBATCH --gpus-per-node={kind.gpus}\n" if kind.gpus else ""
    return _filled(
        "slurm.sh.txt",
        name=shlex.quote(f"{settings.name}-{task.name}"),
        nodes=str(nodes or max(1, min(kind.most, settings.most_workers))),
        cpus=str(kind.cpus),
        gpus=gpus,
        run=shlex.quote(task.run),
        search=task.command(str(task.experiment), address='"$address:$port"'),
        ray_version=settings.ray_version,
    )


def _chosen(settings: ClusterSettings, name: str | None) -> NodeType:
    kinds = {kind.name: kind for kind in settings.workers}
    if name is None:
        with_gpu = (kind for kind in settings.workers if kind.gpus)
        return next(with_gpu, next(iter(settings.workers), settings.head))
    if name not in kinds:
        what = "a type of the cluster's workers"
        raise ConfigurationError(unknown_name(name, kind=what, valid=kinds))
    return kinds[name]


def local_script(task: Task | None) -> str:
    """Return a script that starts a cluster of this machine alone, with a job server.

    Args:
        task: A search that is submitted there, after which all is ended; None for a cluster that
            stays until Ctrl-C.
    """
    if task is None:
        what = 'wait "$ray" || true\nended'
    else:
        words = shlex.join([str(task.experiment), *task.overrides, "--storage", task.run])
        what = f'python -m raysearch submit {words} --address "$address"'
    return _filled("local.sh.txt", ray_version=metadata.version("ray"), what=what)


def _filled(template: str, **values: str) -> str:
    folder = resources.files("raysearch.launching") / "templates"
    return _Filled((folder / template).read_text(encoding="utf-8")).substitute(values)
