"""How are the checkpoints that matter brought together, for somebody who wants them and no more?

Copies, named by trial, with a manifest that says of each what it is worth, what it is and how it is
opened. They are read through the run directory's storage, wherever that is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results.found import Found
from raysearch.results.messages import never_finite, no_winner
from raysearch.results.selection import best_checkpoint, checkpoint_fault
from raysearch.results.winner_folder import (
    CONFIG,
    METRICS,
    compressed_as_it_lies,
    path_of,
)
from raysearch.run_dir.storage import LocalStorage
from raysearch.trial import Trial

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was brought together."""

    folder: Path
    sizes: Mapping[str, int]
    """File, relative to the folder -> bytes."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Trial -> why its checkpoint is not there, as a phrase."""


def gather(found: Found, *, to: Path, trials: Sequence[Trial]) -> Gathered:
    """Copy the winner's models and the best checkpoints of trials, with a manifest.

    Args:
        found: The search.
        to: The folder, made when missing. It must be empty, or hold what was gathered before of
            this same search.
        trials: Whose best checkpoints are wanted, beside the winner's.

    Raises:
        RunDirectoryError: No trial has finished an epoch, or the folder holds something else.
        ConfigurationError: A trial has no best epoch.

    Side effects:
        Writes each file atomically, and the manifest last. Safe to repeat.
    """
    if not found.ranking():
        raise RunDirectoryError(no_winner(found))
    for trial in trials:
        if trial.best(found.objective) is None:
            raise ConfigurationError(never_finite(found, trial))
    _refuse_other(to, run=_name(found))
    storage = LocalStorage(to.absolute())
    storage.delete(MANIFEST)
    entries, left_out = _of_winner(found), {}
    for trial in trials:
        fault = checkpoint_fault(
            trial, objective=found.objective, run_dir=found.run_dir, opens=True
        )
        checkpoint = best_checkpoint(trial, objective=found.objective)
        if fault is not None or checkpoint is None:
            left_out[trial.id] = fault or "it is not kept"
            continue
        name = f"{trial.id}/{Path(checkpoint.path).name}"
        entries.append(_entry(found, trial, key=checkpoint.path, name=name))
    for entry in entries:
        data = found.run_dir.storage.read(str(entry["from"]))
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        storage.put(str(entry["path"]), data)
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": _name(found),
        "objective": {
            "metric": found.objective.metric,
            "direction": found.objective.direction,
        },
        "files": entries,
        "left_out": left_out,
    }
    storage.put(MANIFEST, (json.dumps(document, indent=2) + "\n").encode())
    sizes = {str(entry["path"]): int(entry["bytes"]) for entry in entries}
    return Gathered(folder=to, sizes=sizes, left_out=left_out)


def _of_winner(found: Found) -> list[dict[str, Any]]:
    """Return entries for all that lies in `winner/` and is whole; none before it is handed over."""
    winner = found.winner
    model = None if winner is None else found.model_of(winner)
    if winner is None or model is None:
        return []
    keys = [path_of(repeat) for repeat in range(model.n_models)]
    made = compressed_as_it_lies(found.run_dir, found.handover.compression_of(model))
    keys += [] if made is None else [made.path]
    keys += [key for key in (CONFIG, METRICS) if found.run_dir.storage.exists(key)]
    return [_entry(found, winner, key=key, name=key) for key in keys]


def _entry(found: Found, trial: Trial, *, key: str, name: str) -> dict[str, Any]:
    best = trial.best(found.objective)
    return {
        "path": name,
        "from": key,
        "trial": trial.id,
        "epoch": None if best is None else best.epoch,
        "values": {} if best is None else dict(best.values),
        "configuration": dict(trial.configuration),
    }


def _refuse_other(folder: Path, *, run: str) -> None:
    """Raise if a folder holds what was not gathered from this search."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RunDirectoryError(f"{folder} is not a folder. Give the path of one, new or empty.")
    try:
        before = json.loads((folder / MANIFEST).read_text()).get("run")
    except (OSError, ValueError, AttributeError):
        before = None
    if before != run and any(folder.iterdir()):
        what = f"what was gathered from {before}" if before else "files of another kind"
        raise RunDirectoryError(
            f"{folder} holds {what}, and nothing was written. Give a folder that is new or empty."
        )


def _name(found: Found) -> str:
    return found.run_dir.path.absolute().name
