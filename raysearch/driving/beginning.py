"""What is written as a session begins: the start or the resume of a search, and its settings?"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from raysearch.driving.drive import Drive
from raysearch.engine import Engine
from raysearch.errors import RunDirectoryError
from raysearch.experiment import to_yaml
from raysearch.results.evidence import EarlierRun, to_journal
from raysearch.results.winner_folder import describes
from raysearch.run_dir import RunDir
from raysearch.trial import Trial


def begin(drive: Drive, engine: Engine, *, earlier: Sequence[EarlierRun]) -> list[Trial]:
    """Start the search, or take it up where its journal ends; return the unfinished trials."""
    settings, run_dir = dict(drive.experiment.settings), drive.run_dir
    if drive.resumes:
        run_dir.fetch_below("tensorboard")  # each trial's curve goes on where it ends
        engine.replay(run_dir.events())
        unfinished = engine.resume(
            settings=settings,
            changed=drive.changed,
            fingerprints=drive.experiment.fingerprints,
        )
        trials = engine.state.trials.values()
        run_dir.remove_orphans({c.path for t in trials for c in t.checkpoints})
    elif run_dir.has_search():
        raise RunDirectoryError(f"{run_dir} holds a search already. `resume` goes on with it.")
    else:
        unfinished = []
        space = drive.experiment.space.to_json()
        engine.start(
            settings=settings,
            space=space,
            versions=versions(),
            fingerprints=drive.experiment.fingerprints,
            evidence=to_journal(earlier, experiment=drive.experiment),
        )
    _write_settings(run_dir, settings)
    return unfinished


def _write_settings(run_dir: RunDir, settings: dict[str, Any]) -> None:
    head = "# The settings of this search, with all defaults filled in. `resume` reads them.\n"
    for name, version in versions().items():
        head += f"# {name} {version}\n"
    try:
        run_dir.storage.put("experiment.yaml", (head + to_yaml(settings)).encode())
    except OSError as error:
        raise RunDirectoryError(
            f"{run_dir.experiment_file} cannot be written: {error.strerror or error}. The journal "
            "has the settings, and is kept. Remove what is there, or make room; then `resume`."
        ) from error


def versions() -> dict[str, str]:
    """Return the versions of what decides how a trial trains."""
    methods = ("hyperopt", "optuna", "cmaes", "numpy")
    names = ("raysearch", "torch", "pytorch-lightning", "lightning", "ray", *methods)
    found = {name: metadata.version(name) for name in names if _is_installed(name)}
    return {"python": platform.python_version(), **found}


def _is_installed(name: str) -> bool:
    return any(metadata.distributions(name=name))


def set_damage_aside(run_dir: RunDir) -> str:
    """Move what the journal holds from its damage on elsewhere; return a note that says where.

    Raises:
        RunDirectoryError: Another process is at work there, or it cannot be moved.
    """
    aside = run_dir.set_damage_aside(describes=lambda model: describes(run_dir, model))
    if aside is None:
        return "the journal is not damaged; nothing was set aside"
    note = (
        f"what the journal holds from its damage on is in {run_dir.path / aside.folder} now, with "
        "the checkpoints and the winner that only it speaks of"
    )
    if aside.opened_test:
        note += "; it tells that the test split was opened, so it is not opened again unless forced"
    return note
