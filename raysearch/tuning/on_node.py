"""What is on one node of a cluster? Asked there, where raysearch itself may be missing.

The functions are sent by value, so that they need nothing but Python's own library where raysearch
is missing; see `nodes`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import socket
import time
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

COMPARED = ("ray", "raysearch", "torch", "pytorch-lightning")
"""What must be the same on all nodes, beside Python."""

SOURCES = "the digest of raysearch's sources"
"""Names a digest of raysearch's files: two checkouts may have the same version."""


def look(
    modules: tuple[str, ...],
    probe: str | None,
    token: str,
    within_s: float,
    store: str | None = None,
) -> dict[str, Any]:
    """Return what is on this node, as plain values.

    Args:
        modules: Packages or modules, whose top level is looked for.
        probe: A file that the driver has written, if there is one; it must be seen here.
        token: What the file holds.
        within_s: How long a network file system may take to show it.
        store: Address of the run directory, if it is in an object store.

    Side effects:
        Writes a file beside the probe, or an object into the store, and removes it.
    """
    return {
        "host": socket.gethostname(),
        "versions": versions(),
        "missing": [module for module in modules if not is_found(module)],
        "sees": probe is None or sees(probe, token, within_s=within_s),
        "store": refused_by(store),
        "variables": wrong_variables(),
    }


def versions() -> dict[str, str]:
    """Return the versions of what decides how a trial trains; what is missing is left out."""
    known = {"python": platform.python_version()}
    for name in COMPARED:
        try:
            known[name] = metadata.version(name).partition("+")[0]  # a build for CPUs is the same
        except metadata.PackageNotFoundError:
            continue
    spec = importlib.util.find_spec("raysearch")
    if spec is not None and spec.origin is not None:
        known[SOURCES] = digest(Path(spec.origin).parent)
    return known


def digest(folder: Path) -> str:
    """Return eight hexadecimal digits that differ where Python files below a folder do."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        total.update(file.relative_to(folder).as_posix().encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:8]


def is_found(module: str) -> bool:
    """Return whether a module's top level can be found; nothing of it is run."""
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def refused_by(store: str | None) -> str:
    """Return why a run directory in an object store cannot be written from here; empty if it can.

    Where raysearch or its client for stores is missing, that is told by other means.
    """
    if store is None or not (is_found("raysearch") and is_found("obstore")):
        return ""
    try:
        from raysearch.run_dir.remote.mirrors import mirror_for
        from raysearch.run_dir.remote.session import refuse_unusable

        mirror = mirror_for(store)
        if mirror is not None:
            refuse_unusable(mirror)
    except Exception as error:  # noqa: BLE001  whatever it is, a trial would meet it too
        return str(error) or type(error).__name__
    return ""


def wrong_variables() -> str:
    """Return what is wrong with this node's variables that say how much may be kept here; or "".

    Where raysearch is missing, that is told by other means.
    """
    if not is_found("raysearch"):
        return ""
    try:
        from raysearch.data.room import memory_share
        from raysearch.run_dir.remote.evicting import limit_bytes

        memory_share()
        limit_bytes()
    except ImportError:  # another version of raysearch
        return ""
    except ValueError as error:
        return str(error)
    return ""


def sees(probe: str, token: str, *, within_s: float) -> bool:
    """Return whether a file of the driver is here and another can be written beside it."""
    path = Path(probe)
    end = time.monotonic() + within_s
    while not _holds(path, token):
        if time.monotonic() >= end:
            return False
        time.sleep(0.2)
    mine = path.with_name(f"{path.name}-{uuid.uuid4().hex}")
    try:
        mine.write_text(token)
        mine.unlink()
    except OSError:
        return False
    return True


def _holds(path: Path, token: str) -> bool:
    try:
        return path.read_text() == token
    except OSError:
        return False
