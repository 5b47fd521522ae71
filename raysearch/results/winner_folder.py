"""Which model lies in the folder `winner/`, and is it the one that was handed over?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev

FOLDER = "winner"
MODEL = f"{FOLDER}/model.ckpt"
"""Path of the winning model, relative to the run directory."""
NEXT = f"{FOLDER}/next.ckpt"
"""A model in the making: what is in `winner/` stays whole until this one is."""
CONFIG = f"{FOLDER}/config.yaml"
METRICS = f"{FOLDER}/metrics.json"
"""Written after the model and removed before it changes, so it always speaks of the model there."""


def describes(run_dir: RunDir, model: ev.Refitted) -> bool:
    """Return whether what lies in the run directory is what was journalled."""
    try:
        metrics = json.loads(run_dir.storage.read(METRICS))
        is_whole = not model.path or (
            run_dir.storage.holds(model.path)
            and (run_dir.path / model.path).stat().st_size == model.size_bytes
        )
        described = metrics["trial"], metrics["best_epoch"]
    except (OSError, ValueError, KeyError, TypeError):
        return False  # it is not there, cannot be read, or is not what was written
    return is_whole and described == (model.trial, model.epochs)


@contextmanager
def telling_what_is_kept(run_dir: RunDir) -> Iterator[None]:
    """Say what is kept where the disk fails.

    Raises:
        RunDirectoryError: Something could not be written.
    """
    try:
        yield
    except RunDirectoryError:
        raise  # which says it
    except OSError as error:
        raise RunDirectoryError(
            f"the winner could not be written to {run_dir.path / FOLDER}: "
            f"{error.strerror or error}. The search and all its trials are kept. Make room or mend "
            "the disk; then `resume` hands the winner over."
        ) from error


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
