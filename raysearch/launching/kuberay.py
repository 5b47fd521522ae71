"""How does the cluster of cluster.yaml look for Kubernetes? As a RayJob of KubeRay's.

References:
    https://docs.ray.io/en/latest/cluster/kubernetes/getting-started/rayjob-quick-start.html
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import yaml

from raysearch.launching.settings import ClusterSettings, NodeType
from raysearch.launching.task import Task

NODES = "RAYSEARCH_NODES"
"""The variable that tells the driver what KubeRay's autoscaler may start; see tuning.capacity."""
FOLDER = "/experiment"
"""Where the experiment file lies in the containers."""
SCRIPT = "search.sh"
"""What the job runs, beside it."""
KEEP_S = 600
"""How long a job that has ended is kept for those who want to read its log, in seconds."""
SHARED_MEMORY = "8Gi"
"""Of each worker: what Ray's object store and the workers of data loaders share."""
NAME_LENGTH = 40
"""KubeRay adds to the names of its jobs, and Kubernetes allows 63 characters."""


def manifest(settings: ClusterSettings, task: Task, *, image: str) -> str:
    """Return what `kubectl apply -f -` takes: the experiment, and the job that searches.

    Args:
        settings: The cluster.
        task: The search.
        image: A container image with raysearch in it, and what the user's own modules need.
    """
    name = kubernetes_name(f"{settings.name}-{task.name}")
    documents = [_experiment(task, name=name), _job(settings, name=name, image=image)]
    head = _HEAD.format(name=name, image=image, base=settings.image, run=shlex.quote(task.run))
    return head + yaml.safe_dump_all(documents, sort_keys=False, width=1000)


_HEAD = """\
# A search on Kubernetes, with the KubeRay operator (1.3 or newer):  kubectl apply -f THIS_FILE
#
# The image needs raysearch, and the modules that the experiment names. From its repository:
#   docker build --tag {image} --file - . <<'EOF' && docker push {image}
#   FROM {base}
#   COPY --chown=ray . /home/ray/raysearch
#   RUN pip install --no-cache-dir "/home/ray/raysearch[cluster,cloud,optuna,export]"
#   EOF
# Pods write to the storage as the service account {name}, which is to have that right:
#   kubectl create serviceaccount {name}    and bind it to a role of your cloud; no keys are here
# Asked for are all CPUs of a node; nodes that keep some to themselves want less in cluster.yaml.
#
#   kubectl logs -f job/{name}                    follows the search
#   python -m raysearch results {run}     from anywhere that reaches the storage; also stop, monitor
# To go on after any end: kubectl delete rayjob {name}, and apply this again.
"""


def kubernetes_name(text: str) -> str:
    """Return a name that Kubernetes takes.

    Example:
        >>> kubernetes_name("My search_2.yaml")
        'my-search-2-yaml'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:NAME_LENGTH].strip("-")


def _experiment(task: Task, *, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {
            task.experiment.name: task.experiment.read_text(encoding="utf-8"),
            SCRIPT: f"{task.command(f'{FOLDER}/{task.experiment.name}')}\n",
        },
    }


def _job(settings: ClusterSettings, *, name: str, image: str) -> dict[str, Any]:
    workers = [_group(kind, name=name, image=image) for kind in settings.workers]
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": {"name": name},
        "spec": {
            "entrypoint": f"bash {FOLDER}/{SCRIPT}",
            "submissionMode": "K8sJobMode",
            "backoffLimit": 0,
            "shutdownAfterJobFinishes": True,
            "ttlSecondsAfterFinished": KEEP_S,
            "rayClusterSpec": {
                "rayVersion": settings.ray_version,
                "enableInTreeAutoscaling": True,
                "autoscalerOptions": {
                    "version": "v2",
                    "idleTimeoutSeconds": round(settings.idle_s),
                    "upscalingMode": "Default",
                },
                "headGroupSpec": {
                    "rayStartParams": {
                        "num-cpus": str(settings.head.cpus),
                        "dashboard-host": "0.0.0.0",
                    },
                    "template": {"spec": _head_pod(settings, name=name, image=image)},
                },
                "workerGroupSpecs": workers,
            },
        },
    }


def _head_pod(settings: ClusterSettings, *, name: str, image: str) -> dict[str, Any]:
    may_have = [
        {"count": kind.most, "cpus": kind.cpus, "gpus": kind.gpus} for kind in settings.workers
    ]
    size = {"cpu": str(max(2, settings.head.cpus)), "memory": "8Gi"}
    container = {
        "name": "ray-head",
        "image": image,
        "env": [{"name": NODES, "value": json.dumps(may_have)}],
        "ports": [
            {"containerPort": 6379, "name": "gcs"},
            {"containerPort": 8265, "name": "dashboard"},
            {"containerPort": 10001, "name": "client"},
        ],
        "resources": {"requests": size, "limits": size},
        "volumeMounts": [{"name": "experiment", "mountPath": FOLDER}],
    }
    return {
        "serviceAccountName": name,
        "containers": [container],
        "volumes": [{"name": "experiment", "configMap": {"name": name}}],
    }


def _group(kind: NodeType, *, name: str, image: str) -> dict[str, Any]:
    """Return the group of the pods of one node type."""
    gpus = {"nvidia.com/gpu": str(kind.gpus)} if kind.gpus else {}
    size = {"cpu": str(kind.cpus), **gpus}
    container = {
        "name": "ray-worker",
        "image": image,
        "resources": {"requests": size, "limits": size},
        "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],
    }
    memory = {"medium": "Memory", "sizeLimit": SHARED_MEMORY}
    return {
        "groupName": kubernetes_name(kind.name),
        "replicas": kind.fewest,
        "minReplicas": kind.fewest,
        "maxReplicas": kind.most,
        "rayStartParams": {},
        "template": {
            "spec": {
                "serviceAccountName": name,
                "containers": [container],
                "volumes": [{"name": "shared-memory", "emptyDir": memory}],
            }
        },
    }
