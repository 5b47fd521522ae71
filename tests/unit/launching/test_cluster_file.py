"""cluster.yaml is what Ray takes, on each cloud, with the versions that raysearch needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig

from raysearch.errors import ConfigurationError
from raysearch.launching.settings import read_settings

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "cluster.yaml"
TEXT = FILE.read_text(encoding="utf-8")
DOCUMENT = yaml.safe_load(TEXT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMMANDS = "\n".join(DOCUMENT["setup_commands"])


def elsewhere(cloud: str) -> dict:
    """Return the cluster with the lines for another cloud in place of those for AWS."""
    lines = [line for line in TEXT.splitlines() if line.startswith(f"#{cloud} ")]
    other = yaml.safe_load("\n".join(line.removeprefix(f"#{cloud} ") for line in lines))
    types = {
        name: {**of_type, **other["available_node_types"][name]}
        for name, of_type in DOCUMENT["available_node_types"].items()
    }
    return {**DOCUMENT, "provider": other["provider"], "available_node_types": types}


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_ray_takes_it(cloud):
    document = DOCUMENT if cloud == "aws" else elsewhere(cloud)
    assert document["provider"]["type"] == cloud
    prepared = prepare_config(document)
    validate_config(prepared)
    types = AutoscalingConfig(prepared, skip_content_hash=True).get_node_type_configs()
    assert types["gpu_spot"].resources == {"CPU": 8, "GPU": 1}
    assert types["gpu_spot"].min_worker_nodes == 0 < types["gpu_spot"].max_worker_nodes
    assert types["gpu_spot"].priority > types["gpu_on_demand"].priority
    assert types["head"].resources == {"CPU": 0}
    assert prepared["worker_setup_commands"] == DOCUMENT["setup_commands"]


def test_ray_would_refuse_a_word_that_it_does_not_know():
    types = {**DOCUMENT["available_node_types"]}
    types["gpu_spot"] = {**types["gpu_spot"], "max_wokers": 8}
    with pytest.raises(Exception, match="max_wokers"):
        validate_config(prepare_config({**DOCUMENT, "available_node_types": types}))


def test_versions_are_exact_and_those_of_the_project():
    pins = dict(re.findall(r'"([a-z-]+)(?:\[[a-z,]+\])?==([0-9.]+)"', COMMANDS))
    needed = {Requirement(text).name: Requirement(text) for text in PROJECT["dependencies"]}
    assert set(pins) == {"ray", "torch", "pytorch-lightning"}
    for name, version in pins.items():
        assert needed[name].specifier.contains(version), name
    docker = DOCUMENT["docker"]
    for image in (docker["head_image"], docker["worker_image"]):
        assert image.startswith(f"rayproject/ray:{pins['ray']}-py311-")


def test_every_extra_that_is_installed_exists():
    (extras,) = re.findall(r'/tmp/raysearch\[([a-z,]+)\]"', COMMANDS)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert "cluster" in extras


def test_nothing_of_it_is_secret():
    assert not re.search(r"AKIA|secret|password|token|BEGIN .*KEY", TEXT, re.IGNORECASE)


def test_settings_are_read_from_it():
    settings = read_settings(FILE)
    assert settings.ray_version == "2.60.0"
    assert (settings.head.name, settings.head.cpus) == ("head", 0)
    assert [kind.name for kind in settings.workers] == ["gpu_spot", "gpu_on_demand"]
    assert [(kind.cpus, kind.gpus, kind.most) for kind in settings.workers] == [
        (8, 1, 8),
        (8, 1, 2),
    ]
    assert settings.idle_s == 300
    assert settings.storage is None  # s3://BUCKET/runs stands for one


def test_a_storage_that_is_filled_in_is_taken(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT.replace("storage: s3://BUCKET/runs", "storage: s3://our-lab/runs"))
    assert read_settings(file).storage == "s3://our-lab/runs"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"none\.yaml cannot be read: No such file.*repository"),
        ("a: [", r"none\.yaml is not YAML"),
        ("model: cnn", r"not a cluster file of `ray up`: available_node_types is missing"),
        (
            TEXT.replace("2.60.0-py311-gpu", "latest"),
            r"tag of the image rayproject/ray:latest does not begin with Ray's version",
        ),
    ],
)
def test_what_is_no_cluster_file_is_refused(tmp_path, text, message):
    file = tmp_path / "none.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_settings(file)
