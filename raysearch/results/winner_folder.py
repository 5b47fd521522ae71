"""Which model lies in the folder `winner/`, and is it the one that was handed over?"""

from __future__ import annotations

import json
from pathlib import Path

from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev

FOLDER = "winner"
MODEL = f"{FOLDER}/model.ckpt"
"""Path of the winning model, relative to the run directory."""
CONFIG = f"{FOLDER}/config.yaml"
METRICS = f"{FOLDER}/metrics.json"
"""Written after the model and removed before it changes, so it always speaks of the model there."""


def describes(run_dir: RunDir, model: ev.Refitted) -> bool:
    """Return whether what lies in the run directory is what was journalled."""
    try:
        metrics = json.loads(run_dir.storage.read(METRICS))
        is_whole = not model.path or (
            (run_dir.path / model.path).stat().st_size == model.size_bytes
        )
        described = metrics["trial"], metrics["best_epoch"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False  # it is not there, or not what was written
    return is_whole and described == (model.trial, model.epochs)


def install(run_dir: RunDir, model: Path | None) -> int:
    """Put a model that is complete in the place of the winner's, and return its size in bytes.

    Args:
        run_dir: The run directory.
        model: The file, which is moved; None if the winner has no model.

    Side effects:
        Removes metrics.json first: until it is written again, no model counts as handed over.
    """
    run_dir.storage.delete(METRICS)
    if model is None:
        run_dir.storage.delete(MODEL)
        return 0
    return model.replace(run_dir.path / MODEL).stat().st_size
