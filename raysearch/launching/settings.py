"""What does cluster.yaml say, of which every other manifest is made?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from raysearch.errors import ConfigurationError

PLACEHOLDER = "BUCKET"
"""Stands in cluster.yaml where a name of the user's own is to stand."""
FILE = "cluster.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """Nodes of one kind."""

    name: str
    cpus: int
    gpus: int
    fewest: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """The part of cluster.yaml that does not depend on whose machines they are."""

    name: str
    head: NodeType
    workers: tuple[NodeType, ...]
    most_workers: int
    """Of all types together."""
    idle_s: float
    """A worker that is idle for so long is given back, in seconds."""
    image: str
    """Of containers with a GPU; it settles the versions of Python and Ray."""
    ray_version: str
    storage: str | None
    """The parent of run directories; None where nobody has filled it in."""


def read_settings(path: Path) -> ClusterSettings:
    """Return what a cluster file says.

    Raises:
        ConfigurationError: There is no such file, or it is none of `ray up`'s.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror or error}. It describes the cluster's "
            f"machines; a {FILE} to begin with lies at the top of raysearch's repository. Name it "
            "by --file."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return _settings(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise ConfigurationError(
            f"{path} is not a cluster file of `ray up`: {what}. It needs cluster_name, docker, "
            "head_node_type, and available_node_types with resources: {CPU: n, GPU: n} for each."
        ) from error


def _settings(document: Mapping[str, Any]) -> ClusterSettings:
    types, head = document["available_node_types"], document["head_node_type"]
    most = int(document["max_workers"])
    images = document["docker"]
    image = str(images.get("worker_image") or images["image"])
    storage = (document.get("metadata") or {}).get("storage")
    return ClusterSettings(
        name=str(document["cluster_name"]),
        head=_node_type(head, types[head], most=0),
        workers=tuple(
            _node_type(name, of_type, most=most) for name, of_type in types.items() if name != head
        ),
        most_workers=most,
        idle_s=60 * float(document.get("idle_timeout_minutes", 5)),
        image=image,
        ray_version=_ray_version(image),
        storage=None if not storage or PLACEHOLDER in storage else str(storage),
    )


def _node_type(name: str, of_type: Mapping[str, Any], *, most: int) -> NodeType:
    resources = of_type["resources"]
    return NodeType(
        name=name,
        cpus=int(resources["CPU"]),
        gpus=int(resources.get("GPU", 0)),
        fewest=int(of_type.get("min_workers", 0)),
        most=min(int(of_type.get("max_workers", most)), most),
    )


def _ray_version(image: str) -> str:
    """Return the version of Ray in an image.

    Example:
        >>> _ray_version("rayproject/ray:2.60.0-py311-gpu")
        '2.60.0'
    """
    version = image.rpartition(":")[2].partition("-")[0]
    if not version or not version[0].isdigit():
        raise ValueError(f"the tag of the image {image} does not begin with Ray's version")
    return version
