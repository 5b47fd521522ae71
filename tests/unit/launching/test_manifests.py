"""Manifests for KubeRay and Slurm say what cluster.yaml says, in words that these know."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr,
)

from raysearch.errors import ConfigurationError
from raysearch.launching.kuberay import NODES, manifest
from raysearch.launching.scripts import local_script, slurm_script
from raysearch.launching.settings import read_settings
from raysearch.launching.task import Task
from raysearch.tuning import capacity

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = read_settings(ROOT / "cluster.yaml")
RUN = "s3://our-lab/runs/my search-1"

RAYJOB = {
    "activeDeadlineSeconds", "backoffLimit", "clusterSelector", "deletionStrategy", "entrypoint",
    "entrypointNumCpus", "entrypointNumGpus", "entrypointResources", "jobId", "managedBy",
    "metadata", "preRunningDeadlineSeconds", "rayClusterSpec", "runtimeEnvYAML",
    "shutdownAfterJobFinishes", "submissionMode", "submitterConfig", "submitterPodTemplate",
    "suspend", "ttlSecondsAfterFinished",
}  # fmt: skip
"""Fields of a RayJob's spec, apiVersion ray.io/v1, as KubeRay 1.3 to 1.5 define it."""
RAYCLUSTER = {
    "authOptions", "autoscalerOptions", "enableInTreeAutoscaling", "gcsFaultToleranceOptions",
    "headGroupSpec", "headServiceAnnotations", "managedBy", "rayVersion", "suspend",
    "upgradeStrategy", "workerGroupSpecs",
}  # fmt: skip
GROUP = {
    "groupName", "idleTimeoutSeconds", "labels", "maxReplicas", "minReplicas", "numOfHosts",
    "rayStartParams", "replicas", "resources", "scaleStrategy", "suspend", "template",
}  # fmt: skip
HEAD = {"enableIngress", "headService", "labels", "rayStartParams", "resources", "serviceType", "template"}  # fmt: skip  # noqa: E501
AUTOSCALER = {
    "env", "envFrom", "idleTimeoutSeconds", "image", "imagePullPolicy", "resources",
    "securityContext", "upscalingMode", "version", "volumeMounts",
}  # fmt: skip


@pytest.fixture
def task(tmp_path):
    file = tmp_path / "My_experiment.yaml"
    file.write_text("data: digits  # with a comment\nmodel: cnn\n")
    return Task(experiment=file, overrides=("budget.trials=8",), name="my search", run=RUN)


@pytest.fixture
def documents(task):
    return list(yaml.safe_load_all(manifest(SETTINGS, task, image="lab/raysearch:1")))


def test_kuberay_knows_every_word(documents):
    config, job = documents
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert job["metadata"]["name"] == config["metadata"]["name"] == "raysearch-my-search"
    assert set(job["spec"]) <= RAYJOB
    cluster = job["spec"]["rayClusterSpec"]
    assert set(cluster) <= RAYCLUSTER
    assert set(cluster["autoscalerOptions"]) <= AUTOSCALER
    assert set(cluster["headGroupSpec"]) <= HEAD
    for group in cluster["workerGroupSpecs"]:
        assert set(group) <= GROUP
    assert cluster["rayVersion"] == "2.60.0"


def test_rays_own_autoscaler_reads_the_node_types(documents):
    job = documents[1]
    cluster = {"metadata": {"name": "c", "namespace": "n"}, "spec": job["spec"]["rayClusterSpec"]}
    types = _derive_autoscaling_config_from_ray_cr(cluster)["available_node_types"]
    assert types["gpu-spot"]["resources"] == {"CPU": 8, "GPU": 1}
    assert (types["gpu-spot"]["min_workers"], types["gpu-spot"]["max_workers"]) == (0, 8)
    assert types["gpu-on-demand"]["max_workers"] == 2
    assert types["headgroup"]["resources"]["CPU"] == 0


def test_the_driver_is_told_what_may_come(documents, monkeypatch):
    pod = documents[1]["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    (variable,) = pod["containers"][0]["env"]
    assert variable["name"] == NODES == capacity.NODES
    monkeypatch.setenv(NODES, variable["value"])
    kinds, most = capacity._later()
    assert ([kind.count for kind in kinds], most) == ([8, 2], 10)
    assert json.loads(variable["value"])[0] == {"count": 8, "cpus": 8, "gpus": 1}


def test_the_job_finds_the_experiment_and_goes_on_where_it_has_begun(documents):
    config, job = documents
    assert config["data"]["My_experiment.yaml"].startswith("data: digits  # with a comment")
    pod = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/experiment")
    assert job["spec"]["entrypoint"] == "bash /experiment/search.sh"
    script = config["data"]["search.sh"]
    assert f"resume '{RUN}' --address auto" in script
    assert "run /experiment/My_experiment.yaml budget.trials=8 --run-dir" in script
    assert_bash(script)


def test_slurm_asks_for_the_nodes_of_the_file(task):
    script = slurm_script(SETTINGS, task, node_type=None, nodes=None)
    assert_bash(script)
    lines = script.splitlines()
    for wanted in ("--nodes=8", "--cpus-per-task=8", "--gpus-per-node=1", "--signal=B:USR1@300"):
        assert f"#SBATCH {wanted}" in lines
    assert not re.search(r"@[a-z{]", script)  # nothing was left to be filled in
    assert f"run='{RUN}'" in lines
    assert '--address "$address:$port"' in script


def test_slurm_takes_another_type_and_number(task):
    script = slurm_script(SETTINGS, task, node_type="gpu_on_demand", nodes=3)
    assert "#SBATCH --nodes=3" in script.splitlines()
    message = r"gpu_sopt is not a type of the cluster's workers. Did you mean gpu_spot\?"
    with pytest.raises(ConfigurationError, match=message):
        slurm_script(SETTINGS, task, node_type="gpu_sopt", nodes=None)


@pytest.mark.parametrize("with_task", [True, False])
def test_the_local_script_is_one_of_bash(task, with_task):
    script = local_script(task if with_task else None)
    assert_bash(script)
    assert ("raysearch submit" in script) == with_task
    assert not re.search(r"@[a-z{]", script)


def assert_bash(script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")
