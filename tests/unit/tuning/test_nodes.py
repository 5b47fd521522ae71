"""What is said of nodes on which trials would fail; none of this needs a Ray."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import raysearch
from raysearch.tuning import nodes, on_node
from raysearch.tuning.nodes import Report, faults
from tests.object_store import BUCKET, running_store

HERE = {"python": "3.11.9", "ray": "2.60.0", "raysearch": "0.1.0", "torch": "2.13.0",
        on_node.SOURCES: "0123abcd"}  # fmt: skip


def report(host="node-1", *, versions=None, **values) -> Report:
    return Report(host=host, versions={**HERE, **(versions or {})}, **values)


def test_nodes_that_are_alike_have_no_fault():
    assert faults([report(), report("node-2")], here=HERE) == []


def test_another_version_is_named_with_where_it_is():
    others = [report(f"node-{n}", versions={"torch": "2.12.0"}) for n in range(5)]
    (fault,) = faults([report("same"), *others], here=HERE)
    assert fault.startswith(
        "torch is 2.12.0 on 5 of 6 nodes (node-0, node-1, node-2 and 2 more), and 2.13.0 here."
    )
    assert "cluster.yaml" in fault


def test_a_node_without_raysearch_is_told_once():
    versions = {name: version for name, version in HERE.items() if name != "raysearch"}
    versions[on_node.SOURCES] = "none"
    bare = Report(host="bare", versions=versions)
    (fault,) = faults([report(), bare], here=HERE)
    assert fault.startswith("raysearch is missing on 1 of 2 nodes (bare), and 0.1.0 here.")


def test_other_sources_of_the_same_version_are_told():
    (fault,) = faults([report(versions={on_node.SOURCES: "ffff0000"})], here=HERE)
    assert fault.startswith(f"{on_node.SOURCES} is ffff0000 on 1 of 1 node (node-1), and 0123abcd")


def test_a_module_that_is_not_there_names_submit():
    (fault,) = faults([report(missing=("nets",)), report("node-2")], here=HERE)
    assert fault.startswith("nets, which the experiment names, is not found on 1 of 2 nodes")
    assert "`python -m raysearch submit` sends the current folder" in fault


def test_a_run_directory_that_is_not_seen_names_storage(tmp_path):
    (fault,) = faults([report(sees=False), report("node-2")], here=HERE, run_dir=tmp_path)
    assert fault.startswith(f"{tmp_path} is no place for a search on several nodes: 1 of 2 nodes")
    assert "--storage" in fault
    assert "s3://BUCKET/runs" in fault


def test_a_node_that_says_nothing_is_named():
    (fault,) = faults([report()], here=HERE, silent=["node-2"])
    assert fault.startswith("1 of 2 nodes (node-2) started no process in 120 s.")


def test_a_store_that_some_nodes_may_not_write_to_is_told_with_why():
    why = "s3://b/run: access is denied. Give keys."
    reports = [report("a"), report("b", store=why), report("c", store=why)]
    (fault,) = faults(reports, here=HERE)
    assert fault.startswith(f"{why} So say 2 of 3 nodes (b, c); this machine can write there.")
    assert "Give the nodes the same right, by the machines' role" in fault


def test_a_variable_that_is_wrong_on_a_node_is_told_with_where_it_is():
    why = "The environment variable RAYSEARCH_CACHE_GB is 'much'. Correct it, or unset it."
    reports = [report("a", variables=why), report("b"), report("a", variables=why)]
    (fault,) = faults(reports, here=HERE)
    assert fault == f"{why} So it is on 2 of 3 nodes (a, a), where Ray was started."


def test_a_node_looks_at_its_own_variables(monkeypatch):
    assert on_node.wrong_variables() == ""
    monkeypatch.setenv("RAYSEARCH_DATA_MEMORY", "half")
    assert on_node.wrong_variables().startswith("The environment variable RAYSEARCH_DATA_MEMORY")
    assert on_node.look((), None, "", 0.0)["variables"] == on_node.wrong_variables()


def test_a_node_tries_the_store_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    with running_store() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        run = f"runs/{tmp_path.name}"
        assert on_node.refused_by(f"s3://{BUCKET}/{run}") == ""
        assert "no-such-bucket" in on_node.refused_by("s3://no-such-bucket/runs/a")
        listed = store.client().list_objects_v2(Bucket=BUCKET, Prefix=run)
        assert listed["KeyCount"] == 0
    assert on_node.refused_by(None) == ""
    assert on_node.refused_by(str(tmp_path)) == ""


def test_a_node_says_what_it_has(tmp_path):
    probe = tmp_path / "probe"
    probe.write_text("token")
    said = on_node.look(("json", "nowhere_to_be_found.deeper"), str(probe), "token", 0.0)
    assert said["missing"] == ["nowhere_to_be_found.deeper"]
    assert said["sees"]
    assert said["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert len(said["versions"][on_node.SOURCES]) == 8
    assert list(tmp_path.iterdir()) == [probe]


@pytest.mark.parametrize("content", [None, "of another search"])
def test_a_node_that_does_not_see_the_file_says_so(tmp_path, content):
    probe = tmp_path / "probe"
    if content is not None:
        probe.write_text(content)
    assert not on_node.look((), str(probe), "token", 0.0)["sees"]


def test_sources_differ_where_a_file_does(tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = on_node.digest(tmp_path)
    (tmp_path / "notes.md").write_text("of no interest")
    assert on_node.digest(tmp_path) == before
    (tmp_path / "a.py").write_text("2")
    assert on_node.digest(tmp_path) != before


def test_what_is_sent_by_value_needs_nothing_of_ours():
    source = Path(on_node.__file__).read_text()
    assert raysearch.__name__ not in [
        line.split()[1].partition(".")[0]
        for line in source.splitlines()
        if line.startswith(("import ", "from "))
    ]


@pytest.mark.parametrize(("kind", "is_local"), [("ext4", True), ("nfs4", False), ("lustre", False)])
def test_file_systems_of_one_machine_are_known(tmp_path, monkeypatch, kind, is_local):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / xfs rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0\nodd line\n")
    monkeypatch.setattr(nodes, "MOUNTS", mounts)
    assert nodes._is_one_machines(tmp_path / "runs") == is_local
    assert nodes._is_one_machines(Path("/")) is True
