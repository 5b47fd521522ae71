"""The main job as a user runs it: the command line as a process, a private Ray, a real winner."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from raysearch.engine import fold
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import TrialStatus

pytestmark = pytest.mark.timeout(180)  # Ray and two workers start, which takes most of it


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Run the small experiment once, with a Ray of its own, and look at it from all sides."""
    import subprocess
    import sys

    from tests.integration.conftest import SMALL

    folder = tmp_path_factory.mktemp("job")
    (folder / "small.yaml").write_text(SMALL)
    temporary = Path(tempfile.mkdtemp(prefix="rs-"))  # short: Ray's sockets lie below it
    process = subprocess.run(
        [sys.executable, "-m", "raysearch", "run", "small.yaml", "--run-dir", "run", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    left_behind = {path.name for path in temporary.glob("raysearch-*")}
    shutil.rmtree(temporary)
    return folder, process, left_behind


@pytest.fixture(scope="module")
def state(finished):
    folder, _, _ = finished
    return fold(RunDir(folder / "run").events())


def test_it_ends_well_and_prints_one_document(finished):
    _, process, _ = finished
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)
    assert document["status"] == "finished"
    assert document["totals"]["trials"] == len(document["trials"]) == 5
    assert document["winner"]["test"]["test/accuracy"] > 0.5


def test_neither_ray_nor_lightning_is_heard(finished):
    _, process, _ = finished
    for word in ("raylet", "Traceback", "Warning", "GPU available", "ray.", "tune", "Trainer"):
        assert word not in process.stderr, process.stderr


def test_it_leaves_nothing_behind_but_the_run_directory(finished):
    folder, _, left_behind = finished
    assert left_behind == set()
    assert {path.name for path in folder.iterdir()} == {"small.yaml", "run"}
    names = {path.name for path in (folder / "run").iterdir()}
    assert names == {
        "experiment.yaml",
        "journal",
        "outcomes",
        "tensorboard",
        "trials",
        "winner",
    }


def test_the_first_trial_is_the_default_and_is_trained_to_the_end(state):
    default = state.trials["0000"]
    assert default.origin == {"kind": "default"}
    assert (default.status, default.epochs) == (TrialStatus.COMPLETED, 4)


def test_two_workers_train_all_trials(finished, state):
    folder, _, _ = finished
    started = [e for e in RunDir(folder / "run").events() if isinstance(e, ev.AttemptStarted)]
    assert len(started) == 5
    assert len({e.worker for e in started}) == 2
    assert state.restarts == 0


def test_every_decision_has_its_reason(state):
    for trial in state.trials.values():
        assert trial.reason
        assert ("rung" in trial.reason) == (trial.status is TrialStatus.STOPPED)


def test_the_best_checkpoint_of_each_trial_is_kept_and_nothing_else(finished, state):
    folder, _, _ = finished
    journalled = {c.path for trial in state.trials.values() for c in trial.checkpoints}
    on_disk = {
        p.relative_to(folder / "run").as_posix() for p in (folder / "run").rglob("epoch-*.ckpt")
    }
    assert on_disk == journalled
    assert len(on_disk) == 5


def test_the_winner_opens_with_plain_lightning(finished, state):
    import torch

    from raysearch.imports import load_object

    folder, process, _ = finished
    winner = json.loads(process.stdout)["winner"]
    family = state.trials[winner["trial"]].configuration["model"]
    module = load_object(f"raysearch.models.{family}.module:{family.upper()}")
    model = module.load_from_checkpoint(folder / "run" / winner["checkpoint"])
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_tensorboard_has_curves_of_every_trial(finished, state):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, _, _ = finished
    for trial in state.trials.values():
        accumulator = EventAccumulator(str(folder / "run" / "tensorboard" / trial.id))
        accumulator.Reload()
        points = accumulator.Scalars("val/accuracy")
        assert [p.step for p in points] == [m.epoch for m in trial.measurements]
        expected = [m.values["val/accuracy"] for m in trial.measurements]
        assert [p.value for p in points] == pytest.approx(expected)


def test_extending_trains_new_trials_only_by_another_searcher_in_another_space(finished, state):
    import subprocess
    import sys

    folder, process, _ = finished
    first = json.loads(process.stdout)
    sizes = "space.data.batch_size={choice: [32, 64]}"
    changes = ["budget.trials=7", "searcher.name=random", "scheduler.reduction_factor=4", sizes]
    extended = subprocess.run(
        [sys.executable, "-m", "raysearch", "resume", "run", *changes, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert extended.returncode == 0, extended.stderr
    document = json.loads(extended.stdout)
    assert document["totals"]["trials"] == 7
    assert document["trials"][:5] == first["trials"]
    events = list(RunDir(folder / "run").events())
    again = events[len([e for e in events if e.at <= state.last_at]) :]
    assert {e.trial for e in again if isinstance(e, ev.AttemptStarted)} == {"0005", "0006"}
    begun = [t["configuration"]["data.batch_size"] for t in document["trials"]]
    assert set(begun[5:]) <= {32, 64}
    n_outside = sum(size not in (32, 64) for size in begun)
    assert f"{n_outside} of 5 trials " in extended.stderr  # the default, 128, at least
    [resumed] = [e for e in again if isinstance(e, ev.SearchResumed)]
    assert resumed.space == fold(events).space != state.space
    assert resumed.changed[-1] == "space.data.batch_size"
    assert all(t.origin["kind"] == "random" for t in list(fold(events).trials.values())[5:])
    opened = [e for e in events if isinstance(e, ev.TestOpened)]
    assert len(opened) == 1
    if document["winner"]["trial"] == first["winner"]["trial"]:
        assert document["winner"]["test"] == first["winner"]["test"]
    else:
        assert document["winner"]["test"] is None
