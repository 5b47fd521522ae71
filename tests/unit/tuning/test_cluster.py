"""What fits, and what is refused before Ray is started; none of this needs a Ray."""

from __future__ import annotations

import os
import socket

import pytest

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.experiment import Resources
from raysearch.tuning import cluster
from raysearch.tuning.addresses import no_cluster
from raysearch.tuning.capacity import Capacity, NodeKind, fitting


@pytest.mark.parametrize(
    ("cpus", "gpus", "available", "fits"),
    [
        (1, 0, {"CPU": 2.0}, 2),
        (2, 0, {"CPU": 3.0}, 1),
        (0.5, 0, {"CPU": 2.0}, 4),
        (1, 0.25, {"CPU": 16.0, "GPU": 2.0}, 8),
        (1, 1, {"CPU": 16.0}, 0),
        (0, 0.5, {"CPU": 1.0, "GPU": 1.0}, 2),
        (0.1, 0, {"CPU": 0.3}, 3),  # 0.3 / 0.1 is a little less than 3 in binary
    ],
)
def test_how_many_trials_fit(cpus, gpus, available, fits):
    assert fitting(Resources(cpus=cpus, gpus=gpus), available=available) == fits


def test_a_trial_of_several_workers_needs_as_much_for_each():
    has = Capacity(now=(NodeKind(count=2, cpus=32, gpus=4, accelerator="A100"),))
    assert has.slots(Resources(gpus=1, workers=3)) == 2  # of which one has workers on both nodes
    assert has.slots(Resources(gpus=1, workers=4, accelerator_type="A100")) == 2
    assert has.slots(Resources(gpus=1, accelerator_type="H100")) == 0


def test_an_address_where_nothing_listens_is_named_at_once(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (
        pytest.raises(ConfigurationError, match=rf"--address {address}: no Ray cluster answers"),
        cluster.connect(address, resources=Resources(cpus=1, gpus=0), slots=None),
    ):
        pass


def test_the_environment_is_as_it_was_afterwards(monkeypatch):
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "17")
    monkeypatch.delenv("RAY_CHDIR_TO_TRIAL_DIR", raising=False)
    before = dict(os.environ)
    with (
        pytest.raises(ConfigurationError),
        cluster.connect("127.0.0.1:1", resources=Resources(cpus=1, gpus=0), slots=None),
    ):
        pass
    assert dict(os.environ) == before


def test_a_cluster_that_wants_a_token_is_said_to():
    error = ConnectionError("Failed to connect")
    error.__cause__ = RuntimeError("Unauthenticated: InvalidAuthToken")
    message = no_cluster("head:6379", error)
    assert "head:6379: the Ray cluster there wants a token" in message
    assert "RAY_AUTH_MODE=token" in message


def listening():
    """Return a socket that listens on loopback, as GCS and raylet do."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def test_a_private_ray_that_is_gone_is_named_with_what_to_do(tmp_path):
    (gcs, gcs_port), (raylet, raylet_port) = listening(), listening()
    ports = {"GCS": gcs_port, "raylet": raylet_port}
    private = cluster.Cluster(scratch=tmp_path, is_private=True, ports=ports)
    with gcs:
        private.check()
        raylet.close()
        with pytest.raises(
            cluster.RayGone, match=r"the raylet of the private Ray is gone: .*resume"
        ):
            private.check()
    with pytest.raises(cluster.RayGone, match="the GCS of the private Ray is gone"):
        private.check()


def test_the_processes_of_a_cluster_are_its_own_affair(tmp_path):
    cluster.Cluster(scratch=tmp_path, is_private=False).check()


def test_a_ray_that_does_not_come_up_in_time_is_no_fault_of_ours(tmp_path, monkeypatch):
    def too_slow(**settings):
        raise Exception("The current node timed out during startup. This could happen because ...")

    monkeypatch.setattr(cluster.ray, "init", too_slow)
    with pytest.raises(SearchAborted, match=r"not up in time.*Nothing of the search is lost"):
        cluster._init(None, folder=tmp_path)


def test_a_ray_that_does_not_come_up_is_started_once_more(tmp_path, monkeypatch):
    folders = []

    def starts(folder):
        folders.append(folder)
        if len(folders) == 1:
            raise Exception("The current node timed out during startup. This could happen ...")

    monkeypatch.setattr(cluster, "_start", starts)
    cluster._init(None, folder=tmp_path)
    assert folders == [tmp_path / "1", tmp_path / "2"]
