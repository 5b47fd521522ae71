"""Which process was it, and is it still there?"""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = "alive"
"""The birth of a live process on a system that does not tell when it began."""


def birth(pid: int) -> str | None:
    """Return when a process on this machine started, or None if there is none.

    A process id alone is not enough: ids are used again. Where the system does not tell the start
    (only Linux has /proc, and it may hide the processes of others), the answer is `UNKNOWN`. One
    that has ended and that nobody waited for is none.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:  # it ended between the two questions
        return None
    except OSError:
        return UNKNOWN
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]
