"""Do prepared arrays fit into the memory of this machine?"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Literal

from raysearch.errors import ConfigurationError

_MEMINFO = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")
_CGROUP = Path("/sys/fs/cgroup")

_LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
"""Of control groups of version 2 and 1: files with the limit and with what is used, and the name of
what is used for pages of files."""

_GIB = 2**30


def check_memory(
    n_bytes: int, *, what: str, remedy: str, of: Literal["free", "all"] = "free"
) -> None:
    """Refuse arrays that would not fit into memory, before any of it is taken.

    Args:
        n_bytes: Of the arrays of all splits together.
        what: Of what the arrays are, plural, behind the argument that is at fault, such as "path is
            a.tsv, whose 300 pairs of up to 20 symbols".
        remedy: What to do, as a sentence without its full stop.
        of: Which memory: "free" where the arrays are to be made now, "all" of the machine where
            they may have been made already.

    Raises:
        ConfigurationError: They would not.
    """
    there = free_bytes() if of == "free" else all_bytes()
    if there is not None and n_bytes > there:
        raise ConfigurationError(
            f"{what} take {gibibytes(n_bytes)} of memory, and {gibibytes(there)} can be had on "
            f"this machine. {remedy}."
        )


def free_bytes() -> int | None:
    """Return how much memory can still be had, in bytes; None where the system does not say.

    What a file's pages take counts as free, since they can be given up. In a container, its limit
    counts too, and so does one of this process, as `ulimit` sets it.
    """
    limit, used = _of_container()
    left = None if limit is None else max(0, limit - used)
    return _least(_available(), left, *_left_to_process())


def all_bytes() -> int | None:
    """Return how much memory the machine, or the container, has; None where nothing says it."""
    return _least(_installed(), _of_container()[0])


def gibibytes(n_bytes: int) -> str:
    """Return a number of bytes for a message.

    Example:
        >>> gibibytes(3 * 2**30 // 2), gibibytes(3 * 2**20)
        ('1.5 GiB', '0.003 GiB')
    """
    number = n_bytes / _GIB
    return f"{number:.1f} GiB" if number >= 1 else f"{number:.1g} GiB"


def _left_to_process() -> list[int]:
    """Return what the limits of this process leave it, of those that are set."""
    left = []
    for which, name in ((resource.RLIMIT_DATA, "VmData"), (resource.RLIMIT_AS, "VmSize")):
        limit, _ = resource.getrlimit(which)
        used = _kilobytes(_STATUS, name)
        if limit != resource.RLIM_INFINITY and used is not None:
            left.append(max(0, limit - used * 1024))
    return left


def _kilobytes(path: Path, name: str) -> int | None:
    """Return an entry of a file of the kernel's, None where it has none."""
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            key, _, amount = line.partition(":")
            if key == name:
                return int(amount.split()[0])
    except (OSError, ValueError, IndexError):
        pass
    return None


def _least(*found: int | None) -> int | None:
    return min((n for n in found if n is not None), default=None)


def _available() -> int | None:
    found = _kilobytes(_MEMINFO, "MemAvailable")
    return _installed() if found is None else found * 1024


def _installed() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):  # a system that does not know the names
        return None


def _of_container() -> tuple[int | None, int]:
    """Return the limit of the control group, None where there is none, and what is used of it."""
    for limit_in, used_in, of_files in _LIMITS:
        try:
            limit = int((_CGROUP / limit_in).read_text(encoding="ascii"))  # "max": no limit
            used = int((_CGROUP / used_in).read_text(encoding="ascii"))
            lines = (_CGROUP / used_in).with_name("memory.stat").read_text(encoding="ascii")
            pages = dict(line.split() for line in lines.splitlines())
            return limit, used - int(pages.get(of_files, 0))
        except (OSError, ValueError):
            continue
    return None, 0
