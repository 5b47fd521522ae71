"""A search with folds whose driver is killed trains no fold twice, and hands a model over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.search import Search
from raysearch.trial import SearchStatus, TrialStatus
from tests.integration.processes import wait_for

pytestmark = pytest.mark.timeout(240)  # twice the workers of a Ray, which import torch

OVERRIDES = (
    "model=mlp", "space={width: {int: [4, 32], default: 32}, depth: 1}", "searcher=random",
    "scheduler=none", "fidelity.max_epochs=3", "budget.trials=3", "checkpoint.every=1",
    "parallel=1", "repeats.folds=3",
)  # fmt: skip


def measured(run):
    if not RunDir(run).has_search():
        return []
    return [event for event in RunDir(run).events() if isinstance(event, ev.Measured)]


def test_a_search_with_folds_that_is_killed_goes_on_where_it_was(small, tmp_path, ray_address):
    run = tmp_path / "run"
    words = ["run", small, "--run-dir", run, "--address", ray_address, *OVERRIDES]
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", *map(str, words)],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(
            lambda: any(e.fold == 1 for e in measured(run)),
            timeout_s=120,
            process=process,
        )
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = {(e.trial, e.fold, e.epoch) for e in measured(run)}

    killed = Search.resume(run, address=ray_address).run()
    assert killed.status is SearchStatus.FINISHED
    after = [(e.trial, e.fold, e.epoch) for e in measured(run)]
    assert before < set(after)
    done = [each for each in after if each[2] == 3]  # the last epochs of folds
    assert len(done) == len(set(done))
    trials = killed.state.trials.values()
    assert {t.fold for t in trials if t.status is TrialStatus.COMPLETED} == {3}
    assert killed.state.account.n_folds == 3

    results = Results.open(run)
    winner = results.winner
    document = next(t for t in results.to_json()["trials"] if t["id"] == winner.id)
    values = [fold["val/accuracy"] for fold in document["folds"]["values"]]
    assert document["values"]["val/accuracy"] == pytest.approx(sum(values) / 3)
    assert document["folds"]["std"]["val/accuracy"] > 0
    assert results.to_dataframe()["folds"].tolist()[winner.number] == 3
    assert (run / "tensorboard" / winner.id / "fold-03").is_dir()
    results.refit()
    values = results.test().values
    assert values is not None
    assert values["test/accuracy"] > 0.3
