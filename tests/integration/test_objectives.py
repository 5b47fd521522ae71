"""A search with several objectives and a limit, and one whose limit nothing meets, as commands."""

from __future__ import annotations

import pytest

from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev

pytestmark = pytest.mark.timeout(400)  # real workers, which import torch for each search

EXPERIMENT = """\
seed: 1
data: digits
model: mlp
space:
  width: {int: [8, 256], default: 32, log: true}
  depth: {int: [1, 2]}
  data.batch_size: 128
objectives: [val/accuracy, params, latency_ms]
constraints: {params: "<= 20000", latency_ms: "<= 1000"}
searcher: {name: nsga2, population: 4}
scheduler: {name: asha, reduction_factor: 2}
fidelity: {max_epochs: 3}
budget: {trials: 10}
points: [{width: 256, depth: 2}]
resources: {cpus: 1}
"""
"""What it says to try first is rejected, whatever the latencies lead the searcher to."""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text(EXPERIMENT)
    return path


def test_a_front_is_found_and_what_costs_too_much_is_never_trained(file, raysearch, tmp_path):
    run = tmp_path / "run"
    outcome = raysearch("run", file, "--run-dir", run, "--json", timeout_s=240)
    assert outcome.status == 0, outcome.err
    document = outcome.document
    trials = {trial["id"]: trial for trial in document["trials"]}
    assert all({"params", "latency_ms"} <= set(trial["values"]) for trial in trials.values())
    for trial in trials.values():
        is_rejected = trial["status"] == "rejected"
        assert is_rejected == (trial["values"]["params"] > 20000)
        assert not (is_rejected and trial["epochs"])
    assert trials["0001"]["status"] == "rejected"  # that of `points`
    front = document["pareto_front"]
    assert len(front) > 1
    assert document["winner"]["trial"] in front
    assert document["winner"]["chosen_by"] == "front"
    assert "test/accuracy" in document["winner"]["test"]
    events = list(RunDir(run).events())
    gauged = [event.trial for event in events if isinstance(event, ev.ModelMeasured)]
    assert sorted(gauged) == sorted(trials)  # each once
    trained = [event.trial for event in events if isinstance(event, ev.Measured)]
    assert all(trials[trial]["status"] != "rejected" for trial in trained)
    reasons = [trial["reason"] or "" for trial in document["trials"]]
    assert any("rung 1: front" in reason for reason in reasons)
    shown = raysearch("results", run).out
    assert "Pareto front" in shown
    assert "before training; the closest" in shown
    rejected = next(id for id, trial in trials.items() if trial["status"] == "rejected")
    detail = raysearch("trial", run, rejected).out
    assert "rejected: params is" in detail
    assert "must be <= 20000" in detail


def test_a_limit_that_nothing_meets_is_found_before_the_first_trial(file, raysearch, tmp_path):
    run = tmp_path / "run"
    outcome = raysearch("run", file, "constraints={params: <= 100}", "--run-dir", run)
    assert outcome.status == 2
    assert "configurations that were measured meets params <= 100" in outcome.err
    assert "The closest has params" in outcome.err
    assert "Nothing was started" in outcome.err
    assert not run.exists() or not RunDir(run).has_search()
