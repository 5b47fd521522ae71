"""Which run directory does RUN mean?

A path or an address; or a name below --storage; or the beginning of one such name, if no other
begins so.
"""

from __future__ import annotations

from pathlib import Path

from raysearch.errors import RunDirectoryError, did_you_mean
from raysearch.run_dir import Lease, RunDir
from raysearch.run_dir.remote.addresses import address_of
from raysearch.run_dir.remote.storage import ObjectStorage

SHOWN = 5
"""Names in a message at most."""


class NoSuchRun(RunDirectoryError):
    """RUN names no run directory: wrong use, not a fault of the disk."""


def find_run(name: str, *, storage: str) -> RunDir:
    """Return the run directory that a person means.

    Args:
        name: What was given as RUN.
        storage: The parent of run directories.

    Raises:
        NoSuchRun: There is none, or several; the message names the nearest.
    """
    path = Path(name)
    if RunDir(path).has_search():
        return RunDir(path)
    if address_of(name) is not None:
        raise NoSuchRun(
            f"{RunDir(path)} holds no search. Give the address of a run directory; to see those in "
            f"a place: list runs --storage {_parent(name)}."
        )
    is_name = path.name not in ("", "..")  # "." and ".." are folders, not beginnings of names
    if is_name and not path.is_absolute() and RunDir(Path(storage) / path).has_search():
        return RunDir(Path(storage) / path)
    runs = runs_below(storage)
    begins = [run for run in runs if is_name and run.path.name.startswith(path.name)]
    if len(begins) == 1 and path.parent in (Path(), Path(storage)):
        return begins[0]
    starting = starting_run(name, storage=storage)
    if starting is not None:
        driver = Lease.holder(starting.path.absolute()) or {}
        raise NoSuchRun(
            f"the search in {starting} is just starting, in process {driver.get('pid')} on "
            f"{driver.get('host')}: nothing of it is journalled yet. Look again in a moment, or "
            "`stop` it before it begins."
        )
    raise NoSuchRun(_message(name, runs=runs, begins=begins, storage=storage))


def starting_run(name: str, *, storage: str) -> RunDir | None:
    """Return the run directory whose search is about to begin, and has no journal yet, if any.

    Args:
        name: What was given as RUN.
        storage: The parent of run directories.
    """
    for path in (Path(name), Path(storage) / name):
        run_dir = RunDir(path)
        is_new = run_dir.path.is_dir() and not run_dir.has_search()
        if is_new and Lease.holder(run_dir.path.absolute()) is not None:
            return run_dir
    return None


def _parent(name: str) -> str:
    """Return the address that the run directory with an address lies below."""
    address = address_of(name)
    return str(address and address._replace(prefix=address.prefix.rpartition("/")[0]))


def runs_below(storage: str) -> list[RunDir]:
    """Return the run directories below their parent, by name."""
    folder = Path(storage)
    address = address_of(storage)
    if address is not None:
        children = [folder / name for name in ObjectStorage.at(address).objects.folders()]
    else:
        children = sorted(folder.iterdir()) if folder.is_dir() else []
    return [RunDir(path) for path in children if RunDir(path).has_search()]


def _message(name: str, *, runs: list[RunDir], begins: list[RunDir], storage: str) -> str:
    if len(begins) > 1:
        return (
            f"{name} is the beginning of {len(begins)} run directories: {_names(begins)}. "
            "Give more of the name."
        )
    path = Path(name)
    what = f"{name} is not a run directory"
    if path.is_file():
        what += ", it is a file"
        path = Path(path.stem)
    elif path.is_dir():
        what += ": it holds no journal"
    if not runs:
        return (
            f"{what}, and there are none in {storage}. `run` makes one; --storage says where to "
            "look for names."
        )
    names = [run.path.name for run in runs]
    near = did_you_mean(path.name, names) or _same_beginning(path.name, names)
    return f"{what}. {near}In {storage}: {_names(runs)}."


def _same_beginning(name: str, names: list[str]) -> str:
    """Return the hint for a name that is right up to its time: the latest run of its experiment."""
    stem = name.split("-")[0]
    same = [other for other in names if stem and other.startswith(stem)]
    return f"Did you mean {same[-1]}? " if same else ""


def _names(runs: list[RunDir]) -> str:
    """Return the latest names, and how many there are beside them."""
    latest = sorted(runs, key=lambda run: run.path.stat().st_mtime, reverse=True)[:SHOWN]
    more = len(runs) - len(latest)
    return ", ".join(run.path.name for run in latest) + (f" and {more} more" if more else "")
