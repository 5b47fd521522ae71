"""A raysearch scheduler inside somebody's own `ray.tune.Tuner`."""

from __future__ import annotations

import json
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


PROMOTING = """\
import json, sys, tempfile
from pathlib import Path
import ray
from ray import tune
from raysearch.schedulers.asha import ASHA
from raysearch.trial import Objective
from raysearch.tuning import to_tune

def train(config):
    last = 0
    if tune.get_checkpoint():
        with tune.get_checkpoint().as_directory() as folder:
            last = int((Path(folder) / "epoch").read_text())
    for epoch in range(last + 1, 10):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "epoch").write_text(str(epoch))
            tune.report(
                {"score": config["slope"] * epoch, "began_after": last, "epoch": epoch},
                checkpoint=tune.Checkpoint.from_directory(folder),
            )

ray.init(address=sys.argv[1], log_to_driver=False)
objective = Objective(metric="score", direction="maximize")
policy = ASHA(objective=objective, max_epochs=9, form="promotion")
results = tune.Tuner(
    train,
    param_space={"slope": tune.grid_search([6, 5, 4, 3, 2, 1])},
    tune_config=tune.TuneConfig(
        scheduler=to_tune(policy, objective=objective, time_attr="epoch"), reuse_actors=True
    ),
    run_config=tune.RunConfig(storage_path=tempfile.mkdtemp(dir=sys.argv[2]), verbose=0),
).fit()
found = {r.config["slope"]: (r.metrics["epoch"], r.metrics["began_after"]) for r in results}
print(json.dumps({"found": found, "errors": len(results.errors)}))
"""


@pytest.mark.timeout(120)  # real Ray workers
def test_trials_that_asha_pauses_go_on_from_their_checkpoints_in_a_plain_tuner(
    ray_address, tmp_path
):
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROMOTING, ray_address, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **LOOPBACK},
    )
    assert process.returncode == 0, process.stderr
    outcome = json.loads(process.stdout.splitlines()[-1])
    assert outcome["errors"] == 0
    epochs = {int(slope): reached for slope, (reached, _) in outcome["found"].items()}
    assert epochs.keys() == {1, 2, 3, 4, 5, 6}
    assert set(epochs.values()) <= {1, 3, 9}  # nobody ended between two rungs
    assert max(epochs.values()) == 9
    assert min(epochs.values()) == 1  # the search ended although some were never promoted
    went_on = {began for reached, began in outcome["found"].values() if began}
    assert went_on <= {1, 3}
    assert went_on  # from where it was paused


@pytest.mark.timeout(120)  # real Ray workers
def test_a_missing_metric_is_an_error_that_names_it(ray_address, tmp_path):
    process = run(ray_address, "scroe", tmp_path)
    assert process.returncode != 0
    assert 'reported no "score"' in process.stderr
    assert "Did you mean scroe?" in process.stderr
