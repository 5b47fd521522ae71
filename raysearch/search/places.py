"""Where does a search keep its run directory, and is that place still free?"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from raysearch.driving import Drive
from raysearch.errors import ConfigurationError
from raysearch.results.messages import to_type
from raysearch.run_dir import RunDir


def place_for(given: str | Path | None, *, storage: Path, name: str) -> Path:
    """Return the run directory that is given, or a new one.

    Raises:
        ConfigurationError: The one given holds a search already.
    """
    if given is None:
        return new_path(storage, name=name)
    if RunDir(Path(given)).has_search():
        raise ConfigurationError(
            f"--run-dir {given} holds a search already. Give another folder, or go on with that "
            f"one: {to_type('resume', given)}. Nothing was started."
        )
    return Path(given)


def new_path(storage: Path, *, name: str) -> Path:
    """Return a run directory that does not exist: name, date and time, and a number if need be."""
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, attempt = storage / stem, 1
    while path.exists():
        attempt += 1
        path = storage / f"{stem}-{attempt}"
    return path


def reserve(drive: Drive) -> tuple[Drive, Path | None]:
    """Make the run directory, under another name where somebody was quicker.

    Returns:
        What is driven, perhaps elsewhere; and the folder that was made, None if it cannot be: the
        session will say what is wrong with the place.
    """
    while True:
        path = drive.run_dir.path
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            path = new_path(path.parent, name=drive.experiment.name)
            drive = replace(drive, run_dir=RunDir(path))
        except OSError:
            return drive, None
        else:
            return drive, path
