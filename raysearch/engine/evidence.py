"""How are trials of earlier runs kept in the journal, and what is a searcher told of them?

They steer the searcher and are nothing else: no trials of this search, in no budget, no ranking,
and no winner. The start of the search holds them in short, so that a resume does not need the
earlier runs. What of a trial counts here depends on how long trials are trained here, and so is
decided when the searcher is told.

    {"version": 1, "runs": [{"run": "runs/digits-20261123-170912", "n_trials": 64, "max_epochs": 27,
     "trials": [{"trial": "0007", "status": "completed", "cause": null,
                 "configuration": {"width": 32}, "values": [[1, 0.91, 0.4], [2, 0.93, 0.8]]}]}]}

Each of the values has the epoch, the objective and the seconds trained until then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from raysearch.errors import RunDirectoryError
from raysearch.trial import Measurement, Objective, Trial, TrialStatus

VERSION = 1
"""Of the form above; only ever add keys within one."""

KIND = "evidence"
"""Kind of the origin of such trials."""


def entry(trial: Trial, *, objective: Objective) -> dict[str, Any]:
    """Return what is kept of a trial that ended; its configuration is one of the present space."""
    return {
        "trial": trial.id,
        "status": str(trial.status),
        "cause": trial.cause,
        "configuration": dict(trial.best_configuration(objective)),
        "values": [
            [m.epoch, _finite(m.values.get(objective.metric)), round(m.seconds, 3)]
            for m in trial.measurements
        ],
    }


def trials_of(evidence: Mapping[str, Any], *, objective: Objective, max_epochs: int) -> list[Trial]:
    """Return the trials that a searcher is told of before its first suggestion.

    Their numbers are below 0, the last one's is -1. What was measured after the last epoch of this
    search is left out; a trial that was trained to the end of a shorter training counts as stopped
    there, so that a full training beats it.

    Args:
        evidence: What the start of the search holds of earlier runs; may be empty.
        objective: What is improved.
        max_epochs: Epochs of a trial of this search that is never stopped.

    Raises:
        RunDirectoryError: A newer version wrote it.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> entry = {"trial": "0007", "status": "completed", "configuration": {"width": 8},
        ...          "values": [[1, 0.5, 1.0], [2, 0.4, 2.0]]}
        >>> run = {"run": "runs/old", "max_epochs": 2, "trials": [entry]}
        >>> trial, = trials_of({"version": 1, "runs": [run]}, objective=loss, max_epochs=9)
        >>> trial.id, trial.number, trial.value(loss), trial.status
        ('old/0007', -1, 0.4, <TrialStatus.STOPPED: 'stopped'>)
    """
    version = evidence.get("version", VERSION)
    if version > VERSION:
        raise RunDirectoryError(
            f"the evidence of earlier runs in the journal has version {version}; this raysearch "
            f"reads up to {VERSION}. Open it with a newer version."
        )
    runs = evidence.get("runs", ())
    names = names_of([run["run"] for run in runs])
    entries = [
        (run, f"{name}/{trial['trial']}", trial)
        for run, name in zip(runs, names, strict=True)
        for trial in run["trials"]
    ]
    return [
        _trial(known, id=id, run=run, number=number, objective=objective, max_epochs=max_epochs)
        for number, (run, id, known) in enumerate(entries, start=-len(entries))
    ]


def names_of(runs: Sequence[str]) -> list[str]:
    """Return a name for each run: its folder, and as much of the path before it as tells it apart.

    Example:
        >>> names_of(["a/digits", "b/digits", "b/scan", "b/scan"])
        ['a/digits', 'b/digits', 'scan', 'scan (2)']
    """
    paths = list(dict.fromkeys(PurePath(run) for run in runs))
    names: list[str] = []
    for run in runs:
        path = PurePath(run)
        others = [other.parts for other in paths if other != path]
        n = 1
        while n < len(path.parts) and any(path.parts[-n:] == other[-n:] for other in others):
            n += 1
        name = str(PurePath(*path.parts[-n:]))
        n_before = [PurePath(before) for before in runs[: len(names)]].count(path)
        names.append(name if not n_before else f"{name} ({n_before + 1})")
    return names


def summary(evidence: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Return of each earlier run its path, how many of its trials are used, and how many it has."""
    return [(run["run"], len(run["trials"]), run["n_trials"]) for run in evidence.get("runs", ())]


def _trial(
    known: Mapping[str, Any],
    *,
    id: str,
    run: Mapping[str, Any],
    number: int,
    objective: Objective,
    max_epochs: int,
) -> Trial:
    measurements = [
        Measurement(epoch=epoch, step=0, values={objective.metric: value}, seconds=seconds)
        for epoch, value, seconds in known["values"]
        if epoch <= max_epochs
    ]
    return Trial(
        id=id,
        number=number,
        configuration=known["configuration"],
        origin={"kind": KIND, "run": run["run"], "trial": known["trial"]},
        status=_status(known, known_to=run["max_epochs"], max_epochs=max_epochs),
        cause=known.get("cause"),
        measurements=tuple(measurements),
    )


def _status(known: Mapping[str, Any], *, known_to: int, max_epochs: int) -> TrialStatus:
    values: Sequence[Sequence[Any]] = known["values"]
    status, epochs = TrialStatus(known["status"]), values[-1][0] if values else 0
    if epochs > max_epochs:
        return TrialStatus.COMPLETED
    is_cut = status is TrialStatus.COMPLETED and known_to <= epochs < max_epochs
    return TrialStatus.STOPPED if is_cut else status


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
