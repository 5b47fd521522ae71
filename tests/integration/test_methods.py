"""Every searcher and every scheduler takes part in a real search through the command line.

One searcher with one scheduler in each, all on one Ray and typed in one process, one after the
other. A plain function trains, so that no worker waits for torch.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import cycle
from typing import Any

import pytest

from raysearch.cli.main import DONE
from raysearch.engine import fold
from raysearch.run_dir import RunDir
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS
from raysearch.trial import SearchStatus, TrialStatus

pytestmark = pytest.mark.timeout(1500)  # 17 searches, on a machine that others load

N_TRIALS = 10
ENDED_WELL = (TrialStatus.COMPLETED, TrialStatus.STOPPED)

FUNCTION = """\
import json

def train(config, report):
    epoch = json.loads(report.resume_from.read_text()) if report.resume_from else 0
    kept = report.directory / "kept.json"
    while epoch < 9:
        epoch += 1
        kept.write_text(json.dumps(epoch))
        report({"score": worth(config) * (1 - 0.5**epoch)}, checkpoint=kept)

def worth(config):
    if "graph" in config:
        return 1 + len(config["graph"]) % 17
    return 2 - (config["x"] - 0.3) ** 2 - (config["n"] - 3) ** 2 / 20
"""

EXPERIMENT = f"""\
seed: 1
model: {{function: "methods:train"}}
space: {{x: {{float: [0.0, 1.0], step: 0.05}}, n: {{int: [1, 9]}}}}
objective: {{metric: score, direction: maximize}}
fidelity: {{max_epochs: 9}}
budget: {{trials: {N_TRIALS}}}
parallel: 1
refit: false
"""

LEARNING: dict[str, dict[str, Any]] = {
    "annealing": {"n_startup": 3},
    "bayesian": {"n_startup": 4, "n_samples": 2},
    "cmaes": {"population": 4},
    "cross_entropy": {"n_startup": 3},
    "evolution": {"population_size": 3, "tournament_size": 2},
    "genetic": {"population_size": 3, "tournament_size": 2},
    "hyperopt": {"n_startup": 3},
    "local_search": {"n_startup": 3},
    "neat": {"population": 5},
    "nsga2": {"population": 4},
    "tpe": {"n_startup": 3},
}
"""Settings with which a method learns from the first few trials."""
RAYS = {
    "HyperOptSearch": {
        "class": "ray.tune.search.hyperopt:HyperOptSearch",
        "args": {"n_initial_points": 3},
    },
    "ASHAScheduler": {
        "class": "ray.tune.schedulers:ASHAScheduler",
        "args": {"reduction_factor": 3},
    },
    "MedianStoppingRule": {
        "class": "ray.tune.schedulers:MedianStoppingRule",
        "args": {"time_attr": "training_iteration", "grace_period": 2, "min_samples_required": 2},
    },
}
STOPPING: dict[str, dict[str, Any]] = {
    "asha promotion": {"name": "asha", "form": "promotion"},
    "median": {"name": "median", "min_trials": 2},
    "successive_halving": {"name": "successive_halving", "n_trials": 9},
}
METHODS = {name: {"name": name, **LEARNING.get(name, {})} for name in SEARCHERS} | {
    "HyperOptSearch": RAYS["HyperOptSearch"]
}
POLICIES = (
    {name: {"name": name} for name in SCHEDULERS}
    | STOPPING
    | {name: RAYS[name] for name in ("ASHAScheduler", "MedianStoppingRule")}
)
FIXED = {"HyperOptSearch": "ASHAScheduler"}
"""Which policy is taken with a method; the others go round."""


def pairs() -> dict[str, str]:
    """Return a scheduler for each searcher, so that each scheduler is in one search at least."""
    round_about = cycle(name for name in POLICIES if name not in FIXED.values())
    return {name: FIXED.get(name) or next(round_about) for name in METHODS}


PAIRS = pairs()

TYPED = """\
import json, sys
from raysearch.cli.main import main

for words in json.loads(sys.argv[1]):
    print(json.dumps(main(words)), file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ray_address):
    """Where all searches have run, each in a run directory called after its searcher."""
    folder = tmp_path_factory.mktemp("methods")
    (folder / "methods.py").write_text(FUNCTION)
    (folder / "search.yaml").write_text(EXPERIMENT)
    always = ["--address", ray_address, "--json"]
    typed = [
        ["run", "search.yaml", *settings(name), "--run-dir", name, *always] for name in METHODS
    ]
    half = ["run", "search.yaml", *settings("HyperOptSearch"), f"budget.trials={N_TRIALS // 2}"]
    typed += [
        [*half, "--run-dir", "extended", *always],
        ["resume", "extended", f"budget.trials={N_TRIALS}", *always],
    ]
    process = subprocess.run(
        [sys.executable, "-c", TYPED, json.dumps(typed)],
        cwd=folder, capture_output=True, text=True, timeout=1400, check=False,
    )  # fmt: skip
    statuses = [int(line) for line in process.stderr.splitlines() if line.isdigit()]
    assert statuses == [DONE] * len(typed), process.stderr
    return folder


def settings(name: str) -> list[str]:
    """Return what is typed for a searcher and its scheduler."""
    graph = ["space={graph: {graph: [2, 1]}}"] if name == "neat" else []
    searcher, scheduler = METHODS[name], POLICIES[PAIRS[name]]
    return [f"searcher={json.dumps(searcher)}", f"scheduler={json.dumps(scheduler)}", *graph]


def test_each_of_them_is_in_one_search() -> None:
    assert set(PAIRS) >= set(SEARCHERS)
    assert {POLICIES[name].get("name") for name in PAIRS.values()} >= set(SCHEDULERS)
    assert {"ASHAScheduler", "MedianStoppingRule"} <= set(PAIRS.values())


@pytest.mark.parametrize("name", PAIRS)
def test_a_search_ends_well_by_what_was_asked_for(name, folder):
    state = fold(RunDir(folder / name).events())
    trials = list(state.trials.values())
    assert (state.status, len(trials)) == (SearchStatus.FINISHED, N_TRIALS)
    paused = {TrialStatus.PAUSED} if PAIRS[name] == "asha promotion" else set()
    assert {trial.status for trial in trials} <= {*paused, *ENDED_WELL}
    assert trials[0].status is TrialStatus.COMPLETED
    of_method = {trial.origin["kind"] for trial in trials} - {"default", "random"}
    assert of_method or name in ("auto", "random")  # auto begins with as many random ones
    if PAIRS[name] in ("none", "pb2", "pbt"):
        assert state.epochs == 9 * N_TRIALS
        assert any(trial.takeovers for trial in trials) == (PAIRS[name] != "none")
        return
    assert state.epochs < 9 * N_TRIALS
    reasons = [trial.reason for trial in trials if trial.status is not TrialStatus.COMPLETED]
    word = f"Ray's {PAIRS[name]} stopped it" if PAIRS[name] in RAYS else "rung|median"
    assert any(part in (reason or "") for reason in reasons for part in word.split("|"))


def test_a_search_by_rays_own_is_extended_as_if_it_had_never_stopped(folder):
    whole, extended = (
        [
            (trial.configuration, trial.origin, trial.status, trial.reason, trial.epochs)
            for trial in fold(RunDir(folder / name).events()).trials.values()
        ]
        for name in ("HyperOptSearch", "extended")
    )
    assert extended == whole
