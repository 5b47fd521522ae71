"""How many trials a cluster trains at once, node by node, and what of it stays idle."""

from __future__ import annotations

import json

import pytest

from raysearch.experiment import Resources
from raysearch.tuning import capacity
from raysearch.tuning.capacity import Capacity, NodeKind, described

FOUR = NodeKind(count=4, cpus=4, gpus=0)


@pytest.mark.parametrize(
    ("cpus", "gpus", "kinds", "slots"),
    [
        (1, 0, [FOUR], 16),
        (3, 0, [FOUR], 4),
        (8, 0, [FOUR], 0),  # sixteen cores, but no node has eight
        (1, 1, [FOUR, NodeKind(count=2, cpus=8, gpus=4)], 8),
        (4, 1, [NodeKind(count=2, cpus=8, gpus=4)], 4),
    ],
)
def test_trials_are_counted_node_by_node(cpus, gpus, kinds, slots):
    assert Capacity(now=tuple(kinds)).slots(Resources(cpus=cpus, gpus=gpus)) == slots


def test_gpus_of_another_kind_are_nobodys(kinds=("A100", "T4", "")):
    has = Capacity(now=tuple(NodeKind(count=1, cpus=8, gpus=4, accelerator=k) for k in kinds))
    wanted = Resources(gpus=1, accelerator_type="A100")
    assert has.slots(wanted) == 4  # nothing runs where Ray does not know the kind
    assert has.total("GPU", accelerator="A100") == 4
    assert has.total("GPU") == 12
    later = Capacity(now=(), later=(NodeKind(count=2, cpus=8, gpus=4),), most_nodes=2)
    assert later.most(wanted) == 8  # of which nobody knows yet


def test_what_an_autoscaler_may_add_counts_up_to_its_limit():
    head = (NodeKind(count=1, cpus=0, gpus=0),)
    later = (NodeKind(count=8, cpus=8, gpus=1), NodeKind(count=2, cpus=32, gpus=4))
    has = Capacity(now=head, later=later, most_nodes=5)
    assert has.slots(Resources(cpus=1, gpus=1)) == 0
    assert has.most(Resources(cpus=1, gpus=1)) == 4 + 4 + 1 + 1 + 1


def test_nodes_that_are_gone_do_not_count():
    nodes = [
        {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0, "accelerator_type:L4": 1.0}},
        {"Alive": True, "Resources": {"memory": 1e9}},
        {"Alive": False, "Resources": {"CPU": 64.0}},
    ]
    kinds = capacity._kinds(nodes)
    assert [(kind.count, kind.cpus, kind.gpus, kind.accelerator) for kind in kinds] == [
        (1, 8.0, 1.0, "L4"),
        (1, 0.0, 0.0, ""),
    ]
    assert described(Capacity(now=kinds)) == (
        "2 nodes: 1 with 8 CPUs and 1 GPU (L4), 1 with 0 CPUs and no GPU"
    )


def test_nothing_is_added_where_nobody_said_so(tmp_path, monkeypatch):
    monkeypatch.delenv(capacity.NODES, raising=False)
    monkeypatch.setattr(capacity, "BOOTSTRAP", tmp_path / "none.yaml")
    assert not capacity.may_grow()


def test_the_file_of_ray_up_says_what_may_come(tmp_path, monkeypatch):
    monkeypatch.delenv(capacity.NODES, raising=False)
    file = tmp_path / "ray_bootstrap_config.yaml"
    types = {
        "head": {"resources": {"CPU": 0}},
        "gpu": {"resources": {"CPU": 8, "GPU": 1}, "max_workers": 20},
    }
    file.write_text(
        json.dumps({"max_workers": 8, "head_node_type": "head", "available_node_types": types})
    )
    monkeypatch.setattr(capacity, "BOOTSTRAP", file)
    assert capacity._later() == ((NodeKind(count=8, cpus=8, gpus=1),), 8)
    assert capacity.may_grow()
