"""A raysearch scheduler inside somebody's own `ray.tune.Tuner`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.integration.conftest import LOOPBACK

SCRIPT = """\
import json, sys, tempfile
import ray
from ray import tune
from raysearch.schedulers.asha import ASHA
from raysearch.trial import Objective
from raysearch.tuning import to_tune

METRIC = sys.argv[2]

def train(config):
    for epoch in range(1, 10):
        value = float("nan") if config["slope"] == 0 else config["slope"] * epoch
        tune.report({METRIC: value})

ray.init(address=sys.argv[1], log_to_driver=False)
objective = Objective(metric="score", direction="maximize")
policy = ASHA(objective=objective, max_epochs=9, min_epochs=1, reduction_factor=3)
results = tune.Tuner(
    train,
    param_space={"slope": tune.grid_search([5, 4, 3, 2, 1, 0])},
    tune_config=tune.TuneConfig(
        scheduler=to_tune(policy, objective=objective), max_concurrent_trials=1
    ),
    run_config=tune.RunConfig(storage_path=tempfile.mkdtemp(dir=sys.argv[3]), verbose=0),
).fit()
epochs = {r.config["slope"]: r.metrics["training_iteration"] for r in results if r.metrics}
print(json.dumps({"epochs": epochs, "errors": len(results.errors)}))
"""


def run(address, metric, folder):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, address, metric, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **LOOPBACK},
    )


@pytest.mark.timeout(120)  # real Ray workers
def test_asha_stops_the_worse_trials_of_a_plain_tuner(ray_address, tmp_path):
    process = run(ray_address, "score", tmp_path)
    assert process.returncode == 0, process.stderr
    assert '"epochs": {"5": 9, "4": 1, "3": 1, "2": 1, "1": 1, "0": 1}' in process.stdout
    assert '"errors": 0' in process.stdout


@pytest.mark.timeout(120)  # real Ray workers
def test_a_missing_metric_is_an_error_that_names_it(ray_address, tmp_path):
    process = run(ray_address, "scroe", tmp_path)
    assert process.returncode != 0
    assert 'reported no "score"' in process.stderr
    assert "Did you mean scroe?" in process.stderr
