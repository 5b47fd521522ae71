"""A cluster whose nodes cannot see the run directory is refused before anything is started."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.run_dir import RunDir
from raysearch.tuning.shared_place import refuse_node_local

NODES = {"a1": "gpu-1", "b2": "gpu-2", "c3": "gpu-3"}


def test_nodes_that_do_not_see_it_are_named_with_what_to_give(tmp_path):
    run = RunDir(tmp_path / "run")
    with pytest.raises(ConfigurationError, match=r"gpu-2, gpu-3 of the cluster .*--storage s3://"):
        refuse_node_local(run, nodes=NODES, sees=lambda node, path: node == "a1")
    assert list(run.path.iterdir()) == []


def test_a_shared_folder_is_as_it_was(tmp_path):
    run, looked = RunDir(tmp_path / "run"), []

    def sees(node, path):
        looked.append(node)
        return path.is_file()

    refuse_node_local(run, nodes=NODES, sees=sees)
    assert looked == list(NODES)
    assert list(run.path.iterdir()) == []


def test_one_machine_and_a_store_are_not_asked(tmp_path, monkeypatch):
    def sees(node, path):
        raise AssertionError("nobody is to be asked")

    refuse_node_local(RunDir(tmp_path / "run"), nodes={}, sees=sees)
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    refuse_node_local(RunDir("s3://lab/runs/digits-1"), nodes=NODES, sees=sees)
