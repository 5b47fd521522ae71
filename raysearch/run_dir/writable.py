"""May a folder be written to, and what can be done if it may not?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from raysearch.errors import RunDirectoryError

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def refuse_unusable_folder(path: Path) -> None:
    """Raise if a run directory cannot be written; asked before anything is started.

    Raises:
        RunDirectoryError: The path, or a parent, is not a folder, or the folder that it would be
            written to cannot be written.
    """
    absolute = path.absolute()
    nearest = next(p for p in (absolute, *absolute.parents) if os.path.lexists(p))
    if not nearest.is_dir():
        fault = f"{nearest} is not a folder"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        fault = f"the folder {nearest} cannot be written"
    else:
        return
    raise RunDirectoryError(
        f"{path} cannot be a run directory: {fault}. A run directory is a folder, new or "
        "not, in a place that you may write to. Give another path, or ask for the right to "
        "write. Nothing was started."
    )


def unwritable(path: Path, error: OSError) -> RunDirectoryError:
    """Return what is said where a run directory turns out not to be writable."""
    return RunDirectoryError(f"{path} cannot be written: {error.strerror}. {_remedy(error)}")


def _remedy(error: OSError) -> str:
    if error.errno in _FORBIDDEN:
        return (
            "Reading it needs no more than it has; for anything else work on a copy, or ask for "
            "the right to write."
        )
    return "Make room, mend the disk or give another path; then try again."
