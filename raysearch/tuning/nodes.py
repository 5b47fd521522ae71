"""Which nodes has a cluster, and can each of them train trials of this search?

One short task on each node says what is there. What a trial would stumble over minutes later, on
one node out of many, is told before the first one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle as rays_cloudpickle
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from raysearch.counting import counted
from raysearch.errors import ConfigurationError
from raysearch.tuning import on_node
from raysearch.tuning.capacity import may_grow

ANSWER_WITHIN_S = 120.0
"""How long the nodes may take, all together: each starts a process first."""
SEEN_WITHIN_S = 10.0
"""How long a network file system may take to show a new file elsewhere."""
SHOWN = 3
"""Names of nodes in a message at most."""
ONE_MACHINES = frozenset({"btrfs", "ext2", "ext3", "ext4", "overlay", "tmpfs", "xfs", "zfs"})
"""File systems that no other machine sees."""
MOUNTS = Path("/proc/mounts")

_NOTHING = "Nothing was started."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is on one node."""

    host: str
    versions: Mapping[str, str]
    missing: tuple[str, ...] = ()
    """Modules of the user's that are not found there."""
    sees: bool = True
    """Whether it sees what the driver writes to the run directory, and can write there."""
    store: str = ""
    """Why it cannot write to the object store with the run directory; empty if it can."""
    variables: str = ""
    """What is wrong with its variables that say how much may be kept there; empty for nothing."""


def check_nodes(*, modules: Sequence[str], run_dir: Path | None, store: str | None = None) -> None:
    """Refuse a cluster on some of whose nodes a trial of this search would fail.

    Args:
        modules: The user's, which workers import.
        run_dir: Where workers write, if that is a path; it exists.
        store: Where they write, if that is an address in an object store.

    Raises:
        ConfigurationError: With everything that is wrong with any node.

    Side effects:
        Writes a file into the run directory, for as long as the nodes look for it; each node writes
        an object into the store, and removes it.
    """
    with _probe(run_dir) as (probe, token):
        reports, silent = _ask(tuple(modules), probe=probe, token=token, store=store)
    found = faults(reports, silent=silent, here=on_node.versions(), run_dir=run_dir)
    if run_dir is not None and not found and may_grow() and _is_one_machines(run_dir):
        found = [_local(run_dir, "the nodes that would join the cluster would not see it")]
    if found:
        raise ConfigurationError([*found, _NOTHING])


def _ask(
    modules: tuple[str, ...], *, probe: Path | None, token: str, store: str | None
) -> tuple[list[Report], list[str]]:
    """Return what the nodes say, and the names of those that say nothing.

    A node that is lost meanwhile is no node of the cluster any more, and left out.
    """
    names = {n["NodeID"]: str(n["NodeManagerHostname"]) for n in ray.nodes() if n["Alive"]}
    rays_cloudpickle.register_pickle_by_value(on_node)
    try:
        task = ray.remote(num_cpus=0, max_retries=0)(on_node.look)
        path = None if probe is None else str(probe)
        asked = {
            task.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False)
            ).remote(modules, path, token, SEEN_WITHIN_S, store): name
            for node, name in names.items()
        }
    finally:
        rays_cloudpickle.unregister_pickle_by_value(on_node)
    done, waiting = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_WITHIN_S)
    reports = []
    for reference in done:
        with suppress(RayError):
            said: dict[str, Any] = ray.get(reference)
            reports.append(Report(**{**said, "missing": tuple(said["missing"])}))
    for reference in waiting:
        ray.cancel(reference, force=True)
    return reports, [asked[reference] for reference in waiting]


@contextmanager
def _probe(run_dir: Path | None) -> Iterator[tuple[Path | None, str]]:
    """Yield a file in the run directory, and what it holds; removed at the end."""
    token = uuid.uuid4().hex
    if run_dir is None:
        yield None, token
        return
    path = run_dir.absolute() / f".nodes-{token}"
    try:
        path.write_text(token)
        yield path, token
    finally:
        path.unlink(missing_ok=True)


def faults(
    reports: Sequence[Report],
    *,
    here: Mapping[str, str],
    silent: Sequence[str] = (),
    run_dir: Path | None = None,
) -> list[str]:
    """Return what is wrong, a sentence or two each.

    Args:
        reports: What the nodes said.
        here: The versions of this process.
        silent: Nodes that said nothing.
        run_dir: Where workers write.
    """
    found = []
    if silent:
        found.append(
            f"{_of(silent, len(reports) + len(silent))} started no process in "
            f"{ANSWER_WITHIN_S:g} s. `ray status` there says how the cluster is; end what is stuck."
        )
    found += _of_versions(reports, here=here)
    for module in dict.fromkeys(m for report in reports for m in report.missing):
        without = [report.host for report in reports if module in report.missing]
        found.append(
            f"{module}, which the experiment names, is not found on {_of(without, len(reports))}. "
            "`python -m raysearch submit` sends the current folder to all nodes; or install the "
            "module there."
        )
    blind = [report.host for report in reports if not report.sees]
    if blind and run_dir is not None:
        found.append(_local(run_dir, f"{_of(blind, len(reports))} cannot read and write it"))
    found += [
        f"{why} So say {_of(hosts, len(reports))}; this machine can write there. Give the nodes "
        "the same right, by the machines' role, or by variables with keys where Ray is started."
        for why, hosts in _by_fault([(report.host, report.store) for report in reports])
    ]
    found += [
        f"{why} So it is on {_of(hosts, len(reports))}, where Ray was started."
        for why, hosts in _by_fault([(report.host, report.variables) for report in reports])
    ]
    return found


def _by_fault(told: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each thing that is wrong, with the nodes where it is.

    Args:
        told: Nodes, and what is wrong there; empty for nothing.
    """
    for why in dict.fromkeys(why for _, why in told):
        if why:
            yield why, [host for host, fault in told if fault == why]


def _of_versions(reports: Sequence[Report], *, here: Mapping[str, str]) -> Iterator[str]:
    for name, mine in here.items():
        if name == on_node.SOURCES and any(
            report.versions.get("raysearch") != here.get("raysearch") for report in reports
        ):
            continue  # is said already
        others: dict[str, list[str]] = {}
        for report in reports:
            theirs = report.versions.get(name, "missing")
            if theirs != mine:
                others.setdefault(theirs, []).append(report.host)
        for theirs, hosts in others.items():
            what = f"{name} is {theirs}" if theirs != "missing" else f"{name} is missing"
            yield (
                f"{what} on {_of(hosts, len(reports))}, and {mine} here. Install the same on all, "
                "as the setup_commands of cluster.yaml do; `submit` starts the search on the "
                "cluster itself."
            )


def _of(hosts: Collection[str], n_nodes: int) -> str:
    """Return how many nodes are meant, and the names of the first."""
    names = sorted(hosts)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} of {counted(n_nodes, 'node')} ({', '.join(names[:SHOWN])}{more})"


def _local(run_dir: Path, why: str) -> str:
    return (
        f"{run_dir.absolute()} is no place for a search on several nodes: {why}. Give --storage a "
        "place that all nodes reach: s3://BUCKET/runs, gs://BUCKET/runs, or a path of a shared "
        "file system such as /nfs/runs; a search that has begun goes on from a copy there."
    )


def _is_one_machines(path: Path) -> bool:
    """Return whether a path is on a file system that no other machine sees, where that is known."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return False
    place = path.absolute().resolve()
    kinds = {fields[1]: fields[2] for fields in map(str.split, lines) if len(fields) > 2}
    mounted = [Path(point) for point in kinds if place.is_relative_to(point)]
    nearest = max(mounted, key=lambda point: len(point.parts), default=None)
    return nearest is not None and kinds[str(nearest)] in ONE_MACHINES
