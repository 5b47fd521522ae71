"""Children that begin with their parents' weights, on Ray and through the command line."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(400)  # real workers, which import torch

HEIRS = """\
name: heirs
data: digits
model: [mlp, cnn]
space:
  mlp.width: {int: [8, 32], default: 16}
  mlp.depth: {int: [1, 2], default: 1}
  cnn.width: {choice: [8, 16], default: 8}
  cnn.stages: 1
  cnn.blocks_per_stage: 1
  data.batch_size: 128
objective: val/accuracy
searcher: {name: evolution, inherit: weights, population_size: 2, tournament_size: 2}
scheduler: none
fidelity: {max_epochs: 1}
budget: {trials: 7}
resources: {cpus: 1}
"""


def test_children_inherit_weights_and_results_say_from_whom(raysearch, tmp_path):
    (tmp_path / "heirs.yaml").write_text(HEIRS)
    outcome = raysearch("run", "heirs.yaml", "--run-dir", "run", "--json", timeout_s=240)
    assert outcome.status == 0, outcome.err
    trials = {trial["id"]: trial for trial in outcome.document["trials"]}
    heirs = [trial for trial in trials.values() if trial.get("inherited")]
    assert heirs
    for heir in heirs:
        told, parent = heir["inherited"], trials[heir["inherited"]["trial"]]
        assert told["epoch"] == parent["best_epoch"]
        assert told["epochs_before"] >= 1
        assert told["preserved"] + told["overlapped"] > 0
        assert heir["configuration"]["model"] == parent["configuration"]["model"]
    chosen = raysearch("refit", "run", "--trial", heirs[-1]["id"], "--json")
    assert chosen.status == 0, chosen.err
    line = chosen.document["winner"]["refit"]["line"]
    assert line[-1] == {"trial": heirs[-1]["inherited"]["trial"], "epochs": 1}
    shown = raysearch("trial", "run", heirs[-1]["id"])
    assert f"with the weights of trial {heirs[-1]['inherited']['trial']}" in shown.out
