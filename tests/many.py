"""A run directory with many trials, journalled at once, without training anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from raysearch.experiment import from_settings
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import SearchStatus, trial_id
from tests.recorded import SETTINGS, VERSIONS

RUNGS = (1, 3, 9)
N_WORKERS = 4
METRIC = "val/accuracy"
SPACE = {
    "optimizer": "adamw",
    "learning_rate": {"float": [1e-4, 1e-1], "log": True},
    "width": {"int": [8, 64]},
}


def many(path: Path, n_trials: int, *, seed: int = 0, gain: float = 0.0, **settings: Any) -> RunDir:
    """Write a finished search of `mlp`, whose accuracy depends on its learning rate alone.

    Trials are stopped at the rungs, the earlier the worse they are; every twentieth fails, and two
    of three come from others. Four workers take turns. Only the best trial has a checkpoint.

    Args:
        path: The run directory.
        n_trials: How many.
        seed: Of what is drawn, and in the settings.
        gain: Added to every accuracy.
        settings: Sections of the experiment that differ from those of `tests.recorded`.
    """
    given = {**SETTINGS, "space": SPACE, "fidelity": {"max_epochs": 9}, "seed": seed, **settings}
    if "objectives" in given:
        del given["objective"]
    experiment = from_settings(given)
    rng = np.random.default_rng(seed)
    started = ev.SearchStarted(
        at=1000.0,
        settings=dict(experiment.settings),
        space=experiment.space.to_json(),
        versions=VERSIONS,
    )
    events: list[Event] = [started]
    free = [1000.0] * N_WORKERS
    for number in range(n_trials):
        worker = min(range(N_WORKERS), key=free.__getitem__)
        sampled = experiment.space.sample(rng) if number else experiment.space.default()
        lived = list(_life(number, sampled, worker=worker, at=free[worker], gain=gain, rng=rng))
        free[worker] = lived[-1].at
        events += lived
    events.sort(key=lambda event: event.at)
    events += _checkpoints(path, events)
    ended = ev.SearchEnded(at=max(free), status=SearchStatus.FINISHED, reason="budget used")
    run_dir = RunDir(path)
    with run_dir.writing() as journal:
        journal.append([*events, ended])
    return run_dir


def _checkpoints(path: Path, events: Sequence[Event]) -> Iterator[Event]:
    """Write the checkpoint of the best measurement, if there is one, and yield its event."""
    measured = [event for event in events if isinstance(event, ev.Measured)]
    best = max(measured, key=lambda event: event.values[METRIC] or 0.0, default=None)
    if best is not None:
        key = f"trials/{best.trial}/epoch-{best.epoch:04d}.ckpt"
        (path / key).parent.mkdir(parents=True, exist_ok=True)
        (path / key).write_bytes(b"no model")
        yield ev.CheckpointWritten(
            at=events[-1].at, trial=best.trial, epoch=best.epoch, path=key, size_bytes=8
        )


def _life(
    number: int,
    configuration: Mapping[str, Any],
    *,
    worker: int,
    at: float,
    gain: float,
    rng: np.random.Generator,
) -> Iterator[Event]:
    name = trial_id(number)
    origin: dict[str, Any] = {"kind": "random"}
    if number % 3 and number > 3:
        origin = {"kind": "genetic", "parents": [trial_id(number // 2)], "generation": 1}
    # in whole 1/1024 s, so that order is what the numbers say
    at += 2**-10
    yield ev.TrialCreated(
        at=at, trial=name, number=number, configuration=configuration, origin=origin
    )
    yield ev.AttemptStarted(at=at, trial=name, attempt=1, worker=f"vm:{100 + worker}")
    off = abs(np.log10(configuration["learning_rate"]) + 2.0)
    n_epochs = RUNGS[2] if number == 0 or off < 0.4 else RUNGS[1] if off < 1.0 else RUNGS[0]
    for epoch in range(1, n_epochs + 1):
        at += 0.5
        value = 0.9 - 0.15 * off - 0.2 / epoch + 0.01 * rng.random() + gain
        yield ev.Measured(
            at=at,
            trial=name,
            attempt=1,
            epoch=epoch,
            step=10 * epoch,
            values={METRIC: float(value), "val/loss": 2.0 / (epoch + number % 7 + 1)},
            seconds=0.5 * epoch,
        )
    if number % 20 == 19:
        error = "ValueError: width is 0 (nets.py, line 31)"
        yield ev.TrialEnded(at=at, trial=name, status="failed", cause="exception", error=error)
    elif n_epochs == RUNGS[-1]:
        yield ev.TrialEnded(at=at, trial=name, status="completed", reason="trained all 9 epochs")
    else:
        reason = f"rung at epoch {n_epochs}"
        yield ev.TrialEnded(at=at, trial=name, status="stopped", reason=reason)
