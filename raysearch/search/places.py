"""Where does a search keep its run directory, and is that place still free?"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from raysearch.driving import Drive
from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results.messages import to_type
from raysearch.run_dir import RunDir


def place_for(given: str | Path | None, *, storage: Path, name: str) -> Path:
    """Return the run directory that is given, or a new one.

    Raises:
        ConfigurationError: The one given holds a search already, or is in a store that cannot be
            used.
    """
    if given is None:
        return new_path(storage, name=name)
    if _is_taken(Path(given)):
        raise ConfigurationError(
            f"--run-dir {RunDir(given)} holds a search already. Give another folder, or go on with "
            f"that one: {to_type('resume', RunDir(given))}. Nothing was started."
        )
    return Path(given)


def new_path(storage: Path, *, name: str) -> Path:
    """Return a run directory that does not exist: name, date and time, and a number if need be."""
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, attempt = storage / stem, 1
    while _is_taken(path) or path.exists():
        attempt += 1
        path = storage / f"{stem}-{attempt}"
    return path


def _is_taken(path: Path) -> bool:
    """Return whether a run directory holds a search.

    Raises:
        ConfigurationError: It is in a store that cannot be used; nothing was started.
    """
    try:
        return RunDir(path).has_search()
    except RunDirectoryError as error:
        raise ConfigurationError(str(error)) from error


def reserve(drive: Drive) -> tuple[Drive, Path | None]:
    """Make the run directory, under another name where somebody was quicker.

    Returns:
        What is driven, perhaps elsewhere; and the folder that was made, None if it cannot be: the
        session will say what is wrong with the place. A store has no folders; there the lease
        decides who was quicker.
    """
    while drive.run_dir.mirror is None:
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
    return drive, None
