"""What does the winner draw of what it has learnt, and where are the pictures kept?

Pictures are a help to look at a model, and nothing depends on them: where they cannot be drawn or
written, a warning says why, and the winner is handed over without.
"""

from __future__ import annotations

import logging

from raysearch.results.executor import Executor
from raysearch.results.winner_folder import MODEL
from raysearch.run_dir import RunDir
from raysearch.run_dir.layout import PICTURES
from raysearch.training.job import TrainingJob

_logger = logging.getLogger(__name__)


def draw_winner(
    run_dir: RunDir, job: TrainingJob, *, executor: Executor, has_model: bool
) -> list[str]:
    """Let the model in `winner/` draw, and keep its pictures in the place of those before.

    Args:
        run_dir: The run directory.
        job: The winner's.
        executor: Does the drawing.
        has_model: Whether there is a model; without one there are no pictures.

    Returns:
        The keys of the files: "winner/pictures/samples.png" and so on.

    Side effects:
        Removes older pictures, and writes each file atomically. Nothing is raised: a fault is
        logged as a warning.
    """
    try:
        for key in list(run_dir.storage.keys(PICTURES)):
            run_dir.storage.delete(key)
        if not has_model:
            return []
        pictures = executor.draw(job, checkpoint=run_dir.fetched(MODEL).absolute())
        keys = {f"{PICTURES}/{name}.png": picture for name, picture in pictures.items()}
        for key, picture in keys.items():
            run_dir.storage.put(key, picture)
    except Exception as error:  # noqa: BLE001 - whatever a model raises as it draws: see above
        _logger.warning(
            "the winner, trial %s, has no pictures: %s. Nothing else is lost.", job.trial, error
        )
        return []
    return list(keys)
