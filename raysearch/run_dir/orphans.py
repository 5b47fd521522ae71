"""Which files of a run directory does nothing speak of, and may be deleted?"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from raysearch.run_dir.remote.mirrored import MirroredStorage
from raysearch.run_dir.storage import TEMPORARY, LocalStorage

_LEFT_OVER = re.compile(rf"{re.escape(TEMPORARY)}.*|\..+\.\d+\.tmp")
"""Names of files that were being written: by `LocalStorage`, and by workers (`.NAME.PID.tmp`)."""


def remove_orphans(
    storage: LocalStorage | MirroredStorage, *, kept: Collection[str], is_in_store: bool
) -> list[str]:
    """Delete checkpoints that no event speaks of, and what killed processes left half-written.

    Args:
        storage: Of the run directory, whose lease is held.
        kept: Keys to leave.
        is_in_store: Whether it lies in an object store, which shows nothing half-written.

    Returns:
        The keys that were deleted, sorted.
    """
    if is_in_store:
        checkpoints = [key for key in storage.keys("trials") if key.endswith(".ckpt")]
        lost = [key for key in checkpoints if key not in kept]
        for key in lost:
            storage.delete(key)
        return lost
    root = storage.root
    found = set(root.glob("trials/*/epoch-*.ckpt"))
    found |= {path for path in root.rglob(".*") if _LEFT_OVER.fullmatch(path.name)}
    own = str(root / f"{TEMPORARY}{os.getpid()}-")  # the lease, which a thread renews meanwhile
    orphans = {
        path.relative_to(root).as_posix(): path
        for path in found
        if storage.holds(path.parent.relative_to(root).as_posix())
        and path.is_file()
        and not str(path).startswith(own)
    }
    return [key for key in sorted(orphans) if key not in kept and _is_deleted(orphans[key])]


def _is_deleted(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
