"""Which mirror is it that a path lies in, or that an address has on this machine?"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from raysearch.run_dir.remote.addresses import Address, address_of
from raysearch.run_dir.remote.evicting import RUNS
from raysearch.run_dir.remote.mirror import MARKER, Mirror
from raysearch.scratch import cache_folder

DEPTH = 6
"""So many folders above a file it is looked for the marker at most."""

_mirrors: dict[Path, Mirror] = {}


def folder_for(address: Address) -> Path:
    """Return the folder of this machine that stands for a run directory; it need not exist."""
    digest = hashlib.sha256(str(address).encode()).hexdigest()[:16]
    return cache_folder() / RUNS / digest / (address.prefix.rpartition("/")[2] or address.bucket)


def mirror_for(place: str | Path) -> Mirror | None:
    """Return the mirror of a run directory that is given by its address; None for a path.

    Raises:
        ConfigurationError: It looks like an address and is none.
        RunDirectoryError: The client library is not installed, or the folder cannot be made.

    Side effects:
        Makes the folder; nothing is asked of the store.
    """
    address = address_of(place)
    if address is None:
        return None
    path = folder_for(address)
    known = _mirrors.get(path)
    if known is None:
        known = _mirrors[path] = Mirror(path, address)
    known.settle()
    return known


def mirror_at(path: Path) -> Mirror | None:
    """Return the mirror that a path is, or lies in as a run directory inside another one."""
    found = mirror_above(path)
    if found is None:
        return None
    mirror, key = found
    if not key:
        return mirror
    known = _mirrors.get(path.absolute())
    if known is None:
        known = Mirror(path.absolute(), mirror.address.below(key))
        _mirrors[path.absolute()] = known
    return known


def mirror_above(path: Path) -> tuple[Mirror, str] | None:
    """Return the mirror that a file lies in, with its key there; None for other files."""
    path = path.absolute()
    for folder in [path, *path.parents][:DEPTH]:
        marker = folder / MARKER
        if not os.path.isfile(marker):  # noqa: PTH113  Path's raises where it may not look
            continue
        known = _mirrors.get(folder)
        if known is None:
            address = _read_marker(marker)
            if address is None:
                return None
            known = _mirrors[folder] = Mirror(folder, address)
        key = path.relative_to(folder).as_posix()
        return known, "" if key == "." else key
    return None


def _read_marker(marker: Path) -> Address | None:
    try:
        return address_of(str(json.loads(marker.read_bytes())["address"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def place_of(path: Path) -> str:
    """Return how a person writes the place of a run directory, or of a file in one."""
    found = mirror_above(path)
    if found is None:
        return str(path)
    mirror, key = found
    return str(mirror.address.below(key) if key else mirror.address)


def local_copy(path: Path) -> Path:
    """Return a path whose file is here, if it is anywhere: fetched where it lies in a mirror."""
    found = mirror_above(path)
    if found is None:
        return path
    mirror, key = found
    return mirror.fetched(key)


def brought(path: Path) -> bool:
    """Bring a new file to the store, if it lies in a mirror.

    Returns:
        Whether it is there now, or need not be; not where the store has another one of its name.
    """
    found = mirror_above(path)
    if found is None:
        return True
    mirror, key = found
    try:
        mirror.push(key, is_new=True)
    except FileExistsError:
        return False
    return True


def bring(path: Path) -> None:
    """Bring a file to the store as it is here, if it lies in a mirror."""
    found = mirror_above(path)
    if found is not None:
        mirror, key = found
        mirror.push(key)
